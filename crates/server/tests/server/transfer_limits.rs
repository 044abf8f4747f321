//! How many transfers one link may have under way, and one client address.

use std::io::Write;
use std::net::TcpStream;

use presign::PresignRequest;

use crate::support::{TestServer, read_answer, read_head};

/// Half of the places: the least that a share comes to, whatever the setting says.
const SHARE: usize = 32;
const PLACES: (&str, &str) = ("PRESIGN_LIMITS_CONNECTIONS", "64");
const LINK: (&str, &str) = ("PRESIGN_LIMITS_TRANSFERS_PER_LINK", "50%");
const ADDRESS: (&str, &str) = ("PRESIGN_LIMITS_TRANSFERS_PER_ADDRESS", "100%");

/// Asks to send an upload of ten bytes.
fn begin_upload(server: &TestServer, url: &str, headers: &str) -> (TcpStream, u16) {
    let mut stream = server.connect();
    let head = format!(
        "PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: 10\r\nExpect: 100-continue\r\n{headers}\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let (status, _) = read_head(&mut stream);
    (stream, status)
}

/// As many uploads with one link as it may have.
fn share_of_uploads(server: &TestServer, url: &str, headers: &str) -> Vec<TcpStream> {
    let begin = |_| {
        let (stream, status) = begin_upload(server, url, headers);
        assert_eq!(status, 100);
        stream
    };
    (0..SHARE).map(begin).collect()
}

#[test]
fn the_holder_of_a_link_takes_up_no_more_than_its_share() {
    let server = TestServer::with(&[PLACES, LINK, ADDRESS]);
    server.put("large", vec![7; 200_000]);
    let (url, another) =
        (server.presign(&PresignRequest::put("k")), server.presign(&PresignRequest::put("another")));
    let mut uploads = share_of_uploads(&server, &url, "");
    let answer = server.call("PUT", &url).body("0123456789").answer();
    answer.assert_error(503, "SlowDown", "Please reduce your request rate.", &[]);
    assert_eq!(answer.header("retry-after"), Some("1"));
    // Everybody else goes on, by other links of the same key.
    assert_eq!(server.call("PUT", &another).body("0123456789").answer().status, 200);
    assert_eq!(server.get("large").body.len(), 200_000);
    // And the link, once one of its uploads has ended.
    uploads[0].write_all(b"0123456789").unwrap();
    assert_eq!(read_answer(&mut uploads[0], false).status, 200);
    assert_eq!(server.call("PUT", &url).body("0123456789").answer().status, 200);
}

#[test]
fn downloads_count_while_they_stream() {
    let server = TestServer::with(&[PLACES, LINK, ADDRESS]);
    server.put("large", vec![7; 8 << 20]);
    server.put("small", vec![7; 50_000]);
    let (large, small) =
        (server.presign(&PresignRequest::get("large")), server.presign(&PresignRequest::get("small")));
    let begin = |url: &str| {
        let mut stream = server.connect_with_small_buffer();
        stream.write_all(&server.call("GET", url).to_bytes()).unwrap();
        let (status, _) = read_head(&mut stream);
        (stream, status)
    };
    let stalled: Vec<_> = (0..SHARE).map(|_| begin(&large)).collect();
    assert!(stalled.iter().all(|(_, status)| *status == 200));
    assert_eq!(begin(&large).1, 503);
    assert_eq!(server.call("HEAD", &server.presign(&PresignRequest::head("large"))).answer().status, 200);
    // A small object holds nothing: it is gone with its head.
    let small: Vec<_> = (0..SHARE / 2).map(|_| begin(&small)).collect();
    assert!(small.iter().all(|(_, status)| *status == 200));
}

#[test]
fn clients_behind_a_proxy_are_told_apart() {
    let share = ("PRESIGN_LIMITS_TRANSFERS_PER_ADDRESS", "50%");
    let link = ("PRESIGN_LIMITS_TRANSFERS_PER_LINK", "100%");
    let server = TestServer::with(&[PLACES, link, share, ("PRESIGN_TRUSTED_PROXIES", "127.0.0.1/32")]);
    let url = server.presign(&PresignRequest::put("k"));
    let _uploads = share_of_uploads(&server, &url, "X-Forwarded-For: 192.0.2.7\r\n");
    assert_eq!(begin_upload(&server, &url, "X-Forwarded-For: 192.0.2.7\r\n").1, 503);
    assert_eq!(begin_upload(&server, &url, "X-Forwarded-For: 192.0.2.8\r\n").1, 100);
}

#[test]
fn clients_that_are_not_known_are_not_one_client() {
    let share = ("PRESIGN_LIMITS_TRANSFERS_PER_ADDRESS", "50%");
    let link = ("PRESIGN_LIMITS_TRANSFERS_PER_LINK", "100%");
    let server = TestServer::with(&[PLACES, link, share, ("PRESIGN_TRUSTED_PROXIES", "127.0.0.1/32")]);
    let url = server.presign(&PresignRequest::put("k"));
    let unknown = "X-Forwarded-For: unknown\r\n";
    let _uploads = share_of_uploads(&server, &url, unknown);
    assert_eq!(begin_upload(&server, &url, unknown).1, 100);
}
