//! What has become of a request's meaning, by rules that are stated here once more.
//!
//! Nothing here computes a signature, sorts a canonical request or calls the verifier. Two requests are read, the good one
//! and the altered one, and what the signer has said in the first is looked for in the second: the same method, object,
//! parameters and signed headers; nothing added that only a signer may say; within its time, for its host and its address.

mod forwarded;
mod header_v4;
mod hosts;
mod query_v4;
mod sigv2;
mod target;

use presign::Mechanism;

use crate::good::Good;
use crate::raw::RawRequest;
use target::OriginForm;

/// What became of the meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It says the same in other words: it must be honoured, as what it was.
    Same,
    /// It says the same, in words that a careful store may refuse; or it says more, of what its holder may say or nobody
    /// hears. If it is honoured, then as what it was.
    Either,
    /// It says something else, for this reason: it must be refused.
    Different(&'static str),
}

/// Why a request says something else.
type Reason = &'static str;

/// What has become of the good request's meaning in `altered`.
pub fn verdict(good: &Good, altered: &RawRequest) -> Verdict {
    let read = match good.recipe.mechanism {
        Mechanism::QueryV2 => sigv2::compare,
        Mechanism::HeaderV4 => header_v4::compare,
        _ => query_v4::compare,
    };
    // Whatever was signed, and whatever a proxy or the request line says: RFC 9112, section 3.2.
    if altered.value(b"host").is_none() {
        return Verdict::Different("no host");
    }
    match read(good, altered) {
        Err(reason) => Verdict::Different(reason),
        Ok(()) if is_restated(good, altered) => Verdict::Same,
        Ok(()) => Verdict::Either,
    }
}

/// Fields that nobody hears, whatever they say.
const UNHEARD: [&[u8]; 6] =
    [b"user-agent", b"accept", b"accept-language", b"cookie", b"pragma", b"x-requested-with"];

/// Whether two requests differ in nothing but escapes, the order of parameters and fields, the case of field names, spaces
/// around values, and fields that nobody hears.
fn is_restated(good: &Good, altered: &RawRequest) -> bool {
    let plain =
        |request: &RawRequest| request.target.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#');
    let form = |request: &RawRequest| {
        let target = OriginForm::read(request)?;
        let mut fields: Vec<(Vec<u8>, Vec<u8>)> = request
            .fields
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), crate::raw::trim(value).to_vec()))
            .filter(|(name, _)| !UNHEARD.contains(&name.as_slice()))
            .collect();
        // Fields of one name keep their order.
        fields.sort_by(|one, other| one.0.cmp(&other.0));
        let segments: Option<Vec<Vec<u8>>> =
            target.path.split(|byte| *byte == b'/').map(target::decode).collect();
        let mut parameters = target.parameters()?;
        if good.recipe.mechanism != Mechanism::QueryV2 {
            parameters.iter_mut().for_each(|parameter| parameter.has_equals_sign = true);
        }
        parameters.sort();
        Some((request.method.clone(), segments?, parameters, fields))
    };
    plain(altered)
        && altered.to_parts().is_some()
        && altered.target.first() == Some(&b'/')
        && form(altered).is_some_and(|altered| Some(altered) == form(&good.request))
}

/// The lower-case name of every field.
fn lower(name: &[u8]) -> Vec<u8> {
    name.to_ascii_lowercase()
}

/// A field's values as one, each without spaces around it, runs of spaces as one space.
fn joined(request: &RawRequest, name: &[u8]) -> Option<Vec<u8>> {
    let values: Vec<Vec<u8>> = request.values(name).map(squash).collect();
    (!values.is_empty()).then(|| values.join(&b','))
}

fn squash(value: &[u8]) -> Vec<u8> {
    // UTF-8 where it is that, Latin-1 otherwise: either is read, and means its characters.
    let text = match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    };
    let words: Vec<&str> = text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
    words.join(" ").into_bytes()
}

/// Whether the client's address is one that the URL is for, and a trusted proxy says so where there is one.
fn check_address(good: &Good, altered: &RawRequest) -> Result<(), Reason> {
    if good.recipe.caveats.ips.is_empty() {
        return Ok(());
    }
    match hosts::client_address(good.recipe.place, altered) {
        Some(address) if good.recipe.caveats.ips.iter().any(|network| network.contains(&address)) => Ok(()),
        _ => Err("from another address"),
    }
}

/// Unsigned conditions on what a URL writes or deletes: none, but what repeats a signed parameter. Their answer would tell
/// its holder what is stored.
fn check_unsigned_conditions(
    altered: &RawRequest,
    is_signed: impl Fn(&[u8]) -> bool,
    parameters: &[target::Parameter],
) -> Result<(), Reason> {
    const CONDITIONS: [&[u8]; 4] =
        [b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since"];
    if matches!(altered.method.as_slice(), b"GET" | b"HEAD") {
        return Ok(());
    }
    let is_added = |name: &&[u8]| {
        altered.value(name).is_some()
            && !is_signed(name)
            && !parameters.iter().any(|parameter| parameter.name.eq_ignore_ascii_case(name))
    };
    match CONDITIONS.iter().any(is_added) {
        true => Err("a condition on a write that nobody signed"),
        false => Ok(()),
    }
}

/// Unsigned `x-amz-*` fields: none but the payload hash, and what repeats a signed parameter.
fn check_unsigned_amz(
    altered: &RawRequest,
    is_signed: impl Fn(&[u8]) -> bool,
    parameters: &[target::Parameter],
) -> Result<(), Reason> {
    for (name, value) in &altered.fields {
        let name = lower(name);
        if !name.starts_with(b"x-amz-") || is_signed(&name) {
            continue;
        }
        if name == b"x-amz-content-sha256" {
            if crate::raw::trim(value).starts_with(b"STREAMING-") {
                return Err("an unsigned body in chunks");
            }
            continue;
        }
        let repeats = parameters.iter().any(|parameter| {
            parameter.name.eq_ignore_ascii_case(&name) && parameter.value == crate::raw::trim(value)
        });
        if !repeats || name.starts_with(b"x-amz-signature") || is_auth_parameter(&name) {
            return Err("an x-amz header that nobody signed");
        }
    }
    Ok(())
}

/// The parameters of a SigV4 signature, in lower case.
fn is_auth_parameter(lower_name: &[u8]) -> bool {
    const NAMES: [&[u8]; 7] = [
        b"x-amz-algorithm",
        b"x-amz-credential",
        b"x-amz-date",
        b"x-amz-expires",
        b"x-amz-security-token",
        b"x-amz-signature",
        b"x-amz-signedheaders",
    ];
    NAMES.contains(&lower_name)
}

#[cfg(test)]
mod tests;
