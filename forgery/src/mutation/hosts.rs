//! The host, and what a proxy says of the client: its host and its address.

use super::Material;
use super::fields::add;
use crate::good::PROXY;
use crate::random::Random;
use crate::raw::RawRequest;

/// Sets a field in place of the one of that name.
fn set_host(request: &mut RawRequest, host: impl Into<Vec<u8>>) -> Option<()> {
    let field = request.fields.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(b"host"))?;
    field.1 = host.into();
    Some(())
}

fn host_of(request: &RawRequest) -> String {
    String::from_utf8_lossy(request.value(b"host").unwrap_or_default()).into_owned()
}

pub(super) fn another_host(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let donor = material.donor.signed_host();
    let hosts =
        ["elsewhere.example", "files.example.com", "files.internal:9000", "", "127.0.0.1", donor.as_str()];
    set_host(request, *random.pick(&hosts))
}

pub(super) fn host_case(request: &mut RawRequest, _: &Material<'_>, _: &mut Random) -> Option<()> {
    let host = host_of(request).to_ascii_uppercase();
    set_host(request, host)
}

pub(super) fn host_port(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let host = host_of(request);
    let name = host.split(':').next().unwrap_or_default();
    let hosts = [
        format!("{name}:80"),
        format!("{name}:443"),
        format!("{host}."),
        format!("{name}:"),
        name.to_owned(),
    ];
    set_host(request, random.pick(&hosts).as_str())
}

pub(super) fn second_host(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let own = host_of(request);
    let hosts = ["elsewhere.example", "vault.files.example.com", own.as_str()];
    let host = *random.pick(&hosts);
    add(request, random, &[("Host", host), ("host", host)])
}

pub(super) fn host_bucket(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let host = host_of(request);
    let rest = host.split_once('.').map_or(host.as_str(), |(_, rest)| rest);
    let hosts = [
        format!("vault.{host}"),
        format!("vault.{rest}"),
        rest.to_owned(),
        format!("bucket.{host}"),
        format!(".{host}"),
    ];
    set_host(request, random.pick(&hosts).as_str())
}

pub(super) fn no_host(request: &mut RawRequest, _: &Material<'_>, _: &mut Random) -> Option<()> {
    request.fields.retain(|(name, _)| !name.eq_ignore_ascii_case(b"host"));
    Some(())
}

pub(super) fn forwarded_host(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let (own, donor) = (material.good.signed_host(), material.donor.signed_host());
    let hosts = [own.as_str(), donor.as_str(), "elsewhere.example", "vault.files.example.com", ""];
    let host = *random.pick(&hosts);
    add(request, random, &[("X-Forwarded-Host", host), ("x-forwarded-server", host), ("x-host", host)])
}

pub(super) fn forwarded_for(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let lists = [
        "192.0.2.7",
        "198.51.100.1",
        "198.51.100.1, 192.0.2.7",
        "192.0.2.7, 198.51.100.1",
        "unknown",
        "10.0.0.9",
        "192.0.2.7, 10.0.0.9",
        "192.0.2.7,",
        ",",
        "",
    ];
    let list = *random.pick(&lists);
    add(
        request,
        random,
        &[("X-Forwarded-For", list), ("x-real-ip", list), ("x-client-ip", list), ("true-client-ip", list)],
    )
}

pub(super) fn forwarded(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    add(
        request,
        random,
        &[
            ("Forwarded", "for=192.0.2.7"),
            ("Forwarded", "for=198.51.100.1;host=elsewhere.example;proto=https"),
            ("Forwarded", "host=vault.files.example.com"),
            ("Forwarded", "for=192.0.2.7, for=10.0.0.9"),
            ("Forwarded", "for=192.0.2.7,"),
            ("Forwarded", ""),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Prefix", "/vault"),
            ("Via", "1.1 elsewhere"),
        ],
    )
}

/// Through a trusted proxy that writes `Forwarded` alone, with the Host that its client sent, quoted or not.
pub(super) fn behind_a_proxy(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    request.peer = PROXY;
    request.fields.retain(|(name, _)| !name.eq_ignore_ascii_case(b"x-forwarded-for"));
    add(
        request,
        random,
        &[
            ("Forwarded", "for=192.0.2.7"),
            ("Forwarded", "For=\"192.0.2.7:4711\";proto=https"),
            ("Forwarded", "for=198.51.100.1"),
            ("Forwarded", "proto=http;host=\"x;for=192.0.2.7\";for=198.51.100.1"),
            ("Forwarded", "for=198.51.100.1;host=\"x,for=192.0.2.7\""),
            ("Forwarded", "for=198.51.100.1;host=\"x\\\",for=192.0.2.7;by=\\\"\""),
            ("Forwarded", "host=x;for=192.0.2.7;for=198.51.100.1"),
            ("Forwarded", "for=192.0.2.7;host=\"x"),
            ("Forwarded", "for=192.0.2.7; proto=https"),
            ("Forwarded", "for=192.0.2.7, for=10.0.0.9"),
            ("Forwarded", "for=10.0.0.9"),
            ("Forwarded", "for=unknown"),
            ("Forwarded", "proto=https"),
            ("Forwarded", ","),
        ],
    )
}

/// Through a trusted proxy that says nothing of its client.
pub(super) fn silent_proxy(request: &mut RawRequest, _: &Material<'_>, _: &mut Random) -> Option<()> {
    request.peer = PROXY;
    let names: [&[u8]; 2] = [b"x-forwarded-for", b"forwarded"];
    request.fields.retain(|(known, _)| !names.iter().any(|name| known.eq_ignore_ascii_case(name)));
    Some(())
}
