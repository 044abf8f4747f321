//! Why a request was refused, by name.

use serde::Serialize;

use crate::explain::request_text::RequestText;
use crate::method::Method;
use crate::timestamp::Timestamp;

/// The likely cause of a refusal. Its `Display` is a sentence or two for people: what happened, and the way out.
///
/// A cause of a wrong signature has been proven: undo it, and the signature is right. The exceptions are
/// [`Cause::WrongSecret`], [`Cause::SearchGivenUp`] and [`Cause::HeaderMissing`] without a value, which are what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// Signed for another Host than the one that arrived: another address, or a proxy that rewrites it.
    HostChanged {
        /// The Host that was signed.
        signed: RequestText<'static>,
        /// The Host that arrived.
        arrived: RequestText<'static>,
    },
    /// Signed in virtual-hosted style and sent in path style, or the other way about.
    AddressingChanged {
        /// The Host that was signed.
        signed_host: RequestText<'static>,
        /// The path that was signed.
        signed_path: RequestText<'static>,
    },
    /// Signed for another method.
    OtherMethod {
        /// The method that was signed.
        signed: Method,
        /// The method that arrived.
        arrived: Method,
    },
    /// Parameters were added to the query after signing.
    ParameterAdded {
        /// Their names.
        names: Vec<RequestText<'static>>,
    },
    /// A signed parameter was taken off the query.
    ParameterDropped {
        /// Its name.
        name: RequestText<'static>,
        /// The value that it was signed with.
        signed: RequestText<'static>,
    },
    /// A signed parameter has another value.
    ParameterChanged {
        /// Its name.
        name: RequestText<'static>,
        /// The value that was signed.
        signed: RequestText<'static>,
        /// The value that arrived.
        arrived: RequestText<'static>,
    },
    /// A space was signed and a plus sign arrived, which form encoding means as a space and S3 does not.
    PlusForSpace {
        /// Where.
        place: Place,
    },
    /// A plus sign was signed and a space arrived: something read the URL as a form.
    SpaceForPlus {
        /// Where.
        place: Place,
    },
    /// Something encoded the URL once more on its way: `%20` arrived as `%2520`.
    EncodedAgain {
        /// Where.
        place: Place,
    },
    /// The signature covers the URL encoded once more than it arrived: something decoded it on its way, or the
    /// signer encodes twice, as other AWS services want it and S3 does not.
    EncodedTwiceBySigner {
        /// Where.
        place: Place,
    },
    /// The signer wrote the URL down as it is spelt, and not in S3's canonical form.
    NotCanonical {
        /// Where.
        place: Place,
    },
    /// Adjacent slashes of the path were merged into one.
    SlashesMerged,
    /// A slash arrived that was not signed, or one at the end was lost.
    SlashesChanged {
        /// The path that was signed.
        signed_path: RequestText<'static>,
    },
    /// `.` or `..` in the path was resolved on one side and not on the other.
    PathNormalised {
        /// The path that was signed.
        signed_path: RequestText<'static>,
    },
    /// The path arrived with something before it.
    PathPrefixAdded {
        /// What was put before it.
        prefix: RequestText<'static>,
    },
    /// The path was signed with something before it, which a proxy takes off.
    PathPrefixRemoved {
        /// What was taken off.
        prefix: RequestText<'static>,
    },
    /// A signed header was not sent.
    HeaderMissing {
        /// Its name.
        name: RequestText<'static>,
        /// The value that was signed, if it was found.
        signed: Option<RequestText<'static>>,
    },
    /// A signed header has another value.
    HeaderChanged {
        /// Its name.
        name: RequestText<'static>,
        /// The value that was signed.
        signed: RequestText<'static>,
        /// The value that arrived.
        arrived: RequestText<'static>,
    },
    /// A header was sent that the signature says is not there; SigV2 covers some headers by their absence.
    HeaderAdded {
        /// Its name.
        name: RequestText<'static>,
    },
    /// The same name stands as a header and in the URL, with different values.
    HeaderContradictsUrl {
        /// The name.
        name: RequestText<'static>,
    },
    /// Headers arrived that must be signed and are not.
    UnsignedHeaders {
        /// Their names in lower case.
        names: Vec<RequestText<'static>>,
    },
    /// `host` is not among the signed headers.
    HostNotSigned,
    /// The payload line of the canonical request is another than S3's.
    PayloadLine {
        /// The line that was signed.
        signed: RequestText<'static>,
    },
    /// The body's hash is missing from a request that must have it, or is none.
    PayloadHash,
    /// The signature cannot be one: it was cut off, or its case was changed.
    MalformedSignature {
        /// How many characters it has.
        length: usize,
    },
    /// White space around the secret access key: it was copied or read from a file with a line's end.
    SecretHasWhitespace {
        /// On whose side.
        side: Side,
    },
    /// The secret is another one, or something changed that left no trace.
    WrongSecret {
        /// Signed headers whose values may have changed instead: what was signed cannot be told from a signature.
        or_headers: Vec<RequestText<'static>>,
    },
    /// Temporary credentials, and their session token did not come along.
    SessionTokenMissing,
    /// The session token is not the one of this access key.
    SessionTokenWrong,
    /// A session token came along with a key that has none.
    SessionTokenUnexpected,
    /// The request is so long that not all known changes were tried, and none of those that were explains the signature.
    SearchGivenUp {
        /// How many were tried.
        attempts: usize,
    },
    /// No such access key.
    KeyUnknown {
        /// The beginning of the access key id that the request names. The rest may be a secret that was put in its place.
        access_key_id: RequestText<'static>,
    },
    /// Signed for another region.
    Region {
        /// The region signed for.
        signed: RequestText<'static>,
        /// The store's.
        expected: RequestText<'static>,
    },
    /// Something else is wrong with the credential scope.
    Scope {
        /// S3's words.
        message: RequestText<'static>,
    },
    /// The signer's clock and the store's are apart.
    Clock {
        /// By how many seconds the signer is ahead; negative when it is behind.
        seconds: i64,
    },
    /// It begins in the future.
    NotYetValid {
        /// When it begins.
        from: Timestamp,
        /// How far ahead that is.
        seconds: u64,
    },
    /// It is over.
    Expired {
        /// Since when.
        at: Timestamp,
        /// For how long.
        seconds: u64,
    },
    /// Its life is none that S3 takes.
    Life {
        /// S3's words.
        message: RequestText<'static>,
    },
    /// Parts of the signature are missing.
    ParametersMissing {
        /// The names of the missing parameters.
        names: Vec<&'static str>,
        /// Whether the ampersands arrived as `&amp;`.
        is_html_escaped: bool,
    },
    /// Nothing is signed.
    NotSigned,
    /// Signed in two ways at once.
    TwoMechanisms,
    /// A kind of signature that the store does not take.
    MechanismNotTaken {
        /// The store's words, and what to do.
        message: RequestText<'static>,
    },
    /// Something that may stand once stands twice.
    Repeated {
        /// Its name.
        name: RequestText<'static>,
    },
    /// Something cannot be read.
    Malformed {
        /// S3's words.
        message: RequestText<'static>,
    },
    /// Not a method of S3.
    UnknownMethod {
        /// The method.
        method: RequestText<'static>,
    },
    /// A limit in the URL itself forbids this use, or is not understood.
    Limit {
        /// Which, and why.
        message: RequestText<'static>,
    },
    /// The policy of a browser form forbids the upload.
    Form {
        /// S3's words.
        message: RequestText<'static>,
    },
}

/// Where in a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Between host and question mark.
    Path,
    /// After the question mark.
    Query,
}

/// Who has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Whoever signed the request.
    Signer,
    /// Whoever checks it.
    Checker,
}
