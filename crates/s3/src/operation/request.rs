//! What this crate reads of a request: its verified parts.

use std::borrow::Cow;

use presign::Method;

use crate::metadata::header_text;

/// The parts of a request that its signer vouched for, and the few that S3 leaves to whoever holds a URL.
///
/// It stands between this crate and the verifier so that every rule here can be tested without a signature.
pub(crate) trait SignedRequest {
    /// The method.
    fn method(&self) -> Method;

    /// The signed query parameters, decoded, in the order of the URL, those of the signature left out.
    fn query(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)>;

    /// The header called `name` (lower-case): signed, or in the signed query under that name, or one that S3
    /// lets the holder of a URL choose.
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>>;

    /// The signed headers whose lower-case names begin with `x-amz-`, also those that stand in the signed
    /// query instead.
    fn amz_headers(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, [u8]>)>;

    /// The signed header called `name` (lower-case) if it was sent as a header and not in the query.
    fn sent_header(&self, name: &str) -> Option<Cow<'_, [u8]>>;

    /// The first query parameter called `name`.
    fn parameter(&self, name: &str) -> Option<String> {
        self.query().find(|(parameter, _)| parameter == name).map(|(_, value)| value.into_owned())
    }

    /// The header called `name` as text.
    fn header_text(&self, name: &str) -> Option<String> {
        self.header(name).map(|value| header_text(&value))
    }
}
