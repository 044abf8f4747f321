//! The header fields.

use super::{Material, flip};
use crate::random::Random;
use crate::raw::RawRequest;

/// Alters the value of one field.
fn edit_value(
    request: &mut RawRequest,
    random: &mut Random,
    alter: impl FnOnce(&mut Vec<u8>, &mut Random) -> Option<()>,
) -> Option<()> {
    let at = random.below(request.fields.len());
    alter(&mut request.fields.get_mut(at)?.1, random)
}

/// Adds one of these fields, anywhere.
pub(super) fn add(request: &mut RawRequest, random: &mut Random, added: &[(&str, &str)]) -> Option<()> {
    let (name, value) = random.pick(added);
    let at = random.below(request.fields.len() + 1);
    request.fields.insert(at, ((*name).into(), (*value).into()));
    Some(())
}

pub(super) fn dropped(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let at = random.below(request.fields.len());
    (at < request.fields.len()).then(|| drop(request.fields.remove(at)))
}

pub(super) fn doubled(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let field = request.fields.get(random.below(request.fields.len()))?.clone();
    request.fields.insert(random.below(request.fields.len() + 1), field);
    Some(())
}

pub(super) fn renamed_case(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let at = random.below(request.fields.len());
    let name = &mut request.fields.get_mut(at)?.0;
    if random.chance(50) {
        name.make_ascii_uppercase();
    } else {
        name.make_ascii_lowercase();
    }
    Some(())
}

pub(super) fn bit(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_value(request, random, |value, random| flip(value, random))
}

pub(super) fn cut(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_value(request, random, |value, random| {
        value.truncate(random.below(value.len()));
        Some(())
    })
}

pub(super) fn lengthened(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_value(request, random, |value, random| {
        value.extend(random.pick(&[&b"0"[..], b", other", b"; a=b", b",", b"\"", b"."]).iter());
        Some(())
    })
}

pub(super) fn spaces_around(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_value(request, random, |value, random| {
        let space = random.pick(&[&b" "[..], b"\t", b"   "]).to_vec();
        if random.chance(50) {
            value.extend(space);
        } else {
            drop(value.splice(..0, space));
        }
        Some(())
    })
}

pub(super) fn spaces_within(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_value(request, random, |value, random| {
        let at = random.below(value.len());
        value.splice(at..at, random.pick(&[&b" "[..], b"\t", b"  "]).iter().copied());
        Some(())
    })
}

/// One value in two fields, split at a comma or anywhere.
pub(super) fn folded(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let at = random.below(request.fields.len());
    let (name, value) = request.fields.get(at)?.clone();
    let comma = value.iter().position(|byte| *byte == b',');
    let (first, second) = match comma {
        Some(comma) => (value[..comma].to_vec(), value[comma + 1..].to_vec()),
        None => {
            let middle = random.below(value.len());
            (value[..middle].to_vec(), value[middle..].to_vec())
        }
    };
    request.fields.splice(at..=at, [(name.clone(), first), (name, second)]);
    Some(())
}

pub(super) fn donors_value(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let donors = &material.donor.request.fields;
    let donor = donors.get(random.below(donors.len()))?;
    match request.fields.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(&donor.0)) {
        Some(field) => field.clone_from(donor),
        None => request.fields.push(donor.clone()),
    }
    Some(())
}

/// A field becomes a parameter of the URL.
pub(super) fn to_query(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let at = random.below(request.fields.len());
    if at >= request.fields.len() {
        return None;
    }
    let (name, value) = request.fields.remove(at);
    let separator: &[u8] = if request.target.contains(&b'?') { b"&" } else { b"?" };
    let value = presign::encode_path(std::str::from_utf8(&value).ok()?).replace('/', "%2F");
    request.target.extend([separator, name.as_slice(), b"=", value.as_bytes()].concat());
    Some(())
}

pub(super) fn unsigned_amz(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    add(
        request,
        random,
        &[
            ("x-amz-copy-source", "/vault/secret"),
            ("X-Amz-Copy-Source", "vault/secret?versionId=null"),
            ("x-amz-copy-source", ""),
            ("x-amz-copy-source-range", "bytes=0-9"),
            ("x-amz-metadata-directive", "REPLACE"),
            ("x-amz-acl", "public-read"),
            ("x-amz-acl", "private"),
            ("x-amz-grant-read", "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""),
            ("x-amz-meta-added", "1"),
            ("X-AMZ-META-ADDED", "1"),
            ("x-amz-tagging", "a=b"),
            ("x-amz-storage-class", "GLACIER"),
            ("x-amz-server-side-encryption", "AES256"),
            ("x-amz-server-side-encryption-customer-key", "a"),
            ("x-amz-website-redirect-location", "https://elsewhere.example"),
            ("x-amz-object-lock-mode", "COMPLIANCE"),
            ("x-amz-bypass-governance-retention", "true"),
            ("x-amz-mfa", "1 2"),
            ("x-amz-date", "20261121T120000Z"),
            ("x-amz-expires", "604800"),
            ("x-amz-signature", "0"),
            ("x-amz-security-token", "added"),
            ("x-amz-decoded-content-length", "1"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
            ("x-amz-checksum-crc32", "AAAAAA=="),
            ("x-amz-checksum-mode", "ENABLED"),
            ("x-amz-request-payer", "requester"),
            ("x-amz-expected-bucket-owner", "1"),
            ("x-amz-unheard-of", "1"),
            ("x-amz-", "1"),
        ],
    )
}

/// A header that says once more, or in other words, what a signed parameter or header says.
pub(super) fn unsigned_amz_repeated(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let recipe = &material.good.recipe;
    let said: Vec<&(String, String)> = recipe.query.iter().chain(&recipe.headers).collect();
    let (name, value) = said.get(random.below(said.len()))?;
    let value = if random.chance(50) { value.as_str() } else { "other" };
    request.push(name.as_str(), value);
    Some(())
}

pub(super) fn free_header(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    add(
        request,
        random,
        &[
            ("range", "bytes=0-0"),
            ("Range", "bytes=5-"),
            ("if-match", "\"other\""),
            ("If-None-Match", "*"),
            ("if-modified-since", "Sat, 21 Nov 2026 12:00:00 GMT"),
            ("if-unmodified-since", "Sat, 21 Nov 2020 12:00:00 GMT"),
            ("if-range", "\"other\""),
            ("content-type", "text/html"),
            ("content-type", "image/jpeg"),
            ("content-encoding", "gzip"),
            ("content-language", "de"),
            ("content-disposition", "inline"),
            ("cache-control", "no-store"),
            ("expires", "0"),
            ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ],
    )
}

pub(super) fn unheard_header(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    add(
        request,
        random,
        &[
            ("accept", "*/*"),
            ("Cookie", "a=b"),
            ("x-requested-with", "fetch"),
            ("x-amzn-trace-id", "Root=1"),
            ("x-minio-replication-server-side-encryption-sealed-key", "a"),
            ("x-minio-source-replication-request", "true"),
            ("x-rgw-object-type", "Appendable"),
            ("x-goog-copy-source", "/vault/secret"),
            ("date", "Sat, 21 Nov 2020 12:00:00 GMT"),
        ],
    )
}

pub(super) fn method_override(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let method = *random.pick(&["DELETE", "PUT", "GET"]);
    add(
        request,
        random,
        &[("X-HTTP-Method-Override", method), ("X-HTTP-Method", method), ("X-Method-Override", method)],
    )
}

pub(super) fn original_url(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let url = "/vault/secret";
    add(
        request,
        random,
        &[
            ("X-Original-URL", url),
            ("X-Rewrite-URL", url),
            ("X-Original-URI", url),
            ("X-Accel-Redirect", url),
        ],
    )
}

/// Names that a gateway might take for those with hyphens.
pub(super) fn underscores(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    add(
        request,
        random,
        &[
            ("x_amz_copy_source", "/vault/secret"),
            ("x-amz_copy-source", "/vault/secret"),
            ("x_amz_acl", "public-read"),
        ],
    )
}

pub(super) fn streaming(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let value = *random.pick(&[
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "UNSIGNED-PAYLOAD",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "",
    ]);
    let name = b"x-amz-content-sha256";
    match request.fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        Some(field) if random.chance(70) => field.1 = value.into(),
        _ => request.push(*name, value),
    }
    Some(())
}

pub(super) fn authorization(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let donor = material.donor.request.value(b"authorization").unwrap_or(b"AWS AKIDEXAMPLE:c2ln").to_vec();
    let scope = "Credential=AKIDEXAMPLE/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00";
    let values: [Vec<u8>; 6] = [
        donor,
        b"Basic QUtJREVYQU1QTEU6c2VjcmV0".to_vec(),
        b"Bearer a".to_vec(),
        b"".to_vec(),
        format!("AWS4-HMAC-SHA256 {scope}").into_bytes(),
        format!("AWS4-ECDSA-P256-SHA256 {scope}").into_bytes(),
    ];
    request.push("Authorization", random.pick(&values).clone());
    Some(())
}

pub(super) fn latin_1(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_value(request, random, |value, random| {
        let at = random.below(value.len() + 1);
        value.splice(at..at, random.pick(&[&b"\xe9"[..], b"\xc3\xa9", b"\xff", b"\xc3"]).iter().copied());
        Some(())
    })
}

pub(super) fn control_character(
    request: &mut RawRequest,
    _: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let control = [*random.pick(b"\0\x01\x08\x0b\x1b\x7f\r\n")];
    match random.below(4) {
        0 => {
            let at = random.below(request.target.len());
            request.target.splice(at..at, control).for_each(drop);
        }
        1 => request.target.extend(control),
        _ => {
            return edit_value(request, random, |value, random| {
                let at = random.below(value.len() + 1);
                value.splice(at..at, control);
                Some(())
            });
        }
    }
    Some(())
}

pub(super) fn shuffled(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    for at in 1..request.fields.len() {
        request.fields.swap(at, random.below(at + 1));
    }
    Some(())
}

/// A name with something behind it that another reader might overlook.
pub(super) fn trailing_token(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    add(
        request,
        random,
        &[
            ("x-amz-copy-source ", "/vault/secret"),
            (" x-amz-acl", "public-read"),
            ("x-amz-acl\t", "public-read"),
            ("host ", "other"),
        ],
    )
}
