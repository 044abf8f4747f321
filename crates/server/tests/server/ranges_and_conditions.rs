//! Ranges and conditional reads and writes.

use presign::{Method, Payload, PresignRequest};

use crate::support::{Answer, TestServer};

const ETAG: &str = "\"781e5e245d69b566979b86e28d23f2c7\"";

/// A server with the ten digits under `k`, written at noon.
fn server() -> TestServer {
    let server = TestServer::start();
    assert_eq!(server.put("k", "0123456789").header("etag"), Some(ETAG));
    server
}

fn get(server: &TestServer, headers: &[(&str, &str)]) -> Answer {
    let mut call = server.call("GET", &server.presign(&PresignRequest::get("k")));
    for (name, value) in headers {
        call = call.header(name, value);
    }
    call.answer()
}

#[test]
fn a_range_is_served_with_the_objects_own_headers() {
    let server = server();
    for (range, content_range, body) in [
        ("bytes=2-5", "bytes 2-5/10", "2345"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=-3", "bytes 7-9/10", "789"),
        ("bytes=0-0", "bytes 0-0/10", "0"),
        ("bytes=5-99", "bytes 5-9/10", "56789"),
    ] {
        let answer = get(&server, &[("Range", range)]);
        assert_eq!((answer.status, answer.text().as_str()), (206, body), "{range}");
        assert_eq!(answer.header("content-range"), Some(content_range));
        assert_eq!(answer.header("content-type"), Some("binary/octet-stream"));
        assert_eq!(answer.header("etag"), Some(ETAG));
    }
    let head = server
        .call("HEAD", &server.presign(&PresignRequest::head("k")))
        .header("Range", "bytes=2-5")
        .answer();
    assert_eq!((head.status, head.header("content-length")), (206, Some("4")));
}

#[test]
fn a_range_without_a_byte_is_416_and_a_malformed_one_is_ignored() {
    let server = server();
    let refused = get(&server, &[("Range", "bytes=10-")]);
    refused.assert_error(
        416,
        "InvalidRange",
        "The requested range is not satisfiable",
        &[("RangeRequested", "bytes=10-"), ("ActualObjectSize", "10")],
    );
    assert_eq!(refused.header("content-range"), Some("bytes */10"));
    assert_eq!(get(&server, &[("Range", "bytes=9-")]).text(), "9");
    for ignored in ["bytes=5-2", "bytes=0-1,3-4", "items=0-1"] {
        assert_eq!(get(&server, &[("Range", ignored)]).status, 200, "{ignored}");
    }
}

#[test]
fn a_range_of_a_large_object_is_read_from_its_middle() {
    let server = TestServer::start();
    let body: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    server.put("k", body.clone());
    let answer = get(&server, &[("Range", "bytes=100000-899999")]);
    assert_eq!((answer.status, answer.header("content-length")), (206, Some("800000")));
    assert!(answer.body == body[100_000..900_000], "the bytes differ");
}

#[test]
fn a_copy_that_is_still_good_is_not_sent_again() {
    let server = server();
    let noon = "Sat, 21 Nov 2026 12:00:00 GMT";
    for headers in [&[("If-None-Match", ETAG)], &[("If-None-Match", "*")], &[("If-Modified-Since", noon)]] {
        let answer = get(&server, headers);
        assert_eq!(
            (answer.status, answer.header("etag"), answer.header("last-modified")),
            (304, Some(ETAG), Some(noon))
        );
        assert_eq!((answer.header("content-type"), answer.header("content-length")), (None, None));
    }
    let before = "Sat, 21 Nov 2026 11:59:59 GMT";
    for headers in [&[("If-None-Match", "\"other\"")], &[("If-Modified-Since", before)]] {
        assert_eq!(get(&server, headers).status, 200);
    }
}

#[test]
fn a_condition_that_does_not_hold_is_412() {
    let server = server();
    let before = "Sat, 21 Nov 2026 11:59:59 GMT";
    for (header, value) in [("If-Match", "\"other\""), ("If-Unmodified-Since", before)] {
        get(&server, &[(header, value)]).assert_error(
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            &[("Condition", header)],
        );
    }
    assert_eq!(get(&server, &[("If-Match", ETAG), ("If-Unmodified-Since", before)]).status, 200);
}

#[test]
fn a_range_of_an_object_that_has_changed_is_all_of_it() {
    let server = server();
    let range = ("Range", "bytes=2-5");
    assert_eq!(get(&server, &[range, ("If-Range", ETAG)]).status, 206);
    assert_eq!(get(&server, &[range, ("If-Range", "\"other\"")]).text(), "0123456789");
}

#[test]
fn a_conditional_put_replaces_only_what_it_names() {
    let server = server();
    let put = |value: &str, key: &str| {
        let target = format!("/bucket/{key}");
        server
            .signed_with(Method::Put, &target, Payload::Unsigned, &[("if-match", value)])
            .body("new")
            .answer()
    };
    put("\"other\"", "k").assert_code(412, "PreconditionFailed");
    put(ETAG, "absent").assert_code(404, "NoSuchKey");
    assert_eq!(put(ETAG, "k").status, 200);
    assert_eq!(server.get("k").text(), "new");
}

#[test]
fn of_many_creations_at_once_one_succeeds() {
    let server = server();
    let url = server.presign(&PresignRequest::put("once").create_only());
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> =
            (0..8).map(|_| scope.spawn(|| server.call("PUT", &url).body("x").answer().status)).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
}
