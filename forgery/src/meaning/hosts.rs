//! For which host, and from which address, a request may be meant.

use std::net::IpAddr;

use super::forwarded;
use super::target::{OriginForm, decode};
use crate::good::{LIBRARY_HOST, PUBLIC_HOSTS, Place};
use crate::raw::RawRequest;
use crate::recipe::Recipe;

/// Whether the peer is a proxy that the store of that place believes.
fn is_trusted(place: Place, address: IpAddr) -> bool {
    place == Place::Public && matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 10)
}

/// The client's address: the rightmost hop that is no trusted proxy, where proxies say so. `None` where a proxy does not say
/// who sent it the request, or says it in words that are not of the grammar; and where two headers tell two stories.
pub(super) fn client_address(place: Place, request: &RawRequest) -> Option<IpAddr> {
    if !is_trusted(place, request.peer) {
        // An IPv4 peer of a socket that speaks both families is the same peer.
        return Some(request.peer.to_canonical());
    }
    let mut stories: Vec<Option<IpAddr>> = Vec::new();
    let lists: Vec<String> = request.values(b"x-forwarded-for").map(text).collect();
    if !lists.is_empty() {
        let hops = lists.join(",");
        stories.push(last_outsider(place, hops.split(',').map(|hop| forwarded::listed(hop.trim()))));
    }
    let values: Vec<String> = request.values(b"forwarded").map(text).collect();
    if !values.is_empty() {
        let elements: Option<Vec<_>> = values.iter().map(|value| forwarded::elements(value)).collect();
        let hops = elements.into_iter().flatten().flatten();
        stories.push(last_outsider(place, hops.map(|element| forwarded::sender(&element))));
    }
    match stories[..] {
        [only] => only,
        [one, other] if one == other => one,
        _ => None,
    }
}

/// The last of the hops that is no trusted proxy; `None` where that is none, or nobody knows whose it is.
fn last_outsider(place: Place, hops: impl Iterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
    hops.filter(|hop| !hop.is_some_and(|address| is_trusted(place, address))).last().flatten()
}

/// UTF-8 where it is that, Latin-1 otherwise.
fn text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    }
}

/// Every host that the client may have sent: what arrived, what a trusted proxy says was sent, and, since a proxy may have
/// put its own in the place of it, each public endpoint.
pub(super) fn candidates(place: Place, request: &RawRequest) -> Vec<String> {
    let mut hosts: Vec<String> = request.values(b"host").map(text).collect();
    if place == Place::Public {
        hosts.extend(PUBLIC_HOSTS.map(str::to_owned));
        if is_trusted(place, request.peer) {
            let forwarded = request.values(b"x-forwarded-host").next().map(text);
            let forwarded =
                forwarded.map(|hosts| hosts.split(',').next().unwrap_or_default().trim().to_owned());
            hosts.extend(forwarded);
            let elements =
                request.values(b"forwarded").map(text).filter_map(|value| forwarded::elements(&value));
            hosts.extend(elements.flatten().filter_map(|element| forwarded::host(&element)));
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
