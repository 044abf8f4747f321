//! What rots on the disk is a 500 or a connection that breaks off, never wrong bytes.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use presign::Method;

use crate::support::TestServer;

/// Longer than what is read before the head goes out.
const SIZE: usize = 900_000;

fn content() -> Vec<u8> {
    (0..SIZE).map(|at| (at % 251) as u8).collect()
}

/// The file of the only blob.
fn blob(directory: &Path) -> PathBuf {
    let mut at = directory.join("blobs");
    while at.is_dir() {
        let mut entries = std::fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path());
        at = entries.find(|path| !path.ends_with("blobs/initialized")).unwrap();
    }
    at
}

fn flip(server: &TestServer, at: u64) {
    let path = blob(server.data());
    let byte = std::fs::read(&path).unwrap()[at as usize] ^ 4;
    let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte]).unwrap();
}

fn range(server: &TestServer, range: &str) -> crate::support::Answer {
    let headers = [("range", range)];
    server.signed_with(Method::Get, "/bucket/k", presign::Payload::Unsigned, &headers).answer()
}

#[test]
fn a_damaged_blob_is_answered_with_500_while_that_is_possible() {
    let server = TestServer::start();
    assert_eq!(server.signed(Method::Put, "/bucket/k").body(content()).answer().status, 200);
    flip(&server, 1_000);
    server.signed(Method::Get, "/bucket/k").answer().assert_code(500, "InternalError");
    range(&server, "bytes=65535-65535").assert_code(500, "InternalError");
    // Where the blob is whole, it is served.
    let whole = range(&server, "bytes=65536-");
    assert_eq!(whole.status, 206, "{}", whole.text());
    assert!(whole.body == content()[65_536..], "wrong bytes");
    flip(&server, 1_000);
    let again = server.signed(Method::Get, "/bucket/k").answer();
    assert!(again.status == 200 && again.body == content());
}

#[test]
fn damage_behind_the_beginning_breaks_the_connection_off() {
    let server = TestServer::start();
    assert_eq!(server.signed(Method::Put, "/bucket/k").body(content()).answer().status, 200);
    let body_of = |bytes: Vec<u8>| {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        assert!(bytes.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&bytes[..head]));
        bytes[head..].to_vec()
    };
    let get = || server.signed(Method::Get, "/bucket/k").header("connection", "close").to_bytes();
    flip(&server, 700_000);
    let arrived = body_of(server.raw(&get()));
    // Up to the first block that is not what was written, and to no byte behind it.
    assert!(arrived.len() <= 700_000 / 65_536 * 65_536, "{}", arrived.len());
    assert!(content().starts_with(&arrived), "wrong bytes");
    flip(&server, 700_000);
    assert!(body_of(server.raw(&get())) == content());
}
