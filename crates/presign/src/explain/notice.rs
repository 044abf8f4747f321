//! What is unusual about a URL.

use std::fmt;

use serde::Serialize;

use crate::explain::span::Span;

/// A download URL that lives longer than this is worth a second thought: a day covers a mail that is read tomorrow,
/// and whoever finds the URL in a log or a chat after that finds it dead.
pub const ADVISABLE_DOWNLOAD_SECONDS: u64 = 86_400;

/// An upload URL that lives longer than this is worth one too: it can be used any number of times, and each use
/// replaces what is there.
pub const ADVISABLE_UPLOAD_SECONDS: u64 = 3_600;

/// Something that the reader of a URL should know. Its `Display` is one sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Notice {
    /// It is over.
    Expired {
        /// For how long.
        seconds: u64,
    },
    /// It begins in the future.
    NotValidYet {
        /// How far ahead.
        seconds: u64,
    },
    /// `X-Amz-Date` is not a time.
    MalformedDate {
        /// The parameter's value.
        value: String,
    },
    /// The credential scope is of another day than `X-Amz-Date`.
    ScopeOfAnotherDay {
        /// The scope's day.
        scope_day: String,
        /// The day of `X-Amz-Date`.
        signed_day: String,
    },
    /// `X-Amz-Expires` or SigV2's `Expires` is not a number.
    MalformedLife {
        /// The parameter's value.
        value: String,
    },
    /// Not from one second to seven days, the only lives that S3 takes.
    LifeOutOfRange {
        /// The life asked for.
        seconds: i64,
    },
    /// It lives longer than is wise.
    LongLife {
        /// Its life.
        seconds: u64,
        /// What is advisable.
        advisable_seconds: u64,
        /// Whether that is the advice for uploads.
        is_upload: bool,
    },
    /// Its signature cannot be one.
    MalformedSignature {
        /// How many characters it has.
        length: usize,
    },
    /// Signed with credentials that end by themselves, and the URL with them.
    TemporaryCredentials,
    /// The access key id is a temporary one, but the session token is missing.
    SessionTokenMissing,
    /// SigV2.
    OldSignature,
    /// The signature covers no host, so S3 refuses it.
    HostNotSigned,
    /// Signed for another service.
    OtherService {
        /// The service of the credential scope.
        service: String,
    },
    /// Only the machine itself can reach its host.
    HostIsThisMachine {
        /// The host.
        host: String,
    },
    /// Only a private network can reach its host.
    HostIsPrivate {
        /// The host.
        host: String,
    },
    /// It travels, with the file, in the clear.
    NoTls,
    /// The scheme's default port is spelt out; it is not part of what is signed, and not every signer knows.
    DefaultPortSpelt {
        /// The port.
        port: String,
    },
    /// A caveat that this library does not know.
    UnknownCaveat {
        /// The parameter's name.
        name: String,
    },
    /// A caveat that cannot be kept.
    MalformedCaveat {
        /// What is wrong with it.
        message: String,
    },
    /// Caveats that the signature does not cover.
    CaveatsNotSigned,
    /// A `+` in the path, which some readers take for a space.
    PlusInPath,
    /// A `+` in the query, which some readers take for a space.
    PlusInQuery {
        /// The parameter's name.
        name: String,
    },
    /// `.` or `..` as a part of the path.
    DotSegments,
    /// The path looks encoded twice.
    PathEncodedTwice,
    /// A parameter that stands twice.
    RepeatedParameter {
        /// Its name.
        name: String,
    },
    /// A parameter that mail programs, shops and social networks append to URLs.
    TrackingParameter {
        /// Its name.
        name: String,
    },
    /// It is for a bucket or for all of them, not for an object.
    NotAnObject,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Expired { seconds } => write!(f, "it expired {} ago", Span(*seconds)),
            Notice::NotValidYet { seconds } => {
                write!(f, "it begins to work in {}, if the clocks are right", Span(*seconds))
            }
            Notice::MalformedDate { value } => {
                write!(f, "X-Amz-Date is `{value}`; it must read like 20261121T171542Z")
            }
            Notice::ScopeOfAnotherDay { scope_day, signed_day } => write!(
                f,
                "the credential is of the day {scope_day} and X-Amz-Date of {signed_day}; S3 wants the same day in \
                 both"
            ),
            Notice::MalformedLife { value } => {
                write!(f, "its expiry is `{value}`, which is not a number of seconds")
            }
            Notice::LifeOutOfRange { seconds } => {
                write!(f, "its life is {seconds} seconds; S3 takes 1 second to 7 days (604800)")
            }
            Notice::LongLife { seconds, advisable_seconds, is_upload } => {
                let risk = if *is_upload {
                    "whoever has it can upload again and again until then"
                } else {
                    "whoever finds it can use it until then"
                };
                let (life, advisable) = (Span(*seconds), Span(*advisable_seconds));
                write!(f, "it lives {life}, and {risk}; {advisable} is enough for most uses")
            }
            Notice::MalformedSignature { length } => write!(
                f,
                "its signature has {length} characters and cannot be one; SigV4's are 64 lower-case hexadecimal \
                 digits, so part of the URL may be missing"
            ),
            Notice::TemporaryCredentials => f.write_str(
                "it was signed with temporary credentials: it stops working when they end, whatever its own expiry",
            ),
            Notice::SessionTokenMissing => f.write_str(
                "its access key id is of temporary credentials (ASIA…), but it has no X-Amz-Security-Token",
            ),
            Notice::OldSignature => f.write_str(
                "it is signed with SigV2, which covers neither the host nor most parameters and which newer regions \
                 refuse",
            ),
            Notice::HostNotSigned => f.write_str("it does not sign `host`, so S3 refuses it"),
            Notice::OtherService { service } => write!(f, "it is signed for the service `{service}`, not for s3"),
            Notice::HostIsThisMachine { host } => {
                write!(f, "its host is {host}, which only the machine itself can reach")
            }
            Notice::HostIsPrivate { host } => {
                write!(f, "its host is {host}, which only the private network it is in can reach")
            }
            Notice::NoTls => f.write_str("it goes over http, so anyone on the way can read it and use it"),
            Notice::DefaultPortSpelt { port } => write!(
                f,
                "it spells out the default port {port}, which clients leave out of the Host that they send"
            ),
            Notice::UnknownCaveat { name } => {
                write!(f, "its limit `{name}` is not known here; a store that keeps limits refuses the URL")
            }
            Notice::MalformedCaveat { message } => write!(f, "a limit in it cannot be kept: {message}"),
            Notice::CaveatsNotSigned => {
                f.write_str("its limits (x-presign-…) are not signed in SigV2, so they limit nothing")
            }
            Notice::PlusInPath => f.write_str(
                "its path has a bare `+`, which stands for a plus sign here and which some proxies turn into a space",
            ),
            Notice::PlusInQuery { name } => write!(
                f,
                "its parameter `{name}` has a bare `+`, which stands for a plus sign here and which form readers take \
                 for a space; %2B and %20 are clear"
            ),
            Notice::DotSegments => f.write_str(
                "its path has `.` or `..` as a part: browsers rewrite it and so ask for another object, and curl \
                 needs --path-as-is",
            ),
            Notice::PathEncodedTwice => f.write_str("its path looks encoded twice (%25 before two hexadecimal digits)"),
            Notice::RepeatedParameter { name } => write!(f, "its parameter `{name}` stands more than once"),
            Notice::TrackingParameter { name } => write!(
                f,
                "its parameter `{name}` looks added after signing, as mail programs and social networks do; if so, \
                 take it off"
            ),
            Notice::NotAnObject => f.write_str(
                "it is for a bucket and not for an object; stores may refuse such URLs, listings above all",
            ),
        }
    }
}
