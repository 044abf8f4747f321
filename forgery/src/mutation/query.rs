//! The query: the parameters of the signature and all others.

use super::{Material, escape_one, escape_twice, flip, lower_one, unescape_one};
use crate::random::Random;
use crate::raw::RawRequest;

type Pairs = Vec<Vec<u8>>;

/// The pairs of a request's query.
fn pairs_of(request: &RawRequest) -> Pairs {
    match request.target.iter().position(|byte| *byte == b'?') {
        Some(mark) => request.target[mark + 1..].split(|byte| *byte == b'&').map(<[u8]>::to_vec).collect(),
        None => Vec::new(),
    }
}

/// Alters the pairs and puts them behind the path again.
fn edit(request: &mut RawRequest, alter: impl FnOnce(&mut Pairs) -> Option<()>) -> Option<()> {
    let mut pairs = pairs_of(request);
    alter(&mut pairs)?;
    let path = request.target.split(|byte| *byte == b'?').next().unwrap_or_default().to_vec();
    let query = pairs.join(&b'&');
    request.target = if pairs.is_empty() { path } else { [path, b"?".to_vec(), query].concat() };
    Some(())
}

/// Alters one of the pairs.
fn edit_one(
    request: &mut RawRequest,
    random: &mut Random,
    alter: impl FnOnce(&mut Vec<u8>, &mut Random) -> Option<()>,
) -> Option<()> {
    edit(request, |pairs| {
        let at = random.below(pairs.len());
        alter(pairs.get_mut(at)?, random)
    })
}

fn split(pair: &[u8]) -> (Vec<u8>, Vec<u8>) {
    match pair.iter().position(|byte| *byte == b'=') {
        Some(at) => (pair[..at].to_vec(), pair[at + 1..].to_vec()),
        None => (pair.to_vec(), Vec::new()),
    }
}

fn join(name: &[u8], value: &[u8]) -> Vec<u8> {
    [name, b"=", value].concat()
}

/// Alters the value of one pair.
fn edit_value(
    request: &mut RawRequest,
    random: &mut Random,
    alter: impl FnOnce(&mut Vec<u8>, &mut Random) -> Option<()>,
) -> Option<()> {
    edit_one(request, random, |pair, random| {
        let (name, mut value) = split(pair);
        alter(&mut value, random)?;
        *pair = join(&name, &value);
        Some(())
    })
}

/// Adds one of these, anywhere.
fn add(request: &mut RawRequest, random: &mut Random, added: &[&str]) -> Option<()> {
    edit(request, |pairs| {
        let at = random.below(pairs.len() + 1);
        pairs.insert(at, random.pick(added).as_bytes().to_vec());
        Some(())
    })
}

pub(super) fn dropped(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |pairs| {
        let at = random.below(pairs.len());
        (at < pairs.len()).then(|| drop(pairs.remove(at)))
    })
}

pub(super) fn doubled(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |pairs| {
        let pair = pairs.get(random.below(pairs.len()))?.clone();
        pairs.insert(random.below(pairs.len() + 1), pair);
        Some(())
    })
}

pub(super) fn swapped(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |pairs| {
        let (one, other) = (random.below(pairs.len()), random.below(pairs.len()));
        (pairs.len() > 1).then(|| pairs.swap(one, other))
    })
}

pub(super) fn shuffled(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |pairs| {
        for at in 1..pairs.len() {
            pairs.swap(at, random.below(at + 1));
        }
        Some(())
    })
}

pub(super) fn escaped_more(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_one(request, random, |pair, random| escape_one(pair, b"=", random))
}

pub(super) fn escaped_in_lower_case(
    request: &mut RawRequest,
    _: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    edit_one(request, random, |pair, random| lower_one(pair, random))
}

pub(super) fn escaped_twice(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_one(request, random, escape_twice)
}

pub(super) fn unescaped(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_one(request, random, unescape_one)
}

pub(super) fn plus_for_space(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_one(request, random, |pair, _| {
        let at = pair.windows(3).position(|three| three == b"%20" || three.eq_ignore_ascii_case(b"%2b"))?;
        pair.splice(at..at + 3, *b"+");
        Some(())
    })
}

pub(super) fn bit(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_one(request, random, |pair, random| flip(pair, random))
}

pub(super) fn emptied(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_value(request, random, |value, _| {
        value.clear();
        Some(())
    })
}

pub(super) fn cut(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_value(request, random, |value, random| {
        value.truncate(random.below(value.len()));
        Some(())
    })
}

pub(super) fn lengthened(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_value(request, random, |value, random| {
        let added: [&[u8]; 9] = [b"0", b"%00", b"%20", b"+", b"%0A", b",", b"%3B", b"host", b"/"];
        let at = if random.chance(50) { value.len() } else { 0 };
        value.splice(at..at, random.pick(&added).iter().copied());
        Some(())
    })
}

pub(super) fn renamed_case(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_one(request, random, |pair, random| {
        let (mut name, value) = split(pair);
        match random.below(3) {
            0 => name.make_ascii_lowercase(),
            1 => name.make_ascii_uppercase(),
            _ => {
                let at = random.below(name.len());
                *name.get_mut(at)? ^= 0x20;
                if !name[at].is_ascii_alphabetic() {
                    return None;
                }
            }
        }
        *pair = join(&name, &value);
        Some(())
    })
}

pub(super) fn exchanged_values(
    request: &mut RawRequest,
    _: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    edit(request, |pairs| {
        let (one, other) = (random.below(pairs.len()), random.below(pairs.len()));
        let (first, second) = (split(pairs.get(one)?), split(pairs.get(other)?));
        pairs[one] = join(&first.0, &second.1);
        pairs[other] = join(&second.0, &first.1);
        Some(())
    })
}

pub(super) fn donors_value(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let donors = pairs_of(&material.donor.request);
    edit(request, |pairs| {
        let donor = donors.get(random.below(donors.len()))?;
        let name = split(donor).0;
        match pairs.iter_mut().find(|pair| split(pair).0 == name) {
            Some(pair) => pair.clone_from(donor),
            None => pairs.push(donor.clone()),
        }
        Some(())
    })
}

pub(super) fn added_sub_resource(
    request: &mut RawRequest,
    _: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let names = [
        "acl",
        "tagging",
        "versionId=1",
        "versionId=null",
        "retention",
        "legal-hold",
        "uploads",
        "uploadId=u",
        "partNumber=1",
        "attributes",
        "restore",
        "select",
        "torrent",
        "policy",
        "cors",
        "website",
        "delete",
        "versions",
        "location",
        "encryption=",
        "renameObject",
        "ACL",
        "Tagging",
        "append",
        "logging",
        "%61cl",
    ];
    add(request, random, &names)
}

pub(super) fn added_parameter(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let names = [
        "x-id=GetObject",
        "list-type=2",
        "prefix=",
        "response-content-type=text/html",
        "response-expires=0",
        "response-content-disposition=inline",
        "RESPONSE-content-type=a",
        "If-None-Match=*",
        "content-type=text/html",
        "Content-MD5=",
        "x=1",
        "=",
        "=1",
        "a",
        "Range=bytes=0-0",
        "host=other",
        "Host=other",
        "expires=9999999999",
        "unheard-of",
        "x-unheard-of=1",
        "_method=DELETE",
        "X-HTTP-Method-Override=PUT",
    ];
    add(request, random, &names)
}

pub(super) fn added_amz_parameter(
    request: &mut RawRequest,
    _: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let names = [
        "x-amz-copy-source=/vault/secret",
        "X-Amz-Copy-Source=%2Fvault%2Fsecret",
        "x-amz-acl=public-read",
        "x-amz-meta-colour=other",
        "x-amz-meta-added=1",
        "X-Amz-Storage-Class=GLACIER",
        "x-amz-tagging=a%3Db",
        "x-amz-content-sha256=UNSIGNED-PAYLOAD",
        "X-Amz-Content-Sha256=STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-checksum-mode=ENABLED",
        "x-amz-tagging%3Aa=b",
        "x-amz-meta-a%0Ax-amz-meta-b=c",
        "x-amz-server-side-encryption=AES256",
        "x-amz-security-token=added",
        "X-Amz-Security-Token=added",
    ];
    add(request, random, &names)
}

pub(super) fn added_auth_parameter(
    request: &mut RawRequest,
    _: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let names = [
        "X-Amz-Signature=0",
        "X-Amz-Expires=604800",
        "X-Amz-Date=20261121T120000Z",
        "X-Amz-SignedHeaders=host",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "x-amz-signature=0",
        "x-amz-expires=604800",
        "X-AMZ-DATE=20261121T120000Z",
        "X-Amz-Credential=AKIDEXAMPLE%2F20261121%2Fus-east-1%2Fs3%2Faws4_request",
        "Signature=a",
        "Expires=9999999999",
        "AWSAccessKeyId=AKIDEXAMPLE",
        "AWSAccessKeyId=OTHER",
        "signature=a",
        "expires=1",
        "X-Amz-Algorithm=none",
    ];
    add(request, random, &names)
}

pub(super) fn added_limit(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let names = [
        "x-presign-max-size=99999999",
        "x-presign-min-size=0",
        "x-presign-ip=0.0.0.0%2F0",
        "x-presign-methods=GET,HEAD,PUT,DELETE",
        "x-presign-content-type=*%2F*",
        "X-Presign-Max-Size=1",
        "x-presign-unheard-of=1",
        "x-presign-link=1",
    ];
    add(request, random, &names)
}

pub(super) fn empty_pair(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    add(request, random, &[""])
}

pub(super) fn without_equals(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit_one(request, random, |pair, _| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        pair.remove(at);
        Some(())
    })
}

pub(super) fn semicolon(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let places: Vec<usize> = (0..request.target.len()).filter(|at| request.target[*at] == b'&').collect();
    let at = *places.get(random.below(places.len()))?;
    request.target.splice(at..=at, random.pick(&[&b";"[..], b"%26", b"&amp;", b"&&"]).iter().copied());
    Some(())
}

/// A parameter becomes the header of its name.
pub(super) fn to_field(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let mut moved = None;
    edit(request, |pairs| {
        let at = random.below(pairs.len());
        let (name, value) = split(pairs.get(at)?);
        pairs.remove(at);
        let text = presign::decode_path(std::str::from_utf8(&value).ok()?)?.into_owned();
        moved = Some((name, text));
        Some(())
    })?;
    let (name, value) = moved?;
    request.push(name, value);
    Some(())
}

pub(super) fn doubled_in_other_case(
    request: &mut RawRequest,
    _: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    edit(request, |pairs| {
        let (mut name, value) = split(pairs.get(random.below(pairs.len()))?);
        if random.chance(50) {
            name.make_ascii_lowercase();
        } else {
            name.make_ascii_uppercase();
        }
        let value = if random.chance(50) { value } else { b"other".to_vec() };
        pairs.insert(random.below(pairs.len() + 1), join(&name, &value));
        Some(())
    })
}

/// Everything is there once more with other values before it.
pub(super) fn prefixed_query(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let donors = pairs_of(&material.donor.request);
    edit(request, |pairs| {
        if random.chance(50) {
            pairs.splice(..0, donors);
        } else {
            pairs.extend(donors);
        }
        Some(())
    })
}

pub(super) fn all_dropped(request: &mut RawRequest, _: &Material<'_>, _: &mut Random) -> Option<()> {
    edit(request, |pairs| {
        pairs.clear();
        Some(())
    })
}
