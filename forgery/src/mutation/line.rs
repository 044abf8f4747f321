//! The request line, the time and the peer.

use super::Material;
use crate::random::Random;
use crate::raw::RawRequest;

const METHODS: [&str; 10] =
    ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "COPY"];

pub(super) fn another_method(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    request.method = random.pick(&METHODS).as_bytes().to_vec();
    Some(())
}

pub(super) fn lower_case_method(request: &mut RawRequest, _: &Material<'_>, _: &mut Random) -> Option<()> {
    request.method.make_ascii_lowercase();
    Some(())
}

pub(super) fn longer_method(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let at = random.below(request.method.len() + 1);
    request.method.insert(at, *random.pick(b"XGTD"));
    Some(())
}

pub(super) fn later(request: &mut RawRequest, material: &Material<'_>, random: &mut Random) -> Option<()> {
    let life = material.good.recipe.life;
    request.now += *random.pick(&[1, 60, 899, 901, life / 2, life - 60, life, life + 1, 2 * life]);
    Some(())
}

pub(super) fn earlier(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    request.now -= *random.pick(&[1, 20, 60, 800, 899, 960, 86_400, 700_000]);
    Some(())
}

pub(super) fn another_peer(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let peers = [
        "192.0.2.200",
        "198.51.100.1",
        "10.0.0.1",
        "10.9.9.9",
        "127.0.0.1",
        "2001:db8::1",
        "::ffff:192.0.2.9",
    ];
    request.peer = random.pick(&peers).parse().ok()?;
    Some(())
}

pub(super) fn absolute_form(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let host = request.value(b"host")?.to_vec();
    let scheme: &[u8] = if random.chance(50) { b"http://" } else { b"https://" };
    request.target = [scheme, host.as_slice(), request.target.as_slice()].concat();
    Some(())
}

pub(super) fn absolute_elsewhere(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let donor = material.donor.signed_host();
    let host = String::from_utf8_lossy(request.value(b"host")?).into_owned();
    let hosts = [
        donor,
        format!("me@{host}"),
        format!("{host}:80"),
        format!("{host}."),
        "elsewhere.example".to_owned(),
    ];
    request.target = [b"http://", random.pick(&hosts).as_bytes(), request.target.as_slice()].concat();
    Some(())
}

pub(super) fn asterisk(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let query = request.target.iter().position(|byte| *byte == b'?').map(|at| request.target[at..].to_vec());
    request.target = random.pick(&[&b"*"[..], b"", b"?", b"bucket/key"]).to_vec();
    request.target.extend(query.unwrap_or_default());
    Some(())
}

pub(super) fn fragment(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    if random.chance(50) {
        request.target.extend_from_slice(b"#top");
    } else {
        let at = 1 + random.below(request.target.len());
        request.target.insert(at.min(request.target.len()), b'#');
    }
    Some(())
}

pub(super) fn second_request_line(
    request: &mut RawRequest,
    _: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let added: [&[u8]; 3] =
        [b" HTTP/1.1\r\nx-amz-acl: public-read\r\nx:", b"\tHTTP/1.0", b"%20HTTP/1.1%0d%0aHost:%20other"];
    request.target.extend(random.pick(&added).iter());
    Some(())
}
