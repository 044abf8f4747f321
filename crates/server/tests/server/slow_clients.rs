//! Clients that take their time, beside others that do not: who is given up, when, and who is not.
//!
//! Every limit that is meant to pass is far longer than a loaded machine may hold a thread up.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use presign::{Method, PresignRequest};

use crate::support::{Answer, TestServer, read_answer, read_head};

const PACE_BYTES: usize = 16 * 1024;
/// The limit that a test waits for.
const SHORT: &str = "2s";
const SHORTEST: Duration = Duration::from_secs(2);

fn upload_head(server: &TestServer, key: &str, size: usize) -> Vec<u8> {
    let url = server.presign(&PresignRequest::put(key.to_owned()));
    format!("PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: {size}\r\n\r\n", server.address).into_bytes()
}

/// Sends a byte now and then until there is an answer or no connection.
fn trickle(stream: &mut TcpStream, every: Duration) -> std::io::Result<Option<Answer>> {
    stream.set_read_timeout(Some(every))?;
    let mut began = [0];
    loop {
        match stream.peek(&mut began) {
            Ok(0) => return Ok(None),
            Ok(_) => {
                stream.set_read_timeout(Some(Duration::from_secs(20)))?;
                return Ok(Some(read_answer(stream, false)));
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        stream.write_all(b"x")?;
    }
}

#[test]
fn an_upload_that_stands_still_is_given_up() {
    let server = TestServer::with(&[("PRESIGN_TIMEOUTS_IDLE", SHORT)]);
    let head = upload_head(&server, "k", 5);
    let mut stream = server.connect();
    stream.write_all(&head).unwrap();
    stream.write_all(b"he").unwrap();
    let refusal = read_answer(&mut stream, false);
    refusal.assert_code(400, "RequestTimeout");
    assert_eq!(refusal.header("connection"), Some("close"));
    server.get("k").assert_code(404, "NoSuchKey");
}

#[test]
fn an_upload_of_a_byte_now_and_then_is_given_up() {
    let server = TestServer::with(&[("PRESIGN_TIMEOUTS_IDLE", SHORT)]);
    let began = Instant::now();
    let mut stream = server.connect();
    stream.write_all(&upload_head(&server, "k", 1_000_000)).unwrap();
    // No pause is anywhere near the limit.
    let refusal = trickle(&mut stream, Duration::from_millis(50)).unwrap().unwrap();
    refusal.assert_code(400, "RequestTimeout");
    assert!(began.elapsed() >= SHORTEST, "{:?}", began.elapsed());
    server.get("k").assert_code(404, "NoSuchKey");
}

#[test]
fn an_upload_that_keeps_the_pace_may_last_for_longer_than_the_limit() {
    let server = TestServer::with(&[("PRESIGN_TIMEOUTS_IDLE", "6s")]);
    let began = Instant::now();
    let mut stream = server.connect();
    stream.write_all(&upload_head(&server, "k", 10 * PACE_BYTES)).unwrap();
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(800));
        stream.write_all(&[1; PACE_BYTES]).unwrap();
    }
    assert_eq!(read_answer(&mut stream, false).status, 200);
    assert!(began.elapsed() > Duration::from_secs(6), "{:?}", began.elapsed());
    assert_eq!(server.get("k").body.len(), 10 * PACE_BYTES);
}

#[test]
fn a_download_that_nobody_reads_is_given_up() {
    let server = TestServer::with(&[("PRESIGN_TIMEOUTS_IDLE", SHORT)]);
    let size = 20_000_000;
    server.put("k", vec![7; size]);
    let call = server.call("GET", &server.presign(&PresignRequest::get("k")));
    let mut unread = server.connect();
    unread.write_all(&call.to_bytes()).unwrap();
    // What is left when the server closes is what the sockets hold, which is less than all of it.
    std::thread::sleep(4 * SHORTEST);
    let mut received = Vec::new();
    let _ = unread.read_to_end(&mut received);
    assert!(received.len() < size, "{}", received.len());
    assert_eq!(server.get("k").body.len(), size);
}

#[test]
fn a_download_read_at_leisure_goes_on() {
    let limit = Duration::from_secs(6);
    // More than two sockets hold, even once the kernel has let them grow.
    let unread_at_least = 8_000_000;
    let server = TestServer::with(&[("PRESIGN_TIMEOUTS_IDLE", "6s")]);
    let body: Vec<u8> = (0..32_000_000_u32).map(|at| (at ^ at >> 12) as u8).collect();
    server.put("k", body.clone());
    let call = server.call("GET", &server.presign(&PresignRequest::get("k")));
    let mut stream = server.connect_with_small_buffer();
    let began = Instant::now();
    stream.write_all(&call.to_bytes()).unwrap();
    let (status, headers) = read_head(&mut stream);
    assert_eq!(status, 200);
    assert!(headers.contains(&("content-length".to_owned(), body.len().to_string())), "{headers:?}");
    let (mut received, mut buffer) = (Vec::new(), vec![0; 100_000]);
    while began.elapsed() < limit + Duration::from_secs(2) {
        let bytes = stream.read(&mut buffer).unwrap();
        received.extend_from_slice(&buffer[..bytes]);
        std::thread::sleep(Duration::from_millis(50));
    }
    // So the server was still at it when it had been for longer than the limit.
    assert!(received.len() + unread_at_least < body.len(), "{} were read too soon", received.len());
    let mut rest = vec![0; body.len() - received.len()];
    stream.read_exact(&mut rest).unwrap();
    received.append(&mut rest);
    assert!(received == body, "the bytes differ");
}

#[test]
fn a_fast_reader_that_slows_down_is_seen_to_go_on() {
    let limit = Duration::from_secs(6);
    let server = TestServer::with(&[("PRESIGN_TIMEOUTS_IDLE", "6s")]);
    let block: Vec<u8> = (0..1_000_003_u32).map(|at| (at ^ at >> 12) as u8).collect();
    let body = block.repeat(40);
    server.put("k", body.clone());
    let call = server.call("GET", &server.presign(&PresignRequest::get("k")));
    let mut stream = server.connect_with_small_segments();
    stream.write_all(&call.to_bytes()).unwrap();
    assert_eq!(read_head(&mut stream).0, 200);
    // Read as fast as it comes, so that the server's send buffer grows to megabytes.
    let mut received = vec![0; 30_000_000];
    stream.read_exact(&mut received).unwrap();
    // Then at twice the pace in which progress is sure to be seen, for longer than the limit.
    let (slow, mut buffer) = (Instant::now(), [0; 4 * 1024]);
    while slow.elapsed() < 2 * limit {
        stream.read_exact(&mut buffer).unwrap();
        received.extend_from_slice(&buffer);
        std::thread::sleep(limit * 4 * 1024 / (2 * 128 * 1024));
    }
    let mut rest = vec![0; body.len() - received.len()];
    stream.read_exact(&mut rest).unwrap();
    received.append(&mut rest);
    assert!(received == body, "the bytes differ");
}

#[test]
fn a_head_has_one_limit_from_its_first_byte_to_its_last() {
    let server = TestServer::with(&[("PRESIGN_TIMEOUTS_HEADER_READ", SHORT)]);
    let began = Instant::now();
    let mut slow = server.connect();
    slow.write_all(b"GET / HTTP/1.1\r\nX-Long: ").unwrap();
    // No answer: there was no request. Some of the last bytes may meet a closed socket.
    assert!(matches!(trickle(&mut slow, Duration::from_millis(50)), Ok(None) | Err(_)));
    assert!(began.elapsed() >= SHORTEST, "{:?}", began.elapsed());

    let request = server.signed(Method::Head, "/bucket").to_bytes();
    let (first, rest) = request.split_at(20);
    let mut in_time = server.connect();
    in_time.write_all(first).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    in_time.write_all(rest).unwrap();
    assert_eq!(read_answer(&mut in_time, true).status, 200);
}

#[test]
fn a_connection_that_says_nothing_is_closed_in_its_time() {
    // The limit that is not meant is far past the client's own patience.
    let server =
        TestServer::with(&[("PRESIGN_TIMEOUTS_IDLE", SHORT), ("PRESIGN_TIMEOUTS_HEADER_READ", "1h")]);
    let began = Instant::now();
    assert_eq!(server.raw(b""), b"");
    assert!(began.elapsed() >= SHORTEST, "{:?}", began.elapsed());
    let began = Instant::now();
    assert!(server.raw(&server.signed(Method::Head, "/bucket").to_bytes()).starts_with(b"HTTP/1.1 200 "));
    assert!(began.elapsed() >= SHORTEST, "{:?}", began.elapsed());
}

#[test]
fn a_connection_may_pause_between_requests_and_go_on() {
    let server = TestServer::start();
    let request = server.signed(Method::Head, "/bucket").to_bytes();
    let mut stream = server.connect();
    // The first pauses are too short to be parked in, the last ones are not.
    for pause in [0, 10, 100, 3000, 3000] {
        std::thread::sleep(Duration::from_millis(pause));
        stream.write_all(&request).unwrap();
        assert_eq!(read_answer(&mut stream, true).status, 200);
    }
}

#[test]
fn slow_clients_are_in_nobodys_way() {
    let server = TestServer::with(&[("PRESIGN_TIMEOUTS_IDLE", "5s"), ("PRESIGN_TIMEOUTS_HEADER_READ", "5s")]);
    server.put("k", "hello");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let healthy = scope.spawn(|| {
            let mut answers = 0;
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(server.get("k").text(), "hello");
                answers += 1;
            }
            answers
        });
        let mut slow: Vec<TcpStream> = (0..60).map(|_| server.connect()).collect();
        for (at, stream) in slow.iter_mut().enumerate() {
            match at % 3 {
                0 => stream.write_all(b"GET / HTTP/1.1\r\n").unwrap(),
                1 => stream.write_all(&upload_head(&server, &format!("slow{at}"), 1_000_000)).unwrap(),
                _ => {}
            }
        }
        for stream in &mut slow {
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            let mut answer = Vec::new();
            // Each one is closed; an upload with an answer, the others without.
            stream.read_to_end(&mut answer).unwrap();
            assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(healthy.join().unwrap() > 0);
    });
}
