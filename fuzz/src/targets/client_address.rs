//! `Forwarded` and `X-Forwarded-*`.

use std::net::IpAddr;
use std::sync::LazyLock;

use presign_server::fuzzing::Proxies;

use crate::lines::lines;

static PROXIES: LazyLock<Proxies> = LazyLock::new(|| Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]));
const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));

/// X-Forwarded-For, Forwarded, X-Forwarded-Host.
pub fn run(input: &[u8]) {
    let Some([list, elements, host]) = lines(input) else { return };
    let client = |peer, list: &str, elements: &str| {
        PROXIES.client(peer, |name| {
            let value = match name {
                "x-forwarded-for" => list,
                "forwarded" => elements,
                "x-forwarded-host" => host,
                _ => "",
            };
            Some(value).filter(|value| !value.is_empty()).into_iter()
        })
    };
    // Nobody but a trusted proxy is believed.
    assert_eq!(client(STRANGER, list, elements), (Some(STRANGER), None));
    let (_, sent_host) = client(PROXY, list, elements);
    if let Some(sent_host) = sent_host {
        assert!(!sent_host.is_empty() && sent_host == sent_host.trim());
    }
    // Whatever stands before it, the hop that the proxy itself wrote down last is the client.
    let appended = format!("{list}, 192.0.2.7");
    assert_eq!(client(PROXY, &appended, "").0, "192.0.2.7".parse().ok());
    let through_two = format!("{list}, 192.0.2.7, 10.9.9.9");
    assert_eq!(client(PROXY, &through_two, "").0, "192.0.2.7".parse().ok());
    // Also in the other header, unless a client left a quoted text open in it.
    let forwarded = format!("{elements}, for=192.0.2.7");
    assert_eq!(client(PROXY, "", &forwarded).0, "192.0.2.7".parse().ok());
    // Where the two say different things nobody is named; never an address that neither says.
    let (both, by_list, by_elements) =
        (client(PROXY, list, elements).0, client(PROXY, list, "").0, client(PROXY, "", elements).0);
    assert!(both.is_none() || both == by_list || both == by_elements);
}
