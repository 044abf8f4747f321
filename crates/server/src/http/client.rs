//! Who is at the other end: the peer itself, or whom a trusted proxy says it speaks for.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::forwarded::{self, Element};
use super::host_field::is_host;

/// What is known of the client besides its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address; `None`: its proxies do not say, or contradict each other. It is never the address of a trusted proxy,
    /// for a URL that is limited to the inner network would then let everybody in.
    pub(crate) address: Option<IpAddr>,
    /// The Host that it sent, where a trusted proxy passes on another.
    pub(crate) forwarded_host: Option<String>,
    /// Whether a trusted proxy speaks for it.
    pub(crate) is_behind_proxy: bool,
}

/// The networks whose `Forwarded` and `X-Forwarded-*` headers are believed.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Finds the client behind `peer`. `header_values` gives the values of a header by its lower-case name.
    ///
    /// Of the addresses that a chain of proxies wrote down, the rightmost that is not a trusted proxy is the client: what
    /// stands left of it the client may have invented. Where a trusted proxy does not say who sent it the request, in either
    /// header or in words that can be read, the client is not known. A proxy that writes one of the two kinds of header may
    /// pass on the other as a client sent it; so where both are there and name different clients, the client is not known.
    pub(crate) fn client<'h, V>(&self, peer: IpAddr, header_values: impl Fn(&'static str) -> V) -> Client
    where
        V: Iterator<Item = &'h str>,
    {
        if let Some(peer) = self.known_without_headers(peer) {
            return Client { address: Some(peer), forwarded_host: None, is_behind_proxy: false };
        }
        let listed: Vec<&str> =
            header_values("x-forwarded-for").flat_map(|value| value.split(',').map(str::trim)).collect();
        let is_forwarded = header_values("forwarded").next().is_some();
        // One value that cannot be read, and none of them says where the others begin.
        let elements: Option<Vec<Vec<Element<'h>>>> =
            header_values("forwarded").map(forwarded::parse).collect();
        let elements: Vec<Element<'h>> = elements.unwrap_or_default().into_iter().flatten().collect();
        let by_list = self.rightmost_untrusted(listed.iter().map(|hop| listed_address(hop)));
        let by_elements = self.rightmost_untrusted(
            elements.iter().map(|element| element.sender.as_deref().and_then(forwarded::node_address)),
        );
        let address = match (listed.is_empty(), is_forwarded) {
            (_, false) => by_list,
            (true, true) => by_elements,
            (false, true) => by_list.filter(|_| by_list == by_elements),
        };
        let by_list = header_values("x-forwarded-host").flat_map(|value| value.split(',')).next();
        let by_element = elements.iter().find_map(|element| element.host.as_deref());
        let host = by_list.or(by_element).map(|host| host.trim_matches([' ', '\t']));
        let host = host.filter(|host| !host.is_empty() && is_host(host));
        Client { address, forwarded_host: host.map(str::to_owned), is_behind_proxy: true }
    }

    /// The client that needs no header to be known: `peer` itself, unless it is a trusted proxy.
    pub(crate) fn known_without_headers(&self, peer: IpAddr) -> Option<IpAddr> {
        Some(peer.to_canonical()).filter(|peer| !self.trust(*peer))
    }

    /// Walks to the left, past the hops that are trusted proxies. A hop that is no address ends the walk: who stands there
    /// is not known. So it is when there are only proxies: the first of them has not said who sent it the request.
    fn rightmost_untrusted(&self, hops: impl DoubleEndedIterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
        hops.rev().find(|hop| !hop.is_some_and(|address| self.trust(address))).flatten()
    }
}

/// The address of one entry of `X-Forwarded-For`, of which there is no standard: as in `Forwarded`, and an IPv6 address also
/// without its brackets. An empty entry is nobody's address.
fn listed_address(entry: &str) -> Option<IpAddr> {
    let bare = entry.parse::<Ipv6Addr>().ok().map(|address| IpAddr::from(address).to_canonical());
    bare.or_else(|| forwarded::node_address(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(headers: &[(&'static str, &'static str)]) -> Client {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        proxies.client("10.0.0.1".parse().unwrap(), |name| {
            headers.iter().filter(move |(known, _)| *known == name).map(|(_, value)| *value)
        })
    }

    fn address(headers: &[(&'static str, &'static str)]) -> String {
        client(headers).address.map_or("unknown".to_owned(), |address| address.to_string())
    }

    #[test]
    fn the_rightmost_untrusted_hop_is_the_client() {
        assert_eq!(address(&[("x-forwarded-for", "192.0.2.7")]), "192.0.2.7");
        assert_eq!(address(&[("x-forwarded-for", "203.0.113.9, 192.0.2.7, 10.1.1.1")]), "192.0.2.7");
        assert_eq!(
            address(&[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "192.0.2.7")]),
            "192.0.2.7"
        );
        assert_eq!(address(&[("x-forwarded-for", "192.0.2.7:4711")]), "192.0.2.7");
        assert_eq!(address(&[("x-forwarded-for", "[2001:db8::1]:4711")]), "2001:db8::1");
        assert_eq!(address(&[("x-forwarded-for", "2001:db8::1")]), "2001:db8::1");
        assert_eq!(address(&[("x-forwarded-for", ", 192.0.2.7")]), "192.0.2.7");
        assert_eq!(address(&[("x-forwarded-for", "192.0.2.7, unknown")]), "unknown");
        assert_eq!(address(&[("x-forwarded-for", "unknown, 10.1.1.1")]), "unknown");
        assert_eq!(address(&[("forwarded", "for=_hidden")]), "unknown");
        assert_eq!(
            address(&[("forwarded", "for=203.0.113.9, for=\"[2001:db8::1]:80\";proto=https")]),
            "2001:db8::1"
        );
    }

    /// A limit to the proxies' own network would let everybody in.
    #[test]
    fn a_proxy_that_says_nothing_is_not_the_client() {
        assert_eq!(address(&[]), "unknown");
        for nothing in
            ["", ",", " , ", "192.0.2.7,", "192.0.2.7, ,", "10.1.1.1", "10.2.2.2, 10.1.1.1", ",10.1.1.1"]
        {
            assert_eq!(address(&[("x-forwarded-for", nothing)]), "unknown", "{nothing:?}");
        }
        for nothing in
            ["", ",", "for=192.0.2.7,", "proto=http", "for=10.1.1.1", "for=192.0.2.7, host=a, for=10.1.1.1"]
        {
            assert_eq!(address(&[("forwarded", nothing)]), "unknown", "{nothing:?}");
        }
        assert_eq!(address(&[("x-forwarded-for", "192.0.2.7"), ("forwarded", "")]), "unknown");
        assert_eq!(address(&[("x-forwarded-for", ""), ("forwarded", "for=192.0.2.7")]), "unknown");
    }

    /// What a client wrote into its Host stands in a quoted string.
    #[test]
    fn a_client_does_not_name_its_address_in_its_host() {
        for value in [
            "proto=http;host=\"x;for=203.0.113.9\";for=198.51.100.7",
            "for=198.51.100.7;host=\"x,for=203.0.113.9\"",
            "for=198.51.100.7;host=\"x\\\",for=203.0.113.9;by=\\\"\"",
        ] {
            assert_eq!(address(&[("forwarded", value)]), "198.51.100.7", "{value}");
        }
        // A proxy that does not quote it: the element then has two senders, and none is believed.
        assert_eq!(address(&[("forwarded", "host=x;for=203.0.113.9;for=198.51.100.7")]), "unknown");
        assert_eq!(address(&[("forwarded", "for=198.51.100.7;host=x;for=203.0.113.9")]), "unknown");
    }

    #[test]
    fn what_cannot_be_read_names_nobody() {
        for value in [
            "for=198.51.100.7;host=\"x",
            "for=198.51.100.7; proto=http",
            "for=198.51.100.7:80",
            "for=\"2001:db8::1\"",
        ] {
            assert_eq!(address(&[("forwarded", value)]), "unknown", "{value}");
            assert_eq!(
                address(&[("forwarded", value), ("forwarded", "for=192.0.2.7")]),
                match value {
                    "for=\"2001:db8::1\"" => "192.0.2.7",
                    _ => "unknown",
                }
            );
        }
        for list in [
            "192.0.2.7:",
            "192.0.2.7:x",
            "[192.0.2.7]",
            "2001:db8::1%eth0",
            "192.0.2.7 192.0.2.8",
            "for=192.0.2.7",
        ] {
            assert_eq!(address(&[("x-forwarded-for", list)]), "unknown", "{list}");
        }
        assert_eq!(address(&[("forwarded", "for=\"192.0.2.7:80\"")]), "192.0.2.7");
    }

    #[test]
    fn two_kinds_of_header_must_agree() {
        let agree = [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=192.0.2.7")];
        assert_eq!(address(&agree), "192.0.2.7");
        let differ = [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=198.51.100.1")];
        // Not the proxy's own, which is of the inner network.
        assert_eq!(address(&differ), "unknown");
    }

    #[test]
    fn the_forwarded_host_is_the_clients() {
        assert_eq!(
            client(&[("x-forwarded-host", "a.example, b.example")]).forwarded_host.as_deref(),
            Some("a.example")
        );
        assert_eq!(
            client(&[("forwarded", "for=1.1.1.1;host=\"a.example:8\"")]).forwarded_host.as_deref(),
            Some("a.example:8")
        );
        for other in ["", "a.example/", "a.example b", "\"a.example\"", ", a.example"] {
            assert_eq!(client(&[("x-forwarded-host", other)]).forwarded_host, None, "{other:?}");
        }
        for other in ["host=\"a.example/\"", "host=\"a.example", "host=a;host=b"] {
            assert_eq!(client(&[("forwarded", other)]).forwarded_host, None, "{other:?}");
        }
    }

    #[test]
    fn a_peer_that_is_no_trusted_proxy_is_the_client_itself() {
        let headers = |name| ["192.0.2.7"].into_iter().filter(move |_| name == "x-forwarded-for");
        let nobody = TrustedProxies::default().client("10.0.0.1".parse().unwrap(), headers);
        assert_eq!(
            nobody,
            Client { address: "10.0.0.1".parse().ok(), forwarded_host: None, is_behind_proxy: false }
        );
        // An IPv4 peer of a socket that speaks both families.
        let mapped = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(
            mapped.client("::ffff:10.0.0.1".parse().unwrap(), headers).address,
            "192.0.2.7".parse().ok()
        );
    }
}
