//! Who is at the other end: the peer itself, or whom a trusted proxy says it speaks for.

use std::net::IpAddr;

use ipnet::IpNet;

/// What is known of the client besides its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address; `None`: its proxies do not say, or contradict each other. That is never the address of a proxy, which
    /// a URL for the inner network would let in.
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
    /// stands left of it the client may have invented. A proxy that writes one of the two kinds of header may pass on the
    /// other as a client sent it; so where both are there and name different clients, the client is not known.
    pub(crate) fn client<'h, V>(&self, peer: IpAddr, header_values: impl Fn(&'static str) -> V) -> Client
    where
        V: Iterator<Item = &'h str>,
    {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            return Client { address: Some(peer), forwarded_host: None, is_behind_proxy: false };
        }
        let hops = header_values("x-forwarded-for").flat_map(|value| value.split(','));
        let listed: Vec<&str> = hops.filter(|hop| !hop.trim().is_empty()).collect();
        let elements: Vec<Element<'h>> = header_values("forwarded").flat_map(elements).collect();
        let by_list = self.rightmost_untrusted(listed.iter().map(|hop| parse_node(hop)));
        let by_elements = self.rightmost_untrusted(elements.iter().map(|hop| hop.node.and_then(parse_node)));
        let address = match (listed.is_empty(), elements.is_empty()) {
            (true, true) => Some(peer),
            (false, true) => by_list,
            (true, false) => by_elements,
            (false, false) => by_list.filter(|_| by_list == by_elements),
        };
        let by_list = header_values("x-forwarded-host").flat_map(|value| value.split(',')).next();
        let by_element = elements.iter().find_map(|element| element.host);
        let host = by_list.or(by_element).map(str::trim).filter(|host| !host.is_empty());
        Client { address, forwarded_host: host.map(str::to_owned), is_behind_proxy: true }
    }

    /// Walks to the left for as long as the hops are trusted proxies. A hop that is no address ends the walk: who stands
    /// there is not known.
    fn rightmost_untrusted(&self, hops: impl DoubleEndedIterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
        let mut known = None;
        for hop in hops.rev() {
            known = hop;
            if !known.is_some_and(|address| self.trust(address)) {
                break;
            }
        }
        known
    }
}

/// What one proxy says in a `Forwarded` header (RFC 7239).
struct Element<'h> {
    node: Option<&'h str>,
    host: Option<&'h str>,
}

fn elements(header: &str) -> impl Iterator<Item = Element<'_>> {
    header.split(',').map(|element| {
        let value_of = |wanted: &str| {
            let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
            let mut values = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
            values.next().map(|(_, value)| value.trim().trim_matches('"'))
        };
        Element { node: value_of("for"), host: value_of("host") }
    })
}

/// An address with or without a port, IPv6 in brackets or bare.
fn parse_node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = if let Some(rest) = text.strip_prefix('[') {
        rest.split(']').next().and_then(|address| address.parse().ok())
    } else {
        text.parse().ok().or_else(|| text.rsplit_once(':').and_then(|(address, _port)| address.parse().ok()))
    };
    address.map(|address: IpAddr| address.to_canonical())
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
        assert_eq!(address(&[]), "10.0.0.1");
        assert_eq!(address(&[("x-forwarded-for", "192.0.2.7")]), "192.0.2.7");
        assert_eq!(address(&[("x-forwarded-for", "203.0.113.9, 192.0.2.7, 10.1.1.1")]), "192.0.2.7");
        assert_eq!(
            address(&[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "192.0.2.7")]),
            "192.0.2.7"
        );
        assert_eq!(address(&[("x-forwarded-for", "192.0.2.7:4711")]), "192.0.2.7");
        assert_eq!(address(&[("x-forwarded-for", "[2001:db8::1]:4711")]), "2001:db8::1");
        assert_eq!(address(&[("x-forwarded-for", "2001:db8::1")]), "2001:db8::1");
        assert_eq!(address(&[("x-forwarded-for", "192.0.2.7, ,")]), "192.0.2.7");
        assert_eq!(address(&[("x-forwarded-for", "192.0.2.7, unknown")]), "unknown");
        assert_eq!(address(&[("x-forwarded-for", "unknown, 10.1.1.1")]), "unknown");
        assert_eq!(address(&[("forwarded", "for=_hidden")]), "unknown");
        assert_eq!(address(&[("x-forwarded-for", "10.2.2.2, 10.1.1.1")]), "10.2.2.2");
        assert_eq!(
            address(&[("forwarded", "for=203.0.113.9, for=\"[2001:db8::1]:80\";proto=https")]),
            "2001:db8::1"
        );
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
        assert_eq!(client(&[("x-forwarded-host", "")]).forwarded_host, None);
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
