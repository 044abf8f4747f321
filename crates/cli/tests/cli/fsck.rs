//! `presign fsck`: clean, damaged, in use, and not there.

use std::path::{Path, PathBuf};

use crate::command::Machine;
use crate::http;
use crate::store::Store;

/// A store that has stopped, with a large object and a small one.
pub(crate) fn stopped_store() -> Machine {
    let mut machine = Machine::bare();
    let store = Store::start(&machine, &[]);
    store.introduce_to(&mut machine);
    store.make_bucket("bucket");
    for (key, body) in [("large.bin", "0123456789".repeat(20_000)), ("small.txt", "hello".to_owned())] {
        let url = machine.url(&[&format!("s3://bucket/{key}"), "--http-method=PUT"]);
        assert_eq!(http::send("PUT", &url, &[], &body).status, 200);
    }
    assert!(store.stop("TERM").success());
    machine
}

/// The file of the only blob.
pub(crate) fn blob(data: &Path) -> PathBuf {
    let mut at = data.join("blobs");
    while at.is_dir() {
        let entries = std::fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path());
        at = entries
            .filter(|path| !path.ends_with("blobs/initialized"))
            .filter(|path| !path.is_dir() || std::fs::read_dir(path).unwrap().next().is_some())
            .last()
            .unwrap();
    }
    at
}

#[test]
fn damage_is_named_with_what_to_do_and_told_by_the_exit_code() {
    let machine = stopped_store();
    let clean = machine.run(&["fsck", "--data=data"]);
    clean.assert_success();
    assert_eq!(clean.stdout, "data is clean: 2 object(s), 1 of them in blobs of 200000 bytes together\n");

    let path = blob(&machine.home().join("data"));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[70_000] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let damaged = machine.run(&["fsck", "--data=data"]);
    assert_eq!(damaged.code, 1, "{}", damaged.stderr);
    for words in [
        "damaged: object \"large.bin\" in bucket \"bucket\"",
        "at byte 65536",
        "upload the object again",
        "1 finding",
    ] {
        assert!(damaged.stdout.contains(words), "`{words}` is missing in: {}", damaged.stdout);
    }
    bytes[70_000] ^= 1;
    std::fs::write(&path, &bytes).unwrap();

    // What is no damage is said, and is clean.
    let id = path.file_name().unwrap().to_str().unwrap().to_owned();
    let other = format!("{}{}", &id[..31], if id.ends_with('0') { '1' } else { '0' });
    std::fs::copy(&path, path.with_file_name(other)).unwrap();
    let noted = machine.run(&["fsck", "--data=data"]);
    noted.assert_success();
    assert!(noted.stdout.contains("note: blob ") && noted.stdout.contains("is clean"), "{}", noted.stdout);
}

#[test]
fn a_store_that_runs_and_one_that_is_not_there_are_refused() {
    let machine = stopped_store();
    let store = Store::start(&machine, &[]);
    machine
        .run(&["fsck", "--data=data"])
        .assert_refused(1, &["data", "another process has this data directory open"]);
    assert!(store.stop("TERM").success());
    machine.run(&["fsck", "--data=data"]).assert_success();
    machine.run(&["fsck", "--data=nowhere"]).assert_refused(1, &["nowhere", "there is no store"]);
    assert!(!machine.home().join("nowhere").exists());
}

#[test]
fn a_repair_says_what_it_did_or_that_there_is_nothing_to_do() {
    let machine = stopped_store();
    let nothing = machine.run(&["fsck", "--data=data", "--repair"]);
    nothing.assert_success();
    assert!(
        nothing.stdout.contains("nothing was changed") && nothing.stdout.contains("is clean"),
        "{}",
        nothing.stdout
    );

    // The checksum of the second page, as a program that keeps none leaves it.
    let path = machine.home().join("data/metadata.sqlite");
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    bytes[2 * 4096 - 8..2 * 4096].fill(0);
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(machine.run(&["fsck", "--data=data"]).code, 1);
    let repaired = machine.run(&["fsck", "--data=data", "--repair"]);
    repaired.assert_success();
    for words in
        ["page 2 of metadata.sqlite has no valid checksum", "before-repair-1", "is clean: 2 object(s)"]
    {
        assert!(repaired.stdout.contains(words), "`{words}` is missing in: {}", repaired.stdout);
    }
    assert!(std::fs::read(machine.home().join("data/before-repair-1/metadata.sqlite")).unwrap() == bytes);
    machine.run(&["fsck", "--data=data"]).assert_success();

    // A page whose content is another one is not accepted.
    let at = whole.windows(9).position(|part| part == b"small.txt").unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let refused = machine.run(&["fsck", "--data=data", "--repair"]);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stdout.contains("nothing was changed, because the database would be damaged"),
        "{}",
        refused.stdout
    );
    assert!(std::fs::read(&path).unwrap() == bytes);
}

#[test]
fn a_compaction_says_what_it_gave() {
    let machine = stopped_store();
    let compacted = machine.run(&["compact", "--data=data"]);
    compacted.assert_success();
    assert!(compacted.stderr.contains("data: the database had "), "{}", compacted.stderr);
    machine.run(&["fsck", "--data=data"]).assert_success();
    machine.run(&["compact", "--data=nowhere"]).assert_refused(1, &["nowhere", "there is no store"]);
}
