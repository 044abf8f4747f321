//! The Authorization header of SigV4.

use jiff::fmt::rfc2822;

use crate::signing_key::ALGORITHM;
use crate::timestamp::Timestamp;
use crate::verify::credential::Credential;
use crate::verify::refusal::{Mechanism, Refusal};
use crate::verify::request::Request;
use crate::verify::signed_headers;
use crate::verify::v4::ClaimV4;

/// Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` and the date that goes with it.
pub(crate) fn parse<'a>(request: &Request<'a>, value: &'a str) -> Result<ClaimV4<'a>, Refusal> {
    if request.header_values("authorization").count() > 1 {
        return Err(Refusal::Repeated { name: "Authorization".to_owned() });
    }
    let (scheme, rest) = value.trim().split_once(' ').unwrap_or((value, ""));
    match scheme {
        ALGORITHM => {}
        "AWS" => return Err(Refusal::SigV2Header),
        _ => return Err(Refusal::UnsupportedAuthorization { value: value.into() }),
    }
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for part in rest.split(',') {
        let malformed = |why| Refusal::MalformedAuthorization { why };
        let (name, value) = part
            .trim()
            .split_once('=')
            .ok_or_else(|| malformed("it has a component that is not of the form name=value."))?;
        let place = match name {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed_headers,
            "Signature" => &mut signature,
            _ => return Err(malformed("it has a component that S3 does not know.")),
        };
        if place.replace(value).is_some() {
            return Err(Refusal::Repeated { name: name.to_owned() });
        }
    }
    let missing = |why| Refusal::MalformedAuthorization { why };
    let credential = credential.ok_or_else(|| missing("the Credential component is missing."))?;
    let signed_headers = signed_headers.ok_or_else(|| missing("the SignedHeaders component is missing."))?;
    let signature = signature.ok_or_else(|| missing("the Signature component is missing."))?;
    let mechanism = Mechanism::HeaderV4;
    let signed_at = parse_date(request, signed_headers)?;
    Ok(ClaimV4 {
        mechanism,
        credential: Credential::parse(credential.into()).map_err(|fault| fault.at(mechanism))?,
        signed_at,
        time: signed_at.basic(),
        life_seconds: None,
        signed_headers: signed_headers.into(),
        signature: signature.into(),
        session_token: request.header("x-amz-security-token").map(Into::into),
        signature_parameter: None,
    })
}

/// The request's date: `x-amz-date`, or else a Date header that is signed.
fn parse_date(request: &Request<'_>, signed_headers: &str) -> Result<Timestamp, Refusal> {
    let mut dates = request.header_values("x-amz-date");
    if let Some(date) = dates.next() {
        if dates.next().is_some() {
            return Err(Refusal::Repeated { name: "x-amz-date".to_owned() });
        }
        return Timestamp::parse_basic(date.trim()).ok_or(Refusal::MissingDate);
    }
    let date = request.header("date").filter(|_| signed_headers::contains(signed_headers, "date"));
    let date = date.ok_or(Refusal::MissingDate)?.trim();
    let imf_fixdate = || {
        let zoned = rfc2822::DateTimeParser::new().parse_zoned(date).ok()?;
        Some(Timestamp::from_unix(zoned.timestamp().as_second()))
    };
    Timestamp::parse_basic(date).or_else(imf_fixdate).ok_or(Refusal::MissingDate)
}
