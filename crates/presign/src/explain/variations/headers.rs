//! The headers as they may have been signed.

use crate::explain::attempt::{Attempt, name_of};
use crate::explain::cause::Cause;
use crate::explain::request_text::RequestText;
use crate::explain::variations::{MAX_LISTED, Variation};
use crate::parameter_name::is_auth_parameter;
use crate::verify::Mechanism;

/// The types that clients send when nobody says one, and those that uploads mostly have.
const MEDIA_TYPES: [&str; 16] = [
    "application/octet-stream",
    "binary/octet-stream",
    "text/plain",
    "image/jpeg",
    "image/png",
    "application/pdf",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/html",
    "text/csv",
    "video/mp4",
    "application/zip",
    "image/webp",
    "image/gif",
    "application/xml",
];

/// The SHA-256 of nothing, which clients write for a body that they have not seen.
pub(super) const HASH_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Without headers that were added.
pub(in crate::explain) fn unsigned_headers(arrived: &Attempt, mechanism: Mechanism) -> Vec<Variation> {
    let mut variations = contradictions(arrived, mechanism);
    if mechanism == Mechanism::QueryV2 {
        variations.extend(added_in_v2(arrived));
    }
    variations
}

/// The signed headers whose values may have been others.
pub(in crate::explain) fn listed_headers(mechanism: Mechanism, signed_headers: &[String]) -> Vec<String> {
    match mechanism {
        Mechanism::QueryV2 => vec!["content-type".to_owned()],
        _ => signed_headers.iter().take(MAX_LISTED).cloned().collect(),
    }
}

/// A header that says something else than the parameter of its name is refused whatever was signed.
fn contradictions(arrived: &Attempt, mechanism: Mechanism) -> Vec<Variation> {
    if mechanism == Mechanism::HeaderV4 {
        return Vec::new();
    }
    let names = arrived.pairs.iter().map(|pair| name_of(pair).to_ascii_lowercase());
    names
        .filter(|name| !is_auth_parameter(name) && arrived.header(name).is_some())
        .take(MAX_LISTED)
        .map(|name| {
            let attempt = arrived.without_header(&name);
            (Cause::HeaderContradictsUrl { name: name.into() }, attempt)
        })
        .collect()
}

/// SigV2 covers these headers whether they are there or not.
fn added_in_v2(arrived: &Attempt) -> Vec<Variation> {
    let names = arrived.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    names
        .filter(|name| matches!(&**name, "content-type" | "content-md5") || name.starts_with("x-amz-"))
        .take(MAX_LISTED)
        .map(|name| {
            let attempt = arrived.without_header(&name);
            (Cause::HeaderAdded { name: name.into() }, attempt)
        })
        .collect()
}

/// With other values of a signed header.
pub(in crate::explain) fn other_values(arrived: &Attempt, name: &str) -> Vec<Variation> {
    let current = arrived.header(name);
    let mut values: Vec<String> = Vec::new();
    // A proxy that appends a field of its own leaves the signed one among them.
    let fields = arrived.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let fields: Vec<&str> = fields.map(|(_, value)| value.trim()).collect();
    if fields.len() > 1 {
        values.extend(fields.iter().take(MAX_LISTED).map(|value| (*value).to_owned()));
    }
    if let Some(current) = current {
        values.extend([
            current.to_ascii_lowercase(),
            current.trim_matches('"').to_owned(),
            format!("\"{current}\""),
        ]);
        values.extend(current.split(',').take(MAX_LISTED).map(|item| item.trim().to_owned()));
    }
    values.push(String::new());
    match name {
        "content-type" => {
            if let Some(current) = current {
                let plain = current.split(';').next().unwrap_or(current).trim();
                values.push(plain.to_owned());
                for charset in ["; charset=utf-8", "; charset=UTF-8", ";charset=utf-8", ";charset=UTF-8"] {
                    values.push(format!("{plain}{charset}"));
                }
            }
            values.extend(MEDIA_TYPES.iter().map(|media_type| (*media_type).to_owned()));
        }
        "x-amz-content-sha256" => {
            values.extend(["UNSIGNED-PAYLOAD".to_owned(), HASH_OF_NOTHING.to_owned()]);
        }
        "x-amz-acl" => values.extend(["private".to_owned(), "public-read".to_owned()]),
        "content-length" => values.push("0".to_owned()),
        _ => {}
    }
    let mut seen: Vec<String> = Vec::new();
    if let (Some(current), 0 | 1) = (current, fields.len()) {
        seen.push(current.to_owned());
    }
    let mut variations = Vec::new();
    for value in values {
        if seen.contains(&value) {
            continue;
        }
        let signed = RequestText::of_header(name, &value);
        let cause = match current {
            Some(_) => Cause::HeaderChanged {
                name: name.to_owned().into(),
                signed,
                arrived: RequestText::of_header(name, &fields.join(",")),
            },
            None => Cause::HeaderMissing { name: name.to_owned().into(), signed: Some(signed) },
        };
        variations.push((cause, arrived.with_header(name, &value)));
        seen.push(value);
    }
    variations
}
