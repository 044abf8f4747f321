//! For which host, and from which address, a request may be meant.

use std::net::IpAddr;

use super::target::{OriginForm, decode};
use crate::good::{LIBRARY_HOST, PUBLIC_HOSTS, Place};
use crate::raw::RawRequest;
use crate::recipe::Recipe;

/// Whether the peer is a proxy that the store of that place believes.
fn is_trusted(place: Place, address: IpAddr) -> bool {
    place == Place::Public && matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 10)
}

/// The client's address: the rightmost hop that is no trusted proxy, where a proxy says so.
pub(super) fn client_address(place: Place, request: &RawRequest) -> Option<IpAddr> {
    if !is_trusted(place, request.peer) {
        // An IPv4 peer of a socket that speaks both families is the same peer.
        return Some(request.peer.to_canonical());
    }
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let hops: Vec<String> = request
        .values(b"x-forwarded-for")
        .map(text)
        .flat_map(|value| value.split(',').map(|hop| hop.trim().to_owned()).collect::<Vec<_>>())
        .filter(|hop| !hop.is_empty())
        .collect();
    if hops.is_empty() {
        return request.values(b"forwarded").next().is_none().then_some(request.peer);
    }
    let mut found = None;
    for hop in hops.iter().rev() {
        // With a port or without.
        let address =
            hop.parse().ok().or_else(|| hop.rsplit_once(':').and_then(|(host, _)| host.parse().ok()));
        found = address;
        if !address.is_some_and(|address| is_trusted(place, address)) {
            break;
        }
    }
    found
}

/// Every host that the client may have sent: what arrived, what a trusted proxy says was sent, and, since a proxy may have
/// put its own in the place of it, each public endpoint.
pub(super) fn candidates(place: Place, request: &RawRequest) -> Vec<String> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let mut hosts: Vec<String> = request.values(b"host").map(text).collect();
    if place == Place::Public {
        hosts.extend(PUBLIC_HOSTS.map(str::to_owned));
        if is_trusted(place, request.peer) {
            let forwarded = request.values(b"x-forwarded-host").next().map(text);
            let forwarded =
                forwarded.map(|hosts| hosts.split(',').next().unwrap_or_default().trim().to_owned());
            hosts.extend(forwarded);
            hosts.extend(request.values(b"forwarded").map(text).flat_map(|value| {
                let pairs = value.split([',', ';']).filter_map(|pair| pair.split_once('='));
                let hosts = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("host"));
                hosts.map(|(_, host)| host.trim().trim_matches('"').to_owned()).collect::<Vec<_>>()
            }));
        }
    }
    hosts
}

/// The bucket and the key that a target names, sent to that host: the bucket before one of the place's own hosts, or at the
/// head of the path. `None` where there is no telling.
pub(super) fn bucket_and_key(
    recipe: &Recipe,
    host: &str,
    target: &OriginForm<'_>,
) -> Option<(Vec<u8>, Vec<u8>)> {
    let bases: Vec<String> = match recipe.place {
        Place::Library => vec![LIBRARY_HOST.to_owned()],
        Place::Public => PUBLIC_HOSTS.map(str::to_owned).to_vec(),
        // The port is the store's, known from the recipe.
        Place::Plain => vec![format!("localhost:{}", recipe.endpoint.rsplit_once(':')?.1)],
    };
    let host = host.to_ascii_lowercase();
    let path = target.path.strip_prefix(b"/")?;
    for base in bases {
        if let Some(bucket) = host.strip_suffix(&base).and_then(|before| before.strip_suffix('.')) {
            return Some((bucket.as_bytes().to_vec(), decode(path)?));
        }
    }
    let slash = path.iter().position(|byte| *byte == b'/')?;
    Some((decode(&path[..slash])?, decode(&path[slash + 1..])?))
}
