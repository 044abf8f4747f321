//! The limits in a URL beyond S3's own: each holds, and lets through what it allows.

use presign::{Caveats, Method, PresignRequest, Timestamp};

use crate::support::{NOON, TestServer};

/// `Caveats` can be added to, so it is filled in and not written out.
fn limited(fill: impl FnOnce(&mut Caveats)) -> Caveats {
    let mut caveats = Caveats::default();
    fill(&mut caveats);
    caveats
}

#[test]
fn an_upload_has_the_size_that_the_url_allows() {
    let server = TestServer::start();
    let caveats = limited(|caveats| {
        caveats.min_size = Some(3);
        caveats.max_size = Some(5);
    });
    let url = server.presign(&PresignRequest::put("k").caveats(caveats));
    let put = |body: &str| server.call("PUT", &url).body(body).answer();
    put("123456").assert_error(
        400,
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        &[("ProposedSize", "6"), ("MaxSizeAllowed", "5")],
    );
    put("12").assert_error(
        400,
        "EntityTooSmall",
        "Your proposed upload is smaller than the minimum allowed size",
        &[("ProposedSize", "2"), ("MinSizeAllowed", "3")],
    );
    server.get("k").assert_code(404, "NoSuchKey");
    assert_eq!(put("123").status, 200);
    assert_eq!(put("12345").status, 200);
}

#[test]
fn a_url_works_for_its_addresses_only() {
    let server = TestServer::start();
    server.put("k", "hello");
    let from = |network: &str| {
        let caveats = limited(|caveats| caveats.ips = vec![network.parse().unwrap()]);
        server.call("GET", &server.presign(&PresignRequest::get("k").caveats(caveats))).answer()
    };
    assert_eq!(from("127.0.0.0/8").text(), "hello");
    from("192.0.2.0/24").assert_error(403, "AccessDenied", "this URL may not be used from this address", &[]);
}

#[test]
fn a_url_works_from_its_time_on() {
    let server = TestServer::start();
    server.put("k", "hello");
    let caveats = limited(|caveats| caveats.not_before = Some(Timestamp::from_unix(NOON + 60)));
    let url = server.presign(&PresignRequest::get("k").caveats(caveats));
    server.call("GET", &url).answer().assert_code(403, "AccessDenied");
    server.pass(60);
    assert_eq!(server.call("GET", &url).answer().text(), "hello");
}

#[test]
fn a_url_serves_the_methods_it_names() {
    let server = TestServer::start();
    server.put("k", "hello");
    let caveats = limited(|caveats| caveats.methods = vec![Method::Get, Method::Head]);
    let url = server.presign(&PresignRequest::get("k").caveats(caveats));
    assert_eq!(server.call("GET", &url).answer().text(), "hello");
    assert_eq!(server.call("HEAD", &url).answer().status, 200);
    assert_eq!(server.call("DELETE", &url).answer().status, 403);
    let plain = server.presign(&PresignRequest::get("k"));
    assert_eq!(server.call("HEAD", &plain).answer().status, 403);
    assert_eq!(server.get("k").text(), "hello");
}

#[test]
fn an_upload_has_the_type_that_the_url_allows() {
    let server = TestServer::start();
    let caveats = limited(|caveats| caveats.content_type = Some("image/*".to_owned()));
    let url = server.presign(&PresignRequest::put("k").caveats(caveats));
    let put = |kind: &str| server.call("PUT", &url).header("Content-Type", kind).body("x").answer();
    put("text/html").assert_code(403, "AccessDenied");
    // What browsers would take for a page.
    put("image/png;,text/html").assert_code(403, "AccessDenied");
    assert_eq!(put("image/png").status, 200);
    assert_eq!(server.get("k").header("content-type"), Some("image/png"));
}

#[test]
fn a_limit_that_is_not_understood_refuses_the_url() {
    let server = TestServer::start();
    server.put("k", "hello");
    let get = |name: &'static str| {
        server.call("GET", &server.presign(&PresignRequest::get("k").query(name, "1"))).answer()
    };
    get("x-presign-new").assert_code(403, "AccessDenied");
    assert_eq!(get("x-other-new").status, 200);
}
