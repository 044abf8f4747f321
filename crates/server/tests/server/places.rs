//! What happens when all connections are taken.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use presign::{Method, PresignRequest};

use crate::support::{TestServer, read_answer};

fn head(server: &TestServer) -> Vec<u8> {
    server.signed(Method::Head, "/bucket").to_bytes()
}

fn ask(server: &TestServer, stream: &mut TcpStream) {
    stream.write_all(&head(server)).unwrap();
    assert_eq!(read_answer(stream, true).status, 200);
}

/// A connection in the middle of an upload of ten bytes.
fn uploading(server: &TestServer) -> TcpStream {
    let url = server.presign(&PresignRequest::put("k"));
    let mut stream = server.connect();
    let head = format!(
        "PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let (status, _) = crate::support::read_head(&mut stream);
    assert_eq!(status, 100);
    stream
}

/// Whether the server has ended it, by a reset too.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    match stream.read(&mut [0]) {
        Ok(0) => true,
        Ok(_) => panic!("nobody has asked for anything"),
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn a_connection_that_was_reset_is_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    assert!(!is_closed(&mut client));
    client.write_all(b"x").unwrap();
    // Closing what has unread bytes is a reset.
    server.peek(&mut [0]).unwrap();
    drop(server);
    assert!(is_closed(&mut client));
}

#[test]
fn a_newcomer_waits_while_all_are_in_use() {
    let server = TestServer::with(&[("PRESIGN_LIMITS_CONNECTIONS", "1")]);
    let mut first = uploading(&server);
    let mut second = server.connect();
    second.write_all(&head(&server)).unwrap();
    second.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    assert!(second.read(&mut [0]).is_err());
    first.write_all(b"0123456789").unwrap();
    assert_eq!(read_answer(&mut first, false).status, 200);
    second.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(read_answer(&mut second, true).status, 200);
}

#[test]
fn a_newcomer_gets_the_place_of_the_longest_idle() {
    let server = TestServer::with(&[("PRESIGN_LIMITS_CONNECTIONS", "3")]);
    let mut busy = uploading(&server);
    let mut idle: Vec<TcpStream> = (0..2).map(|_| server.connect()).collect();
    ask(&server, &mut idle[1]);
    ask(&server, &mut idle[0]);
    // Two looks of the watchdog, so that it knows which of them has been idle for longer.
    std::thread::sleep(Duration::from_secs(3));
    ask(&server, &mut idle[1]);
    std::thread::sleep(Duration::from_secs(3));
    ask(&server, &mut server.connect());
    assert_eq!(idle[0].read(&mut [0]).unwrap(), 0);
    assert!(!is_closed(&mut idle[1]));
    busy.write_all(b"0123456789").unwrap();
    assert_eq!(read_answer(&mut busy, false).status, 200);
}

#[test]
fn those_that_never_said_anything_go_before_those_that_did() {
    let server = TestServer::with(&[("PRESIGN_LIMITS_CONNECTIONS", "3")]);
    let mut customer = server.connect();
    ask(&server, &mut customer);
    let mut strangers: Vec<TcpStream> = (0..2).map(|_| server.connect()).collect();
    strangers[1].write_all(b"GET / HTTP/1.1\r\n").unwrap();
    // Their grace.
    std::thread::sleep(Duration::from_secs(4));
    let mut newcomers: Vec<TcpStream> = (0..2).map(|_| server.connect()).collect();
    for newcomer in &mut newcomers {
        ask(&server, newcomer);
    }
    for stranger in &mut strangers {
        assert_eq!(stranger.read(&mut [0]).unwrap(), 0);
    }
    assert!(!is_closed(&mut customer));
}

#[test]
fn a_flood_of_silence_keeps_nobody_out() {
    let server = TestServer::with(&[("PRESIGN_LIMITS_CONNECTIONS", "16")]);
    let flood: Vec<TcpStream> = (0..64).map(|_| server.connect()).collect();
    for _ in 0..10 {
        ask(&server, &mut server.connect());
    }
    drop(flood);
}

#[test]
fn strangers_who_do_not_read_their_refusals_make_room() {
    const PLACES: usize = 4;
    let server = TestServer::with(&[("PRESIGN_LIMITS_CONNECTIONS", "4")]);
    let refused = format!("GET /nobucket/nokey HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).repeat(50);
    let mut strangers: Vec<TcpStream> = (0..PLACES).map(|_| server.connect_with_small_buffer()).collect();
    for stranger in &mut strangers {
        stranger.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        // Until nothing fits into the server's buffers either.
        while stranger.write_all(refused.as_bytes()).is_ok() {}
    }
    let mut newcomer = server.connect();
    newcomer.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    newcomer.write_all(&head(&server)).unwrap();
    assert_eq!(read_answer(&mut newcomer, true).status, 200);
}
