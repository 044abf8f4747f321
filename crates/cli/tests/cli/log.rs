//! The log of a server whose standard error takes nothing, or was given another name.

use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::command::Machine;
use crate::http;
use crate::store::Store;

/// More lines than a pipe of 64 KiB holds.
const MANY: usize = 500;

fn pipe() -> (OwnedFd, OwnedFd) {
    rustix::pipe::pipe().unwrap()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Each leaves a line in the log.
fn refused_requests(store: &Store, count: usize) {
    for _ in 0..count {
        assert_eq!(http::send("GET", &format!("{}/bucket/k", store.endpoint), &[], "").status, 403);
    }
}

#[test]
fn a_log_that_nobody_reads_holds_up_neither_requests_nor_the_end() {
    for signal in ["TERM", "INT"] {
        let (unread, written) = pipe();
        let machine = Machine::bare();
        let store = Store::start_unheard(&machine, Stdio::from(written));
        refused_requests(&store, MANY);
        assert!(store.stop(signal).success(), "{signal}");
        drop(unread);
    }
}

#[test]
fn a_server_does_its_work_whatever_standard_error_is() {
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let closed = || Stdio::from(pipe().1);
    for (stderr, what) in
        [(full(), "a full disk"), (closed(), "a pipe without a reader"), (Stdio::null(), "nothing")]
    {
        let machine = Machine::bare();
        let store = Store::start_unheard(&machine, stderr);
        refused_requests(&store, 10);
        assert!(store.stop("TERM").success(), "{what}");
    }
}

#[test]
fn hangup_and_user_signal_open_the_log_again_and_none_ends_the_server() {
    let machine = Machine::bare();
    let (path, rotated) = (machine.home().join("presign.log"), machine.home().join("presign.log.1"));
    let store = Store::start_unheard(&machine, Stdio::from(File::create(&path).unwrap()));
    for signal in ["HUP", "USR1"] {
        wait_until("a log", || path.exists());
        std::fs::rename(&path, &rotated).unwrap();
        store.signal(signal);
        wait_until("the new log is written to", || read(&path).contains("the log was opened again"));
        refused_requests(&store, 3);
        wait_until("requests are in the new log", || read(&path).matches("access").count() >= 3);
    }
    store.signal("USR2");
    refused_requests(&store, 1);
    assert!(store.stop("TERM").success());
}

#[test]
fn a_process_without_file_descriptors_says_so_once() {
    let machine = Machine::bare();
    let path = machine.home().join("presign.log");
    let store = Store::start_unheard(&machine, Stdio::from(File::create(&path).unwrap()));
    refused_requests(&store, 1);
    // The hard limit stays, or the soft one could not be raised again.
    let maximum = getrlimit(Resource::Nofile).maximum;
    let pid = Pid::from_raw(i32::try_from(store.id()).unwrap());
    let before = prlimit(pid, Resource::Nofile, Rlimit { current: Some(3), maximum }).unwrap();
    let address = store.endpoint.strip_prefix("http://").unwrap().to_owned();
    let waiting = std::net::TcpStream::connect(&address).unwrap();
    let said = || read(&path).matches("connections cannot be accepted").count();
    wait_until("it is said", || said() > 0);
    // It is tried ten times a second.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(said(), 1, "{}", read(&path));
    drop(waiting);
    prlimit(pid, Resource::Nofile, before).unwrap();
    refused_requests(&store, 1);
    assert!(store.stop("TERM").success());
}
