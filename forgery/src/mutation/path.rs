//! The path: bucket and key.

use super::{Material, escape_one, escape_twice, flip, lower_one, unescape_one};
use crate::random::Random;
use crate::raw::RawRequest;

/// Alters the path and puts the query behind it again.
fn edit(request: &mut RawRequest, alter: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
    let end = request.target.iter().position(|byte| *byte == b'?').unwrap_or(request.target.len());
    let (path, query) = request.target.split_at(end);
    let (mut path, query) = (path.to_vec(), query.to_vec());
    alter(&mut path)?;
    path.extend(query);
    request.target = path;
    Some(())
}

/// The path of a request, without its query.
fn path_of(request: &RawRequest) -> Vec<u8> {
    request.target.split(|byte| *byte == b'?').next().unwrap_or_default().to_vec()
}

/// The places of the slashes in a text.
fn slashes(text: &[u8]) -> Vec<usize> {
    (0..text.len()).filter(|at| text[*at] == b'/').collect()
}

/// Puts a text behind one of the slashes.
fn behind_a_slash(request: &mut RawRequest, random: &mut Random, added: &[&[u8]]) -> Option<()> {
    edit(request, |path| {
        let places = slashes(path);
        let at = *places.get(random.below(places.len()))? + 1;
        path.splice(at..at, random.pick(added).iter().copied());
        Some(())
    })
}

pub(super) fn bit(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| flip(path, random))
}

pub(super) fn character_dropped(
    request: &mut RawRequest,
    _: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    edit(request, |path| {
        if path.is_empty() {
            return None;
        }
        path.remove(random.below(path.len()));
        Some(())
    })
}

pub(super) fn character_added(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| {
        path.insert(random.below(path.len() + 1), *random.pick(b"aZ0-_.~/;:@!$'()*,+=&%\"<>[]^`{|}"));
        Some(())
    })
}

pub(super) fn escaped_more(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| escape_one(path, b"/", random))
}

pub(super) fn escaped_in_lower_case(
    request: &mut RawRequest,
    _: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    edit(request, |path| lower_one(path, random))
}

pub(super) fn escaped_slash(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| {
        let places = slashes(path);
        let at = *places.get(random.below(places.len()))?;
        path.splice(at..=at, random.pick(&[*b"%2F", *b"%2f"]).iter().copied());
        Some(())
    })
}

pub(super) fn escaped_twice(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| escape_twice(path, random))
}

pub(super) fn unescaped(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| unescape_one(path, random))
}

pub(super) fn dot_segment(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    behind_a_slash(request, random, &[b"./", b"%2e/", b".%2F", b".;/"])
}

pub(super) fn parent_segment(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let added: [&[u8]; 7] =
        [b"../", b"x/../", b"%2e%2e/", b"..%2F", b"..%5c", b".%2e/", b"bucket/../../../etc/"];
    behind_a_slash(request, random, &added)
}

pub(super) fn double_slash(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    behind_a_slash(request, random, &[b"/", b"//", b"%2F"])
}

pub(super) fn closing_slash(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| {
        if random.chance(30) && path.last() == Some(&b'/') {
            path.pop();
        } else {
            path.extend(random.pick(&[&b"/"[..], b"/.", b"%20", b".", b";a=b", b"%00", b"/acl"]).iter());
        }
        Some(())
    })
}

pub(super) fn backslash(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| {
        let places = slashes(path);
        let at = *places.get(random.below(places.len()))?;
        path.splice(at..=at, random.pick(&[&b"\\"[..], b"%5C"]).iter().copied());
        Some(())
    })
}

pub(super) fn overlong(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    // Ways to write a slash, a dot or half a character that a careless decoder takes.
    behind_a_slash(
        request,
        random,
        &[b"%c0%af", b"%c0%ae", b"%e0%80%af", b"%ff", b"%u002f", b"%ed%a0%80", b"%C3"],
    )
}

pub(super) fn null_byte(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    behind_a_slash(request, random, &[b"%00", b"%0d%0a", b"%7f", b"%1b"])
}

pub(super) fn other_case(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| {
        let letters: Vec<usize> = (0..path.len()).filter(|at| path[*at].is_ascii_alphabetic()).collect();
        let at = *letters.get(random.below(letters.len()))?;
        path[at] ^= 0x20;
        Some(())
    })
}

pub(super) fn another_key(request: &mut RawRequest, material: &Material<'_>, _: &mut Random) -> Option<()> {
    let donors = path_of(&material.donor.request);
    edit(request, |path| {
        *path = donors;
        Some(())
    })
}

pub(super) fn another_bucket(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| {
        let end = path.iter().skip(1).position(|byte| *byte == b'/').map_or(path.len(), |at| at + 1);
        let buckets: [&[u8]; 7] = [b"/vault", b"/bucket", b"/photos.2026", b"/a-b", b"/Bucket", b"", b"/.."];
        path.splice(..end, random.pick(&buckets).iter().copied());
        Some(())
    })
}

pub(super) fn leading_slashes(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| {
        path.splice(..0, random.pick(&[&b"/"[..], b"//elsewhere", b"/bucket", b"/%2F"]).iter().copied());
        Some(())
    })
}

pub(super) fn cut(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, |path| {
        path.truncate(1 + random.below(path.len()));
        Some(())
    })
}

pub(super) fn question_mark(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let mark = request.target.iter().position(|byte| *byte == b'?')?;
    if random.chance(50) {
        request.target.splice(mark..=mark, random.pick(&[&b"%3F"[..], b"??", b"/?", b"&"]).iter().copied());
    } else {
        request.target.insert(random.below(request.target.len()), b'?');
    }
    Some(())
}
