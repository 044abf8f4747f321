//! Public endpoints and proxies: which Host a signature may have been made for, and whose address counts.

use std::io::Write;

use presign::{BucketUrl, Caveats, PresignRequest};

use crate::support::{Answer, TestServer, noon, read_answer, signer, target_of};

const PUBLIC: &str = "PRESIGN_PUBLIC_ENDPOINTS";
const PROXIES: &str = "PRESIGN_TRUSTED_PROXIES";

/// The target of a URL for `k` at `bucket`.
fn url_at(bucket: &BucketUrl, request: &PresignRequest<'_>) -> String {
    target_of(signer().presign(bucket, request, noon()).unwrap().as_str())
}

fn path_style(endpoint: &str) -> BucketUrl {
    BucketUrl::path_style(endpoint, "bucket").unwrap()
}

/// A server with settings whose object `k` was put by a request that was signed for one of its own hosts.
fn server_with(settings: &[(&str, &str)], own: &str) -> TestServer {
    let data = {
        let server = TestServer::start();
        server.put("k", "hello");
        server.end()
    };
    let server = TestServer::on(data, settings);
    let target = url_at(&path_style(own), &PresignRequest::get("k"));
    let host = path_style(own).host().to_owned();
    assert_eq!(server.call("GET", &target).host(&host).answer().text(), "hello");
    server
}

fn get(server: &TestServer, target: &str, host: &str, headers: &[(&str, &str)]) -> Answer {
    let mut call = server.call("GET", target).host(host);
    for (name, value) in headers {
        call = call.header(name, value);
    }
    call.answer()
}

#[test]
fn without_endpoints_the_received_host_is_the_signed_one() {
    let server = server_with(&[], "http://anything.example:1234");
    let target = url_at(&path_style("http://anything.example:1234"), &PresignRequest::get("k"));
    get(&server, &target, "other.example:1234", &[]).assert_code(403, "SignatureDoesNotMatch");
}

#[test]
fn a_proxy_that_rewrites_the_host_does_not_break_links() {
    let endpoints = "https://files.example.com,https://cdn.example.com";
    let server = server_with(&[(PUBLIC, endpoints)], "https://files.example.com");
    for endpoint in ["https://files.example.com", "https://cdn.example.com"] {
        let target = url_at(&path_style(endpoint), &PresignRequest::get("k"));
        assert_eq!(get(&server, &target, "127.0.0.1:9000", &[]).text(), "hello");
    }
    let elsewhere = url_at(&path_style("https://elsewhere.example.com"), &PresignRequest::get("k"));
    get(&server, &elsewhere, "elsewhere.example.com", &[]).assert_code(403, "SignatureDoesNotMatch");
    get(&server, &elsewhere, "cdn.example.com", &[]).assert_code(403, "SignatureDoesNotMatch");
    // The proxy may know this server by another of its endpoints.
    let target = url_at(&path_style("https://files.example.com"), &PresignRequest::get("k"));
    assert_eq!(get(&server, &target, "cdn.example.com", &[]).text(), "hello");
}

#[test]
fn a_bucket_before_an_endpoint_is_the_virtual_hosted_style() {
    let server = server_with(&[(PUBLIC, "https://files.example.com")], "https://files.example.com");
    let bucket = BucketUrl::virtual_hosted("https://files.example.com", "bucket").unwrap();
    let target = url_at(&bucket, &PresignRequest::get("k"));
    assert!(target.starts_with("/k?"), "{target}");
    assert_eq!(get(&server, &target, "bucket.files.example.com", &[]).text(), "hello");
    get(&server, &target, "other.files.example.com", &[]).assert_code(403, "SignatureDoesNotMatch");
    let old = signer().presign_sigv2(&bucket, &PresignRequest::get("k"), noon()).unwrap();
    assert_eq!(get(&server, &target_of(old.as_str()), "bucket.files.example.com", &[]).text(), "hello");
}

#[test]
fn localhost_has_virtual_hosts_without_any_setting() {
    let server = TestServer::start();
    server.put("k", "hello");
    let endpoint = format!("http://localhost:{}", server.address.port());
    let bucket = BucketUrl::virtual_hosted(&endpoint, "bucket").unwrap();
    let target = url_at(&bucket, &PresignRequest::get("k"));
    assert_eq!(get(&server, &target, bucket.host(), &[]).text(), "hello");
}

#[test]
fn the_forwarded_host_counts_from_a_trusted_proxy_alone() {
    let target = url_at(&path_style("https://files.example.com"), &PresignRequest::get("k"));
    let forwarded = [("X-Forwarded-Host", "files.example.com")];
    let trusting = server_with(&[(PROXIES, "127.0.0.1")], "http://inner:9000");
    assert_eq!(get(&trusting, &target, "inner:9000", &forwarded).text(), "hello");
    let standard = [("Forwarded", "for=192.0.2.7;host=files.example.com;proto=https")];
    assert_eq!(get(&trusting, &target, "inner:9000", &standard).text(), "hello");
    let wary = server_with(&[(PROXIES, "192.0.2.0/24")], "http://inner:9000");
    get(&wary, &target, "inner:9000", &forwarded).assert_code(403, "SignatureDoesNotMatch");
}

#[test]
fn the_forwarded_address_counts_from_a_trusted_proxy_alone() {
    let mut caveats = Caveats::default();
    caveats.ips = vec!["192.0.2.0/24".parse().unwrap()];
    let request = PresignRequest::get("k").caveats(caveats);
    let target = url_at(&path_style("http://inner:9000"), &request);
    let from = |server: &TestServer, addresses: &str| {
        get(server, &target, "inner:9000", &[("X-Forwarded-For", addresses)])
    };
    let trusting = server_with(&[(PROXIES, "127.0.0.0/8")], "http://inner:9000");
    assert_eq!(from(&trusting, "192.0.2.7").text(), "hello");
    // The client invented the first; the proxy saw the second.
    from(&trusting, "192.0.2.7, 203.0.113.9").assert_code(403, "AccessDenied");
    let wary = server_with(&[], "http://inner:9000");
    from(&wary, "192.0.2.7").assert_code(403, "AccessDenied");
}

/// A client that adds the kind of header which its proxy passes on must not be taken for the proxy.
#[test]
fn a_client_behind_a_proxy_is_never_taken_for_the_proxy() {
    let mut caveats = Caveats::default();
    caveats.ips = vec!["127.0.0.0/8".parse().unwrap()];
    let target = url_at(&path_style("http://inner:9000"), &PresignRequest::get("k").caveats(caveats));
    let server = server_with(&[(PROXIES, "127.0.0.1")], "http://inner:9000");
    let from = |headers: &[(&str, &str)]| get(&server, &target, "inner:9000", headers);
    let outside = ("X-Forwarded-For", "203.0.113.9");
    from(&[outside]).assert_code(403, "AccessDenied");
    from(&[outside, ("Forwarded", "for=198.51.100.1")]).assert_code(403, "AccessDenied");
    from(&[outside, ("Forwarded", "for=unknown")]).assert_code(403, "AccessDenied");
    from(&[("X-Forwarded-For", "unknown")]).assert_code(403, "AccessDenied");
    let inside = ("X-Forwarded-For", "127.0.0.7");
    assert_eq!(from(&[inside]).text(), "hello");
    assert_eq!(from(&[inside, ("Forwarded", "for=127.0.0.7")]).text(), "hello");
}

/// The proxies' own network is the inner one, to which a URL may well be limited.
#[test]
fn a_proxy_that_does_not_name_its_client_is_not_taken_for_the_client() {
    let mut caveats = Caveats::default();
    caveats.ips = vec!["127.0.0.0/8".parse().unwrap()];
    let target = url_at(&path_style("http://inner:9000"), &PresignRequest::get("k").caveats(caveats));
    let server = server_with(&[(PROXIES, "127.0.0.1,127.0.0.2")], "http://inner:9000");
    let from = |headers: &[(&str, &str)]| get(&server, &target, "inner:9000", headers);
    from(&[]).assert_code(403, "AccessDenied");
    for name in ["X-Forwarded-For", "Forwarded"] {
        for nothing in ["", ",", "127.0.0.2", "for=127.0.0.2", "for=127.0.0.7,"] {
            from(&[(name, nothing)]).assert_code(403, "AccessDenied");
        }
    }
    assert_eq!(from(&[("X-Forwarded-For", "127.0.0.7, 127.0.0.2")]).text(), "hello");
    assert_eq!(from(&[("Forwarded", "for=127.0.0.7, for=127.0.0.2")]).text(), "hello");
    // Nobody stands between, where no proxy is trusted.
    let direct = server_with(&[], "http://inner:9000");
    assert_eq!(get(&direct, &target, "inner:9000", &[]).text(), "hello");
}

/// What a client sends as its Host stands in a quoted string of `Forwarded`, and may hold what separates elements.
#[test]
fn a_host_that_a_proxy_quotes_names_no_address() {
    let mut caveats = Caveats::default();
    caveats.ips = vec!["203.0.113.0/24".parse().unwrap()];
    let target = url_at(&path_style("http://inner:9000"), &PresignRequest::get("k").caveats(caveats));
    let server = server_with(&[(PROXIES, "127.0.0.1")], "http://inner:9000");
    let from = |forwarded: &str| get(&server, &target, "inner:9000", &[("Forwarded", forwarded)]);
    for spoofed in [
        "proto=http;host=\"x;for=203.0.113.9\";for=198.51.100.7",
        "for=198.51.100.7;host=\"x,for=203.0.113.9\"",
        "host=x;for=203.0.113.9;for=198.51.100.7",
        "for=203.0.113.9;host=\"x",
    ] {
        from(spoofed).assert_code(403, "AccessDenied");
    }
    assert_eq!(from("proto=http;host=\"x;for=198.51.100.7\";for=203.0.113.9").text(), "hello");
}

#[test]
fn two_hosts_are_one_too_many() {
    let server = server_with(&[], "http://inner:9000");
    let target = url_at(&path_style("http://inner:9000"), &PresignRequest::get("k"));
    get(&server, &target, "inner:9000", &[("Host", "other:9000")]).assert_code(400, "InvalidRequest");
    assert_eq!(get(&server, &target, "inner:9000", &[]).status, 200);
}

/// Behind a proxy any Host may have been signed for, so that nothing but the rules of HTTP is against these.
#[test]
fn a_request_without_a_host_or_with_what_is_none_is_refused() {
    let server = server_with(&[(PUBLIC, "https://files.example.com")], "https://files.example.com");
    let target = url_at(&path_style("https://files.example.com"), &PresignRequest::get("k"));
    let get = |version: &str, fields: &str| {
        let mut stream = server.connect();
        write!(stream, "GET {target} HTTP/{version}\r\n{fields}\r\n").unwrap();
        read_answer(&mut stream, false)
    };
    for host in ["inner:9000", "under_score", "[::1]:9000", ""] {
        assert_eq!(get("1.1", &format!("Host: {host}\r\n")).text(), "hello", "{host}");
    }
    get("1.1", "").assert_error(400, "InvalidRequest", "The request has no Host header", &[]);
    assert_eq!(get("1.0", "").text(), "hello");
    for version in ["1.1", "1.0"] {
        for other in ["inner:port", "inner/", "me@inner", "inner, other", "[::1", "[inner]", "h\u{f6}st"] {
            let refused = get(version, &format!("Host: {other}\r\n"));
            let message = "The Host header is not a host, or a host and a port";
            refused.assert_error(400, "InvalidRequest", message, &[]);
        }
        get(version, "Host: inner\r\nHost: inner\r\n").assert_code(400, "InvalidRequest");
    }
}

#[test]
fn a_host_in_the_request_line_is_the_same_host() {
    let server = server_with(&[], "http://inner:9000");
    let target = url_at(&path_style("http://inner:9000"), &PresignRequest::get("k"));
    let get = |line: String| get(&server, &line, "inner:9000", &[]);
    assert_eq!(get(format!("http://inner:9000{target}")).text(), "hello");
    assert_eq!(get(format!("http://INNER:9000{target}")).text(), "hello");
    for other in ["other:9000", "inner", "me@inner:9000"] {
        get(format!("http://{other}{target}")).assert_code(400, "InvalidRequest");
    }
}

#[test]
fn a_forwarded_host_that_is_not_ours_does_not_count() {
    let settings = [(PROXIES, "127.0.0.1"), (PUBLIC, "https://files.example.com")];
    let server = server_with(&settings, "https://files.example.com");
    let get_by = |endpoint: &str, forwarded: &str| {
        let target = url_at(&path_style(endpoint), &PresignRequest::get("k"));
        get(&server, &target, "inner:9000", &[("X-Forwarded-Host", forwarded)])
    };
    assert_eq!(get_by("https://files.example.com", "files.example.com").text(), "hello");
    // The same key signs for another server, and its proxy passes on what the client says.
    let staging = get_by("https://staging.example.com", "staging.example.com");
    staging.assert_code(403, "SignatureDoesNotMatch");
}
