//! Each cause in words: what happened, and the way out.

use std::fmt;

use crate::explain::cause::{Cause, Place, Side};
use crate::explain::request_text::RequestText;
use crate::explain::span::Span;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Path => "path",
            Place::Query => "query",
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::HostChanged { signed, arrived } => write!(
                f,
                "the URL was signed for the host {signed} and arrived for {arrived}: sign with the address that clients \
                 use, and let the proxy pass Host on unchanged"
            ),
            Cause::AddressingChanged { signed_host, signed_path } => write!(
                f,
                "the bucket moved between host and path: signed were the host {signed_host} and the path {signed_path}; \
                 sign in the style that is sent"
            ),
            Cause::OtherMethod { signed, arrived } => {
                write!(f, "the URL is signed for {signed} and was used with {arrived}; a URL serves one method")
            }
            Cause::ParameterAdded { names } => {
                let was = if names.len() > 1 { "were" } else { "was" };
                write!(f, "{} {was} added to the query after signing; take it off", quoted(names))
            }
            Cause::ParameterDropped { name, signed } => {
                write!(f, "the signed parameter `{name}={signed}` was taken off the query; pass the whole query on")
            }
            Cause::ParameterChanged { name, signed, arrived } => write!(
                f,
                "the parameter `{name}` was signed as `{signed}` and arrived as `{arrived}`; it cannot be changed \
                 after signing"
            ),
            Cause::PlusForSpace { place } => write!(
                f,
                "a space in the {place} was signed and a `+` arrived, which is a plus sign here; write spaces as %20"
            ),
            Cause::SpaceForPlus { place } => write!(
                f,
                "a plus sign in the {place} was signed and a space arrived: something read the URL as a form; write \
                 plus signs as %2B"
            ),
            Cause::EncodedAgain { place } => write!(
                f,
                "the {place} was percent-encoded once more after signing (%20 became %2520); pass the URL on as it is"
            ),
            Cause::EncodedTwiceBySigner { place } => write!(
                f,
                "the signature covers the {place} encoded once more than it arrived: either a proxy decoded it, or the \
                 signer encodes twice, as other AWS services want it and S3 does not"
            ),
            Cause::NotCanonical { place: Place::Path } => f.write_str(
                "the signer signed the path as it is spelt; S3 signs it with everything escaped but letters, digits, \
                 `-_.~` and the slashes between (so `(` is %28, and %2F is a slash)",
            ),
            Cause::NotCanonical { place: Place::Query } => f.write_str(
                "the signer signed the query as it is spelt; S3 sorts the parameters by name and escapes everything \
                 but letters, digits and `-_.~`",
            ),
            Cause::SlashesMerged => f.write_str(
                "adjacent slashes in the path were merged into one on the way; S3 keys keep them, so the proxy must \
                 too (nginx: merge_slashes off)",
            ),
            Cause::SlashesChanged { signed_path } => write!(
                f,
                "the path arrived with other slashes than were signed, which was {signed_path}; an endpoint that ends \
                 with a slash is one way to add one"
            ),
            Cause::PathNormalised { signed_path } => write!(
                f,
                "`.` or `..` in the path was resolved on one side only: signed was {signed_path}; S3 resolves nothing, \
                 and curl needs --path-as-is"
            ),
            Cause::PathPrefixAdded { prefix } => {
                write!(f, "the path arrived with {prefix} before what was signed; let the proxy take it off")
            }
            Cause::PathPrefixRemoved { prefix } => write!(
                f,
                "the path was signed with {prefix} before it, which was taken off on the way; sign without it, or pass \
                 it on"
            ),
            Cause::HeaderMissing { name, signed: Some(value) } => {
                write!(f, "the header `{name}: {value}` is signed and was not sent; send it")
            }
            Cause::HeaderMissing { name, signed: None } => {
                write!(f, "the header `{name}` is signed and was not sent; send it with the value that was signed")
            }
            Cause::HeaderChanged { name, signed, arrived } => {
                write!(f, "the header `{name}` was signed as `{signed}` and arrived as `{arrived}`; send it as signed")
            }
            Cause::HeaderAdded { name } => {
                write!(f, "the header `{name}` was sent and not signed; leave it out (curl: -H '{name}:'), or sign it")
            }
            Cause::HeaderContradictsUrl { name } => write!(
                f,
                "`{name}` stands in the URL and was sent as a header with another value; leave the header out"
            ),
            Cause::UnsignedHeaders { names } => write!(
                f,
                "{} arrived and must be signed; leave them out, or name them when the URL is made",
                quoted(names)
            ),
            Cause::HostNotSigned => f.write_str("the signature does not cover `host`, as it must; sign it"),
            Cause::PayloadLine { signed } => write!(
                f,
                "the signer ended the canonical request with `{signed}`; in a presigned URL for S3 it is \
                 UNSIGNED-PAYLOAD"
            ),
            Cause::PayloadHash => f.write_str(
                "x-amz-content-sha256 is missing or is not a hash; it must be UNSIGNED-PAYLOAD or the body's SHA-256 in \
                 lower-case hexadecimal digits",
            ),
            Cause::MalformedSignature { length } => write!(
                f,
                "the signature has {length} characters and cannot be one (SigV4: 64 lower-case hexadecimal digits; \
                 SigV2: 28 of base64), so the URL was cut off or changed; copy it again"
            ),
            Cause::SecretHasWhitespace { side: Side::Checker } => f.write_str(
                "the secret access key given here has white space around it; without it the signature is right",
            ),
            Cause::SecretHasWhitespace { side: Side::Signer } => f.write_str(
                "the signer's secret access key has white space around it, from a file's line end most likely; trim it",
            ),
            Cause::WrongSecret { or_headers } if or_headers.is_empty() => f.write_str(
                "nothing that usually changes on the way explains it, so the signer's secret access key is another one, \
                 or the key, a parameter or the signature was altered",
            ),
            Cause::WrongSecret { or_headers } => write!(
                f,
                "nothing that usually changes on the way explains it: the signer's secret access key is another one, or \
                 a signed header has another value now ({})",
                quoted(or_headers)
            ),
            Cause::SearchGivenUp { attempts } => write!(
                f,
                "the search was given up after {attempts} attempts, because a request this long takes too much work for \
                 each; none of them explains the signature, so the cause is not known"
            ),
            Cause::SessionTokenMissing => f.write_str(
                "the key is of temporary credentials and the session token is missing; sign with it, as \
                 X-Amz-Security-Token",
            ),
            Cause::SessionTokenWrong => {
                f.write_str("the session token is not the one of this access key; take all three from the same place")
            }
            Cause::SessionTokenUnexpected => f.write_str(
                "a session token came along with a long-term access key, which has none; clear AWS_SESSION_TOKEN",
            ),
            Cause::KeyUnknown { access_key_id } => {
                write!(f, "the access key {access_key_id} is not known here, or no longer active")
            }
            Cause::Region { signed, expected } => {
                write!(f, "it was signed for the region {signed}, and the store's is {expected}; sign for that one")
            }
            Cause::Clock { seconds } => {
                let way = if *seconds > 0 { "ahead of" } else { "behind" };
                write!(
                    f,
                    "the signer's clock is {} {way} the store's; set both by NTP, and sign with UTC",
                    Span::of(*seconds)
                )
            }
            Cause::NotYetValid { from, seconds } => write!(f, "it begins to work at {from}, in {}", Span(*seconds)),
            Cause::Expired { at, seconds } => {
                write!(f, "it expired at {at}, {} ago; make a new one", Span(*seconds))
            }
            Cause::ParametersMissing { is_html_escaped: true, .. } => f.write_str(
                "its ampersands arrived as `&amp;`, as HTML and XML write them, so no parameter but the first was read",
            ),
            Cause::ParametersMissing { names, is_html_escaped: false } => {
                match names.as_slice() {
                    [] => f.write_str("a parameter of the signature is missing")?,
                    [name] => write!(f, "{name} is missing")?,
                    names => write!(f, "{} are missing", names.join(", "))?,
                }
                f.write_str("; if a shell cut the URL at an `&`, put it in single quotes")
            }
            Cause::NotSigned => f.write_str(
                "nothing in the request is signed; if the URL had a signature, a shell may have cut it at the first `&`",
            ),
            Cause::TwoMechanisms => f.write_str(
                "the request is signed in two ways; a client that sends its own Authorization header must not with a \
                 presigned URL",
            ),
            Cause::UnknownMethod { method } => write!(f, "{method} is not a method of S3"),
            Cause::Repeated { name } => write!(f, "`{name}` stands more than once; give it once"),
            Cause::Scope { message }
            | Cause::Life { message }
            | Cause::MechanismNotTaken { message }
            | Cause::Malformed { message }
            | Cause::Limit { message }
            | Cause::Form { message } => write!(f, "{message}"),
        }
    }
}

fn quoted(names: &[RequestText<'_>]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
