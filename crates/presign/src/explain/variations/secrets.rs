//! The secret, the session token and the payload line as the signer may have had them.

use crate::canonical_request::UNSIGNED_PAYLOAD;
use crate::credentials::Credentials;
use crate::explain::attempt::{Attempt, SignersLine, name_of};
use crate::explain::cause::{Cause, Side};
use crate::explain::variations::Variation;
use crate::explain::variations::headers::HASH_OF_NOTHING;
use crate::uri::{self, Keep};
use crate::verify::Mechanism;

/// With the secret trimmed, and with the white space that files and forms put around one.
pub(in crate::explain) fn secrets(arrived: &Attempt, credentials: &Credentials) -> Vec<Variation> {
    let secret = credentials.secret_access_key().expose();
    let with = |side, secret: String| (Cause::SecretHasWhitespace { side }, arrived.with_secret(secret));
    let trimmed = secret.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if trimmed != secret {
        return vec![with(Side::Checker, trimmed.to_owned())];
    }
    let end = |space: &str| with(Side::Signer, format!("{secret}{space}"));
    let start = |space: &str| with(Side::Signer, format!("{space}{secret}"));
    vec![end("\n"), end("\r\n"), end("\r"), end(" "), end("\t"), start(" "), start("\u{feff}")]
}

/// With the key's own session token, where another or none came along.
pub(in crate::explain) fn session_tokens(
    arrived: &Attempt,
    credentials: &Credentials,
    mechanism: Mechanism,
) -> Vec<Variation> {
    let Some(token) = credentials.session_token() else { return Vec::new() };
    let is_token = |name: &str| name.eq_ignore_ascii_case("x-amz-security-token");
    if mechanism == Mechanism::HeaderV4 {
        let cause = match arrived.header("x-amz-security-token") {
            Some(sent) if sent == token => return Vec::new(),
            Some(_) => Cause::SessionTokenWrong,
            None => Cause::SessionTokenMissing,
        };
        return vec![(cause, arrived.with_header("x-amz-security-token", token))];
    }
    let name = if mechanism == Mechanism::QueryV2 { "x-amz-security-token" } else { "X-Amz-Security-Token" };
    let had_one = arrived.pairs.iter().any(|pair| is_token(&name_of(pair)));
    let mut pairs = arrived.pairs.clone();
    pairs.retain(|pair| !is_token(&name_of(pair)));
    pairs.push(format!("{name}={}", uri::encode(token, Keep::Unreserved)));
    let cause = if had_one { Cause::SessionTokenWrong } else { Cause::SessionTokenMissing };
    vec![(cause, arrived.with_pairs(pairs))]
}

/// With a hash where S3 has none, as signers for other services write it.
pub(in crate::explain) fn payload_lines(arrived: &Attempt) -> Vec<Variation> {
    let sent = arrived.header("x-amz-content-sha256").map(str::to_owned);
    let lines = [HASH_OF_NOTHING.to_owned(), String::new(), UNSIGNED_PAYLOAD.to_owned()];
    lines
        .into_iter()
        .chain(sent)
        .map(|signed| {
            let attempt = arrived.with_line(SignersLine::Payload(signed.clone()));
            (Cause::PayloadLine { signed: signed.into() }, attempt)
        })
        .collect()
}
