//! A data directory that an earlier version has made opens in this one, with everything in it.
//!
//! `earlier_data/schema-N-closed` is what a server left that was stopped, `schema-N-crashed` what the same server left when it
//! was killed before: its database still has a log. Their `reserve` is not kept, because it holds nothing and a start makes it.
//! A version that changes what is on the disk adds its own pair, and changes none that is there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, SystemTime};

use presign::{BucketUrl, Credentials, PresignRequest, Signer, Timestamp};
use presign_server::{Config, Overrides, Server};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// The root key of the directories, which is sealed in their database.
const KEY_ID: &str = "PRSNMOG5BYHBHRZUVKMX";
const SECRET: &str = "JEwWRAejUfvXeWdHnEsblahYwezNnhPUlhTR7O6g";

/// The bytes of an object, which differ by `seed`.
fn pattern(length: usize, seed: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + (at >> 8) * 7 + seed).to_le_bytes()[0]).collect()
}

/// Every object of the directories.
fn objects() -> Vec<(String, Vec<u8>)> {
    let mut objects = vec![
        ("empty".to_owned(), pattern(0, 0)),
        ("2026/q4.pdf".to_owned(), pattern(1000, 1)),
        ("medium".to_owned(), pattern(40_000, 2)),
        ("large".to_owned(), pattern(300_000, 3)),
        ("ünï/ça va+.txt".to_owned(), pattern(1000, 1)),
        ("k".repeat(1000), pattern(40_000, 2)),
        ("overwritten".to_owned(), pattern(70_000, 4)),
    ];
    objects.extend((1..=40).map(|at| (format!("many/{at}"), pattern(1000, 1))));
    objects
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => {
                std::fs::copy(entry.path(), &target).unwrap();
            }
        }
    }
}

/// A copy of one of the directories, as private as the server made it.
fn copy_of(name: &str) -> TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let data = TempDir::new().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/earlier_data").join(name), data.path());
    let private = std::fs::Permissions::from_mode(0o600);
    // Git keeps no file mode but the executable bit.
    std::fs::set_permissions(data.path().join("master.key"), private).unwrap();
    data
}

/// The response to a presigned GET: its head, in lower case, and its body.
fn get(address: SocketAddr, key: &str) -> (String, Vec<u8>) {
    let bucket = BucketUrl::path_style(&format!("http://{address}"), "reports").unwrap();
    let signer = Signer::new(Credentials::new(KEY_ID, SECRET), "us-east-1").unwrap();
    let url = signer.presign(&bucket, &PresignRequest::get(key), Timestamp::from(SystemTime::now())).unwrap();
    let target = url.as_str().strip_prefix(&format!("http://{address}")).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    let end = response.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8(response[..end].to_vec()).unwrap().to_ascii_lowercase();
    (head, response.split_off(end))
}

/// Serves the directory while `check` looks at it.
fn serve(data: &Path, check: impl FnOnce(SocketAddr)) {
    let environment: BTreeMap<String, String> =
        [("PRESIGN_DATA", data.to_str().unwrap()), ("PRESIGN_LISTEN", "127.0.0.1:0")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    let config = Config::load(&environment, &Overrides::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime.block_on(Server::bind(config)).unwrap();
    assert!(server.new_root_key().is_none(), "it has the root key that it had");
    let address = server.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = runtime.spawn(server.serve(async { stopped.await.unwrap_or(()) }));
    check(address);
    drop(stop);
    runtime.block_on(serving).unwrap().unwrap();
}

fn everything_is_there(name: &str) {
    let data = copy_of(name);
    // Twice: what the first start has changed opens as well.
    for _ in 0..2 {
        serve(data.path(), |address| {
            for (key, bytes) in objects() {
                let (head, body) = get(address, &key);
                assert!(head.starts_with("http/1.1 200"), "{key}: {head}");
                assert!(body == bytes, "{key}: other bytes");
            }
            let (head, _) = get(address, "2026/q4.pdf");
            for header in [
                "content-type: application/pdf",
                "cache-control: max-age=60",
                "content-disposition: attachment; filename=\"q4.pdf\"",
                "x-amz-meta-author: ada",
            ] {
                assert!(head.contains(header), "{header}: {head}");
            }
            let (head, _) = get(address, "deleted");
            assert!(head.starts_with("http/1.1 404"), "{head}");
        });
        let mut findings = Vec::new();
        let checked =
            presign_store::check::check(data.path(), |finding| findings.push(finding.to_string())).unwrap();
        assert_eq!((checked.damaged, checked.intact), (0, objects().len() as u64), "{findings:?}");
    }
}

#[test]
fn schema_2_after_a_stop() {
    everything_is_there("schema-2-closed");
}

#[test]
fn schema_2_after_a_crash() {
    everything_is_there("schema-2-crashed");
}
