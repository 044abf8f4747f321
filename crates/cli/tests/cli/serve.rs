//! `presign serve`: starting, stopping, and starting again.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::command::Machine;
use crate::http;
use crate::store::Store;

#[test]
fn the_first_start_prints_the_root_key_once_and_links_work() {
    let mut machine = Machine::bare();
    let store = Store::start(&machine, &[]);
    store.introduce_to(&mut machine);
    store.make_bucket("bucket");
    let put = machine.url(&["s3://bucket/a b.txt", "--http-method=PUT"]);
    assert!(put.starts_with(&store.endpoint), "{put}");
    assert_eq!(http::send("PUT", &put, &[], "hello").status, 200);
    assert!(store.stop("TERM").success());

    let again = Store::start(&machine, &[]);
    assert_eq!(again.printed, "");
    machine.set("AWS_ENDPOINT_URL_S3", &again.endpoint);
    let answer = http::send("GET", &machine.url(&["s3://bucket/a b.txt"]), &[], "");
    assert_eq!((answer.status, answer.body.as_str()), (200, "hello"));
    assert!(again.stop("INT").success());
}

#[test]
fn settings_come_from_flags_and_wrong_ones_are_refused_by_name() {
    let machine = Machine::bare();
    let refused = |arguments: &[&str]| machine.run(&[&["serve"], arguments].concat());
    refused(&["--set", "auth.sigv3=deny"]).assert_refused(1, &["auth.sigv3"]);
    refused(&["--set", "log.level=l=o=u=d"]).assert_refused(1, &["log.level", "l=o=u=d"]);
    refused(&["--listen", "nowhere"]).assert_refused(1, &["listen", "nowhere"]);
    refused(&["--config", "missing.toml"]).assert_refused(1, &["missing.toml"]);
    assert!(!machine.home().join("presign-data").exists());
    let store = Store::start(&machine, &["--set=log.format=json", "--set=auth.sigv2=deny"]);
    assert!(store.stop("TERM").success());
}

#[test]
fn the_variable_of_share_is_no_setting() {
    let mut machine = Machine::bare();
    machine.set("PRESIGN_SHARE_TO", "s3://bucket/");
    assert!(Store::start(&machine, &[]).stop("TERM").success());
    machine.set("PRESIGN_SHARE_TOO", "s3://bucket/");
    machine.run(&["serve"]).assert_refused(1, &["PRESIGN_SHARE_TOO"]);
}

#[test]
fn help_lists_every_setting() {
    let help = Machine::bare().run(&["serve", "--help"]);
    help.assert_success();
    for setting in presign_server::SETTINGS {
        assert!(help.stdout.contains(setting.name), "{}", setting.name);
    }
}

/// The system ends a process by a signal there, unless the process says otherwise.
#[test]
fn an_upload_past_the_limit_on_file_sizes_is_refused_and_the_store_goes_on() {
    let mut machine = Machine::bare();
    let store = Store::start(&machine, &[]);
    store.introduce_to(&mut machine);
    store.make_bucket("bucket");
    store.limit_file_sizes(9 << 20);
    let put = |key: &str, length: usize| {
        let url = machine.url(&[&format!("s3://bucket/{key}"), "--http-method=PUT"]);
        http::send("PUT", &url, &[], &"x".repeat(length))
    };
    let refused = put("large", 12 << 20);
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("<Code>EntityTooLarge</Code>"), "{}", refused.body);
    assert_eq!(put("small", 8 << 20).status, 200);
    let read = |key: &str| http::send("GET", &machine.url(&[&format!("s3://bucket/{key}")]), &[], "");
    assert_eq!(read("large").status, 404);
    assert_eq!(read("small").body.len(), 8 << 20);
    assert!(store.stop("TERM").success());

    // So it is with a backup, which says what is in the way.
    let backup = machine.command(&["backup", "--data=data", "backup"]);
    let limited = std::process::Command::new("prlimit")
        .arg("--fsize=1000000")
        .arg(backup.get_program())
        .args(backup.get_args())
        .current_dir(machine.home())
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(1), "{limited:?}");
    let said = String::from_utf8_lossy(&limited.stderr);
    assert!(said.contains("the file would be too long"), "{said}");
}

/// Sends the head of an upload, which the store has begun with once it asks for the body, and half of that. Gives the
/// connection.
fn half_an_upload(machine: &mut Machine, store: &Store) -> TcpStream {
    store.introduce_to(machine);
    store.make_bucket("bucket");
    let url = machine.url(&["s3://bucket/k", "--http-method=PUT"]);
    let host = store.endpoint.strip_prefix("http://").unwrap();
    let target = url.strip_prefix(&store.endpoint).unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let fields = "content-length: 10\r\nexpect: 100-continue";
    write!(stream, "PUT {target} HTTP/1.1\r\nhost: {host}\r\n{fields}\r\n\r\n").unwrap();
    let asked = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut answer = vec![0; asked.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, asked, "{}", String::from_utf8_lossy(&answer));
    stream.write_all(b"01234").unwrap();
    stream
}

/// A stopping store takes no new connections.
fn wait_until_it_stops_listening(endpoint: &str) {
    let began = Instant::now();
    while TcpStream::connect(endpoint.strip_prefix("http://").unwrap()).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(60), "it was told to stop and still takes connections");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_running_upload_is_finished_before_it_stops() {
    let mut machine = Machine::bare();
    let store = Store::start(&machine, &[]);
    let mut upload = half_an_upload(&mut machine, &store);
    let endpoint = store.endpoint.clone();
    let stopping = thread::spawn(move || store.stop("TERM"));
    wait_until_it_stops_listening(&endpoint);
    assert!(!stopping.is_finished(), "it waits for the upload");
    upload.write_all(b"56789").unwrap();
    let mut answer = String::new();
    upload.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(stopping.join().unwrap().success());
}

#[test]
fn a_second_signal_stops_it_at_once() {
    let mut machine = Machine::bare();
    let store = Store::start(&machine, &[]);
    let _upload = half_an_upload(&mut machine, &store);
    store.signal("TERM");
    wait_until_it_stops_listening(&store.endpoint);
    assert_eq!(store.stop("INT").code(), Some(130));
}
