//! What this crate reads of a request: its verified parts.

use std::borrow::Cow;

use presign::Method;

/// The parts of a request that its signer vouched for, and the few that S3 leaves to whoever holds a URL.
///
/// It stands between this crate and the verifier so that every rule here can be tested without a signature.
pub(crate) trait SignedRequest {
    /// The method.
    fn method(&self) -> Method;

    /// The signed query parameters, decoded, in the order of the URL, those of the signature left out.
    fn parameters(&self) -> impl Iterator<Item = (&str, &str)>;

    /// The header called `name` (lower-case), blanks around it dropped: signed, or in the signed query under
    /// that name, or one that S3 lets the holder of a URL choose. Of the checksums only one that was sent as
    /// a header: SDKs bake that of nothing into a URL that is signed before there is a body.
    fn header(&self, name: &str) -> Option<Cow<'_, str>>;

    /// The lower-case names of the signed headers that begin with `x-amz-`, also of those that stand in the
    /// signed query instead. Each once.
    fn amz_header_names(&self) -> impl Iterator<Item = Cow<'_, str>>;

    /// The first query parameter called `name`.
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(parameter, _)| *parameter == name).map(|(_, value)| value)
    }
}
