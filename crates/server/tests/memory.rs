//! Transfers in constant memory. This is the only test of its process, whose whole memory it measures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

#[allow(dead_code, reason = "the other tests use the rest")]
#[path = "server/support.rs"]
mod support;

use std::io::{Read, Write};

use presign::PresignRequest;

use support::{TestServer, read_answer, read_head};

const MIB: usize = 1024 * 1024;

/// The most memory that this process has had at any moment so far, in bytes (`VmHWM` of Linux).
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// Server and client share the process, so the client keeps one MiB and sends it again and again.
#[test]
fn a_transfer_far_larger_than_its_memory_goes_through() {
    const SIZE: usize = 160 * MIB;
    let server = TestServer::start();
    server.put("warm-up", vec![1; 4 * MIB]);
    assert_eq!(server.get("warm-up").body.len(), 4 * MIB);
    let mut buffer = vec![7; MIB];
    let before = peak_memory();

    let url = server.presign(&PresignRequest::put("large"));
    let head = format!("PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: {SIZE}\r\n\r\n", server.address);
    let mut stream = server.connect();
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..SIZE / MIB {
        stream.write_all(&buffer).unwrap();
    }
    assert_eq!(read_answer(&mut stream, false).status, 200);
    let call = server.call("GET", &server.presign(&PresignRequest::get("large")));
    stream.write_all(&call.to_bytes()).unwrap();
    assert_eq!(read_head(&mut stream).0, 200);
    for _ in 0..SIZE / MIB {
        stream.read_exact(&mut buffer).unwrap();
        assert!(buffer.iter().all(|byte| *byte == 7));
    }

    let grown = peak_memory() - before;
    assert!(grown <= 32 * MIB, "{} MiB", grown / MIB);
}
