//! What S3 answers when it refuses: a code with its status, a message, and fields in S3's order.

use std::{borrow::Cow, fmt};

use presign::RequestText;

use crate::limits::ERROR_FIELD_BYTES;
use crate::xml::text;
use shortened::shortened;

mod authorization;
mod code;
mod cors;
mod request;
mod shortened;
mod verification;

pub use code::ErrorCode;

/// A refusal, as the client will see it.
///
/// The constructors are named after the cases; each gives the message and the fields, in the order that S3
/// has them. What the verifier refuses is converted whole: `S3Error::from(refusal)`.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct S3Error(Box<Refusal>);

/// Boxed, so that a `Result` on the way of a request stays as small as its success.
#[derive(Clone, PartialEq, Eq)]
struct Refusal {
    code: ErrorCode,
    message: Cow<'static, str>,
    fields: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
}

impl S3Error {
    /// The error with the code's usual message and no fields.
    pub fn new(code: ErrorCode) -> Self {
        Self::with_message(code, code.message())
    }

    /// The error with a message of its own.
    pub fn with_message(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        let message = match message.into() {
            // The verifier's may quote the request.
            Cow::Owned(message) => Cow::Owned(bounded(message)),
            fixed @ Cow::Borrowed(_) => fixed,
        };
        Self(Box::new(Refusal { code, message, fields: Vec::new(), headers: Vec::new() }))
    }

    /// Adds a field after those already there. `name` must be an XML name. Of a value past [`ERROR_FIELD_BYTES`] the
    /// beginning is taken, and how much is left out.
    pub fn field(self, name: &'static str, value: impl Into<String>) -> Self {
        let value = bounded(value.into());
        self.whole_field(name, value)
    }

    /// Adds a field whose value is known to be short enough.
    fn whole_field(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.fields.push((name, value.into()));
        self
    }

    /// Adds a response header that belongs to the refusal. `name` must be lower-case, `value` visible ASCII.
    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.code.status()
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The fields after the message, in order.
    #[must_use]
    pub fn fields(&self) -> &[(&'static str, String)] {
        &self.0.fields
    }

    /// Response headers that the refusal brings along besides the usual ones (`allow`, `content-range`,
    /// `retry-after`).
    #[must_use]
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.0.headers
    }

    /// The XML body. Its content type is `application/xml`; a HEAD request gets the status and no body.
    #[must_use]
    pub fn to_xml(&self, request_id: &str, host_id: &str) -> String {
        self.write_xml(&self.0.fields, request_id, host_id)
    }

    /// The XML body without the fields: the code, the message and the ids.
    #[must_use]
    pub fn to_short_xml(&self, request_id: &str, host_id: &str) -> String {
        self.write_xml(&[], request_id, host_id)
    }

    fn write_xml(&self, fields: &[(&'static str, String)], request_id: &str, host_id: &str) -> String {
        let mut xml = String::with_capacity(256);
        xml.push_str(text::DECLARATION);
        xml.push_str("<Error>");
        text::element(&mut xml, "Code", self.0.code.as_str());
        text::element(&mut xml, "Message", &self.0.message);
        for (name, value) in fields {
            text::element(&mut xml, name, value);
        }
        text::element(&mut xml, "RequestId", request_id);
        text::element(&mut xml, "HostId", host_id);
        xml.push_str("</Error>");
        xml
    }
}

/// The value, or its beginning if it is past [`ERROR_FIELD_BYTES`].
fn bounded(value: String) -> String {
    match value.len() <= ERROR_FIELD_BYTES {
        true => value,
        false => shortened(&value, ERROR_FIELD_BYTES).text().into_owned(),
    }
}

/// All that it knows, for a log: what it quotes of the request is without its secrets, as the XML for the sender is not.
impl fmt::Display for S3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status(), self.0.code, RequestText::from(&*self.0.message))?;
        for (name, value) in &self.0.fields {
            write!(f, "; {name} {:?}", self.shown(name, value))?;
        }
        Ok(())
    }
}

impl fmt::Debug for S3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3Error({self})")
    }
}

impl S3Error {
    /// A field's value for a log. Some hold what only the sender may have, whatever it looks like.
    fn shown<'v>(&self, name: &str, value: &'v str) -> RequestText<'v> {
        match name {
            "SignatureProvided" | "StringToSignBytes" | "CanonicalRequestBytes" | "ArgumentValue" => {
                RequestText::from("REDACTED")
            }
            "AWSAccessKeyId" if self.0.code == ErrorCode::InvalidAccessKeyId => {
                RequestText::beginning_of_id(value)
            }
            _ => RequestText::from(value),
        }
    }
}

impl std::error::Error for S3Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_body_in_s3s_order() {
        let refusal = S3Error::key_too_long(1025);
        assert_eq!(
            refusal.to_xml("4442587FB7D0A2F9", "host+id="),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>KeyTooLongError</Code>\
             <Message>Your key is too long</Message><Size>1025</Size><MaxSizeAllowed>1024</MaxSizeAllowed>\
             <RequestId>4442587FB7D0A2F9</RequestId><HostId>host+id=</HostId></Error>"
        );
        assert_eq!(refusal.status(), 400);
    }

    #[test]
    fn escapes_what_the_client_sent() {
        let refusal = S3Error::no_such_key("<a>&\"'\u{1}\r\n\u{ffff}é");
        assert_eq!(
            refusal.to_xml("R", "H"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>\
             <Message>The specified key does not exist.</Message>\
             <Key>&lt;a&gt;&amp;\"'\u{fffd}&#13;\n\u{fffd}é</Key><RequestId>R</RequestId><HostId>H</HostId></Error>"
        );
    }

    #[test]
    fn prints_no_secret_of_the_request_and_answers_its_sender_in_full() {
        let (id, secret) = ("AWSAccessKeyId", "12/4hidden");
        let refused = S3Error::new(ErrorCode::InvalidAccessKeyId).field(id, secret);
        let link = S3Error::no_such_key("https://h/k?X-Amz-Signature=hidden");
        let argument = S3Error::new(ErrorCode::InvalidArgument).field("ArgumentValue", "Basic hidden");
        for error in [refused, link, argument] {
            let printed = format!("{error} {error:?}");
            assert!(!printed.contains("hidden"), "{printed}");
            assert!(error.to_xml("R", "H").contains("hidden"));
        }
    }

    #[test]
    fn prints_all_it_knows() {
        assert_eq!(
            S3Error::key_too_long(1025).to_string(),
            "400 KeyTooLongError: Your key is too long; Size \"1025\"; MaxSizeAllowed \"1024\""
        );
    }
}
