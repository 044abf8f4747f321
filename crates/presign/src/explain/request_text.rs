//! Text that came with a request, which nobody can print as it is.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::explain::access_key_ids::beginning;
use crate::explain::ordinary_link::redact_ordinary;
use crate::explain::redact::{Ids, Reading, redact, shown_header, shown_parameter};
use crate::explain::signature_shape::may_be_part;
use crate::explain::userinfo::is_past_authority;

/// A text from a request: a target, a header's value, the name of a parameter, a host, or a sentence that quotes one.
///
/// A good URL can stand in any of them, percent-encoded any number of times, and whoever reads a log or an error could then use
/// it. So there is no way to print such a text as it is: its `Display`, its `Debug` and what serde writes of it leave out the
/// signatures, session tokens and keys that [`redact_url`](crate::redact_url) leaves out, and all but the beginning of any access key id, since a
/// secret may have been put in the place of one.
///
/// ```
/// let agent = presign::RequestText::from("curl (https://h/k?X-Amz-Signature=0123abcd)");
/// assert_eq!(agent.to_string(), "curl (https://h/k?X-Amz-Signature=REDACTED");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestText<'t>(Cow<'t, str>);

impl RequestText<'_> {
    /// The text without its secrets, with the access key id `known` left as it is: one that the reader's store has.
    ///
    /// `None` leaves out all ids but their beginnings, as `Display` does.
    pub fn redacted(&self, known: Option<&str>) -> String {
        redact(&self.0, Ids::Known(known), Reading::Words)
    }

    /// The beginning of a target, of `bytes` bytes at most, without its secrets, for a line of a log. A SHA-256 in its path is the
    /// name of an object and stays.
    ///
    /// It looks at no more than twice as much of the text, so that a long one costs no more than a line is worth.
    pub fn redacted_target(&self, known: Option<&str>, bytes: usize) -> String {
        self.redacted_beginning(known, bytes, Reading::Url)
    }

    /// The same of any other text: in it everything that looks like a signature is left out.
    pub fn redacted_words(&self, known: Option<&str>, bytes: usize) -> String {
        self.redacted_beginning(known, bytes, Reading::Words)
    }

    fn redacted_beginning(&self, known: Option<&str>, bytes: usize, reading: Reading) -> String {
        if let (Reading::Url, Some(known)) = (reading, known)
            && self.0.len() <= bytes
            && let Some(shown) = redact_ordinary(&self.0, known)
        {
            return shown;
        }
        let mut shown =
            redact(beginning_for_log(&self.0, bytes.saturating_mul(2)), Ids::Known(known), reading);
        shown.truncate(shown.floor_char_boundary(bytes));
        shown
    }

    /// The same text, kept for longer than what it came from.
    pub fn into_owned(self) -> RequestText<'static> {
        RequestText(Cow::Owned(self.0.into_owned()))
    }

    /// Only the beginning of a text that is an access key id and nobody's: the secret of one, perhaps.
    pub fn beginning_of_id(id: &str) -> RequestText<'static> {
        RequestText(Cow::Owned(beginning(id)))
    }

    /// The value of a parameter, or nothing of it where its name makes it a secret.
    pub(super) fn of_parameter(name: &str, value: &str) -> RequestText<'static> {
        shown_parameter(name, value).to_owned().into()
    }

    /// The value of a header, or nothing of it where its name makes it a secret.
    pub(crate) fn of_header(name: &str, value: &str) -> RequestText<'static> {
        shown_header(name, value).to_owned().into()
    }
}

/// The beginning of a text, of that many bytes at most, that ends with no part of what is a secret as a whole: not within a
/// word or an escape, and not within the authority of a URL.
fn beginning_for_log(text: &str, bytes: usize) -> &str {
    /// No signature has more characters.
    const SIGNATURE: usize = 64;
    if text.len() <= bytes {
        return text;
    }
    let text = text.get(..text.floor_char_boundary(bytes)).unwrap_or_default();
    let word = text.len() - text.bytes().rev().take_while(|byte| may_be_part(*byte)).count();
    let has_escape = text.get(word..).is_some_and(|word| word.contains('%'));
    let end = if has_escape { word } else { word.max(text.len().saturating_sub(SIGNATURE)) };
    let text = text.get(..end).unwrap_or_default();
    match text.rfind("://") {
        Some(at) if !text.bytes().skip(at + 3).any(is_past_authority) => {
            text.get(..at + 3).unwrap_or_default()
        }
        _ => text,
    }
}

impl<'t> From<&'t str> for RequestText<'t> {
    fn from(text: &'t str) -> Self {
        RequestText(Cow::Borrowed(text))
    }
}

impl From<String> for RequestText<'_> {
    fn from(text: String) -> Self {
        RequestText(Cow::Owned(text))
    }
}

/// Without its secrets.
impl fmt::Display for RequestText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.redacted(None))
    }
}

/// Without its secrets, quoted.
impl fmt::Debug for RequestText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.redacted(None), f)
    }
}

/// Without its secrets.
impl Serialize for RequestText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.redacted(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_of_printing_it_tells_a_secret() {
        for text in [
            "/b/k?X-Amz-Credential=AKID&X-Amz-Signature=hidden",
            "/b/k%253FX-Amz-Signature%253Dhidden",
            "AWSAccessKeyId=12/4hidden",
            "agent (http://me:hidden@h)",
        ] {
            let text = RequestText::from(text);
            let printed = format!("{text} {text:?} {text:#?} {}", serde_json::to_string(&text).unwrap());
            assert!(!printed.contains("hidden"), "{printed}");
        }
        let plain = RequestText::from("/b/k?a=\u{9b}");
        assert_eq!(format!("{plain} {plain:?}"), "/b/k?a=\u{9b} \"/b/k?a=\\u{9b}\"");
    }

    #[test]
    fn a_known_id_is_told() {
        let text = RequestText::from("/b/k?AWSAccessKeyId=AKIDEXAMPLE&Expires=1");
        assert_eq!(text.redacted(Some("AKIDEXAMPLE")), "/b/k?AWSAccessKeyId=AKIDEXAMPLE&Expires=1");
        assert_eq!(text.to_string(), "/b/k?AWSAccessKeyId=AKID\u{2026}&Expires=1");
        assert_eq!(RequestText::beginning_of_id("AKIDEXAMPLE").to_string(), "AKID\u{2026}");
    }
}
