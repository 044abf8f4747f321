//! `Forwarded` and `X-Forwarded-*`.

use std::net::IpAddr;
use std::sync::LazyLock;

use ipnet::IpNet;
use presign_server::fuzzing::Proxies;

use crate::lines::lines;

static PROXIES_NETWORK: LazyLock<IpNet> = LazyLock::new(|| "10.0.0.0/8".parse().unwrap());
static PROXIES: LazyLock<Proxies> = LazyLock::new(|| Proxies::new(vec![*PROXIES_NETWORK]));
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
    // Also in the other header, if it can be read: a client may have left a quoted text open in it.
    let of_elements = |elements: &str| client(PROXY, "", elements).0;
    let appended = of_elements(&format!("{elements}, for=192.0.2.7"));
    assert!(appended.is_none() || appended == "192.0.2.7".parse().ok());
    assert_eq!(appended.is_some(), of_elements(&format!("{elements}, for=192.0.2.8")).is_some());
    // Nor does what a client sent as its Host, which its proxy quotes, say who it is.
    let quoted = host.replace('\\', "\\\\").replace('"', "\\\"");
    let is_text = quoted.chars().all(|c| c == '\t' || (c >= ' ' && c != '\u{7f}'));
    let expected = is_text.then(|| "192.0.2.7".parse().unwrap());
    assert_eq!(of_elements(&format!("for=192.0.2.7;host=\"{quoted}\"")), expected);
    assert_eq!(of_elements(&format!("host=\"{quoted}\";for=192.0.2.7")), expected);
    // A proxy that says nothing is never taken for its client.
    assert_eq!(client(PROXY, "", "").0, None);
    assert!(!client(PROXY, list, elements).0.is_some_and(|address| PROXIES_NETWORK.contains(&address)));
    // Where the two say different things nobody is named; never an address that neither says.
    let (both, by_list, by_elements) =
        (client(PROXY, list, elements).0, client(PROXY, list, "").0, client(PROXY, "", elements).0);
    assert!(both.is_none() || both == by_list || both == by_elements);
}
