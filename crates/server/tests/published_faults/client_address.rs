//! Addresses that a client invents.

use presign::{Caveats, PresignRequest};

use crate::vault;

const SPOOFED: [&str; 6] =
    ["X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "Client-IP"];

/// CVE-2026-21862 (RustFS): `X-Forwarded-For` and `X-Real-IP` were believed from anyone, so that whoever named an allowed
/// address was let in from any other.
#[test]
fn cve_2026_21862_spoofed_client_address() {
    let server = vault::server();
    server.put("k", "hello");
    let url = |network: &str| {
        let mut caveats = Caveats::default();
        caveats.ips = vec![network.parse().unwrap()];
        server.presign(&PresignRequest::get("k").caveats(caveats))
    };
    let (elsewhere, here) = (url("203.0.113.0/24"), url("127.0.0.0/8"));
    for name in SPOOFED {
        let answer = server.call("GET", &elsewhere).header(name, "203.0.113.9").answer();
        answer.assert_code(403, "AccessDenied");
        // Nor does it shut anyone out.
        assert_eq!(server.call("GET", &here).header(name, "203.0.113.9").answer().text(), "hello");
    }
    let forwarded = server.call("GET", &elsewhere).header("Forwarded", "for=203.0.113.9").answer();
    forwarded.assert_code(403, "AccessDenied");
}

/// A proxy that is trusted is believed in what it saw itself, and not in what its client had written before; `X-Real-IP`, of
/// which nobody can tell who wrote it, is believed from nobody.
#[test]
fn cve_2026_21862_spoofed_through_a_trusted_proxy() {
    let server = vault::with(&[("PRESIGN_TRUSTED_PROXIES", "127.0.0.1")]);
    server.put("k", "hello");
    let mut caveats = Caveats::default();
    caveats.ips = vec!["203.0.113.0/24".parse().unwrap()];
    let url = server.presign(&PresignRequest::get("k").caveats(caveats));
    let get = |name: &str, value: &str| server.call("GET", &url).header(name, value).answer();
    get("X-Forwarded-For", "203.0.113.9, 198.51.100.1").assert_code(403, "AccessDenied");
    get("X-Real-IP", "203.0.113.9").assert_code(403, "AccessDenied");
    assert_eq!(get("X-Forwarded-For", "198.51.100.1, 203.0.113.9").text(), "hello");
}
