//! The memory of a server with a crowd of clients that stand still in the middle of an upload, and after it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::command::Machine;
use crate::http;
use crate::store::Store;

const MIB: usize = 1024 * 1024;
/// As many as the limit of 1,024 open files leaves to this process.
const CROWD: usize = 900;
/// What each sends before it stands still: of one upload that becomes a blob, and of one that fits in the database.
const SENT: [usize; 2] = [300_000, 60_000];
/// Of which the crowd would take more.
const BUDGET: usize = 16 * MIB;
/// The budget, and 96 MiB for each 1,000 connections, as the settings' documentation has it.
const MOST: usize = BUDGET + CROWD * 96 * MIB / 1000;
/// What may be left when all have gone.
const LEFT: usize = 32 * MIB;

/// A figure of the process's memory, in bytes.
fn memory(store: &Store, name: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", store.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
}

/// All but the last byte of an upload.
fn begin_upload(store: &Store, url: &str, bytes: &[u8]) -> TcpStream {
    let host = store.endpoint.strip_prefix("http://").unwrap();
    let target = url.strip_prefix(&store.endpoint).unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let length = bytes.len() + 1;
    write!(stream, "PUT {target} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n\r\n").unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

#[test]
fn a_crowd_of_stalled_uploads_keeps_to_its_budget_and_gives_it_back() {
    let mut machine = Machine::bare();
    let budget = format!("--set=limits.upload_memory={BUDGET}");
    let store = Store::start(&machine, &["--set=log.level=warn", "--set=timeouts.idle=1h", &budget]);
    store.introduce_to(&mut machine);
    store.make_bucket("bucket");
    let url = machine.url(&["s3://bucket/stalled", "--http-method=PUT"]);
    assert_eq!(
        http::send("PUT", &machine.url(&["s3://bucket/k", "--http-method=PUT"]), &[], "x").status,
        200
    );
    let before = memory(&store, "VmRSS:");

    let bytes = vec![7; SENT[0]];
    let mut crowd: Vec<TcpStream> =
        (0..CROWD).map(|at| begin_upload(&store, &url, &bytes[..SENT[at % 2]])).collect();
    // Nobody has to wait for those who stand still.
    let healthy = machine.url(&["s3://bucket/healthy", "--http-method=PUT"]);
    assert_eq!(http::send("PUT", &healthy, &[], &"x".repeat(200_000)).status, 200);
    // Those who go on are served.
    for stream in crowd.iter_mut().take(10) {
        stream.write_all(&[7]).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200", "{}", String::from_utf8_lossy(&answer));
    }
    let grown = memory(&store, "VmHWM:") - before;
    println!("{CROWD} stalled uploads: {} MiB at most, {} MiB before", grown / MIB, before / MIB);
    assert!(grown <= MOST, "{} MiB", grown / MIB);

    drop(crowd);
    let began = Instant::now();
    loop {
        let left = memory(&store, "VmRSS:").saturating_sub(before);
        if left <= LEFT {
            println!("{} MiB left after {:?}", left / MIB, began.elapsed());
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{} MiB are left", left / MIB);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(store.stop("TERM").success());
}
