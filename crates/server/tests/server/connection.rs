//! Connections: held-back bodies, uploads that break off, and the end of the server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::RangeInclusive;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use presign::{Method, PresignRequest};

use crate::support::{BUCKET, TestServer, read_answer, read_head};

#[test]
fn a_held_back_body_is_asked_for_once_the_request_is_allowed() {
    let server = TestServer::start();
    let head = |url: &str| {
        format!(
            "PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
            server.address
        )
    };
    let url = server.presign(&PresignRequest::put("k"));
    let mut stream = server.connect();
    stream.write_all(head(&url).as_bytes()).unwrap();
    assert_eq!(read_head(&mut stream).0, 100);
    stream.write_all(b"hello").unwrap();
    assert_eq!(read_answer(&mut stream, false).status, 200);

    let mut stream = server.connect();
    stream.write_all(head(&url.replace("/k?", "/other?")).as_bytes()).unwrap();
    // The first answer is the refusal, without a 100 before it.
    let (status, headers) = read_head(&mut stream);
    assert_eq!(status, 403);
    assert!(headers.contains(&("connection".to_owned(), "close".to_owned())), "{headers:?}");
    server.get("other").assert_code(404, "NoSuchKey");
}

#[test]
fn who_asked_for_a_100_and_got_none_is_told_that_the_connection_ends() {
    let server = TestServer::start();
    let url = server.presign(&PresignRequest::put("k"));
    let put = format!(
        "PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n",
        server.address
    );
    let mut stream = server.connect();
    stream.write_all(put.as_bytes()).unwrap();
    let (status, headers) = read_head(&mut stream);
    assert_eq!(status, 200);
    assert!(headers.contains(&("connection".to_owned(), "close".to_owned())), "{headers:?}");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    assert_eq!(server.get("k").status, 200);
}

#[test]
fn an_upload_that_breaks_off_stores_nothing() {
    let server = TestServer::start();
    for size in [100, 1_000_000] {
        let url = server.presign(&PresignRequest::put("k"));
        let head =
            format!("PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: {size}\r\n\r\n", server.address);
        let mut stream = server.connect();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&vec![1; size - 1]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        server.get("k").assert_code(404, "NoSuchKey");
    }
}

#[test]
fn a_length_and_chunks_at_once_are_not_believed() {
    let server = TestServer::start();
    let url = server.presign(&PresignRequest::put("k"));
    let request = format!(
        "PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        server.address
    );
    let mut stream = server.connect();
    stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(read_answer(&mut stream, false).status, 411);
    server.get("k").assert_code(404, "NoSuchKey");
}

#[test]
fn a_connection_goes_on_after_a_refusal_with_a_short_body() {
    let server = TestServer::start();
    let refused = server.call("PUT", "/bucket/k").body("short");
    let good = server.signed(Method::Put, "/bucket/k").body("hello");
    let mut stream = server.connect();
    stream.write_all(&refused.to_bytes()).unwrap();
    let refusal = read_answer(&mut stream, false);
    refusal.assert_code(403, "AccessDenied");
    assert_eq!(refusal.header("connection"), None);
    stream.write_all(&good.to_bytes()).unwrap();
    assert_eq!(read_answer(&mut stream, false).status, 200);
}

#[test]
fn a_client_that_sends_on_still_reads_its_refusal() {
    let server = TestServer::start();
    let refused = server.call("PUT", "/bucket/k").body(vec![0; 4_000_000]);
    let mut stream = server.connect();
    // All of the body goes out before the answer is looked at, as Python's clients have it.
    stream.write_all(&refused.to_bytes()).unwrap();
    let refusal = read_answer(&mut stream, false);
    refusal.assert_code(403, "AccessDenied");
    assert_eq!(refusal.header("connection"), Some("close"));
}

#[test]
fn a_running_upload_finishes_when_the_server_stops() {
    let mut server = TestServer::start();
    let url = server.presign(&PresignRequest::put("k"));
    let head = format!("PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: 10\r\n\r\n01234", server.address);
    let mut running = server.connect();
    running.write_all(head.as_bytes()).unwrap();
    let mut idle = server.connect();
    idle.write_all(&server.signed(Method::Head, "/bucket").to_bytes()).unwrap();
    assert_eq!(read_answer(&mut idle, true).status, 200);

    server.stop();
    // The idle connection is closed while the upload still runs.
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    assert!(std::net::TcpStream::connect(server.address).is_err());
    running.write_all(b"56789").unwrap();
    assert_eq!(read_answer(&mut running, false).status, 200);

    let again = TestServer::on(server.end(), &[]);
    assert_eq!(again.get("k").text(), "0123456789");
}

#[test]
fn a_running_download_finishes_when_the_server_stops() {
    let mut server = TestServer::start();
    let body = vec![7; 20_000_000];
    server.put("k", body.clone());
    let call = server.call("GET", &server.presign(&PresignRequest::get("k")));
    let mut stream = server.connect();
    stream.write_all(&call.to_bytes()).unwrap();
    assert_eq!(read_head(&mut stream).0, 200);
    server.stop();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    assert!(received == body, "{} of {} bytes", received.len(), body.len());
}

#[test]
fn a_transfer_that_does_not_end_is_cut_off_in_the_end() {
    let mut server = TestServer::with(&[("PRESIGN_TIMEOUTS_SHUTDOWN", "300ms")]);
    let url = server.presign(&PresignRequest::put("k"));
    let head = format!("PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: 10\r\n\r\n01234", server.address);
    let mut stuck = server.connect();
    stuck.write_all(head.as_bytes()).unwrap();
    // The request is known to be under way once another, sent later, was answered.
    assert_eq!(server.signed(Method::Head, "/bucket").answer().status, 200);
    server.stop();
    let began = Instant::now();
    let data = server.end();
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    TestServer::on(data, &[]).get("k").assert_code(404, "NoSuchKey");
}

/// What a client sends on after its refusal is read for a second once the server stops. A client that is not cut off then is
/// read for half a minute; the rest is for a loaded machine.
const DRAINED_FOR: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(15);

/// Sends a byte now and then for as long as there is a connection.
fn send_on(mut stream: TcpStream) -> JoinHandle<()> {
    std::thread::spawn(move || {
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    })
}

#[test]
fn a_client_that_sends_on_after_its_refusal_does_not_hold_up_a_stop() {
    let mut server = TestServer::start();
    let mut refused = server.connect();
    let head =
        format!("PUT /bucket/k HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000000\r\n\r\n", server.address);
    refused.write_all(head.as_bytes()).unwrap();
    read_answer(&mut refused, false).assert_code(403, "AccessDenied");
    let sender = send_on(refused);
    // A while in which nothing but its own sending keeps the connection open.
    std::thread::sleep(Duration::from_millis(500));
    assert!(!sender.is_finished());
    let began = Instant::now();
    server.stop();
    server.end();
    let drained_for = began.elapsed();
    assert!(DRAINED_FOR.contains(&drained_for), "{drained_for:?}");
    sender.join().unwrap();
}

#[test]
fn a_client_that_sends_on_after_a_refusal_during_a_stop_does_not_hold_it_up() {
    let mut server = TestServer::with(&[("PRESIGN_TIMEOUTS_IDLE", "2s")]);
    let url = server.presign(&PresignRequest::put("k"));
    let head = format!("PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000000\r\n\r\n", server.address);
    let mut running = server.connect();
    running.write_all(head.as_bytes()).unwrap();
    let sender = send_on(running.try_clone().unwrap());
    // The request is known to be under way once another, sent later, was answered.
    assert_eq!(server.signed(Method::Head, "/bucket").answer().status, 200);
    server.stop();
    read_answer(&mut running, false).assert_code(400, "RequestTimeout");
    let began = Instant::now();
    server.end();
    let drained_for = began.elapsed();
    assert!(drained_for <= *DRAINED_FOR.end(), "{drained_for:?}");
    sender.join().unwrap();
}

#[test]
fn what_was_acknowledged_is_there_after_a_restart() {
    let server = TestServer::start();
    let large = vec![1; 100_000];
    server.put("small", "hello");
    server.put("large", large.clone());
    let server = TestServer::on(server.end(), &[]);
    assert_eq!(server.get("small").text(), "hello");
    assert!(server.get("large").body == large, "the bytes differ");
    assert_eq!(server.signed(Method::Head, &format!("/{BUCKET}")).answer().status, 200);
}
