//! `presign backup` beside a server, and `presign restore`.

use crate::command::Machine;
use crate::fsck::stopped_store;
use crate::http;
use crate::store::Store;

fn get(machine: &Machine, key: &str) -> String {
    http::send("GET", &machine.url(&[&format!("s3://bucket/{key}")]), &[], "").body
}

#[test]
fn a_store_is_copied_while_it_runs_and_brought_back() {
    let mut machine = stopped_store();
    let store = Store::start(&machine, &[]);
    machine.set("AWS_ENDPOINT_URL_S3", &store.endpoint);
    let late = machine.url(&["s3://bucket/late.txt", "--http-method=PUT"]);
    assert_eq!(http::send("PUT", &late, &[], "just in time").status, 200);
    let made = machine.run(&["backup", "--data=data", "copy", "--with-master-key"]);
    made.assert_success();
    assert!(made.stderr.contains("copy: 3 object(s), 1 of them in blobs"), "{}", made.stderr);
    machine
        .run(&["backup", "--data=data", "copy"])
        .assert_refused(1, &["copy", "there is something already"]);
    assert!(store.stop("TERM").success());

    machine
        .run(&["restore", "copy", "--data=data"])
        .assert_refused(1, &["data", "there is something already"]);
    std::fs::rename(machine.home().join("data"), machine.home().join("lost")).unwrap();
    let restored = machine.run(&["restore", "copy", "--data=data"]);
    restored.assert_success();
    assert!(restored.stderr.contains("3 object(s)"), "{}", restored.stderr);
    machine.run(&["fsck", "--data=data"]).assert_success();

    let store = Store::start(&machine, &[]);
    machine.set("AWS_ENDPOINT_URL_S3", &store.endpoint);
    assert_eq!(get(&machine, "late.txt"), "just in time");
    assert_eq!(get(&machine, "small.txt"), "hello");
    assert_eq!(get(&machine, "large.bin"), "0123456789".repeat(20_000));
    assert!(store.stop("TERM").success());
}

#[test]
fn the_master_key_is_in_a_backup_only_if_that_is_said() {
    let machine = stopped_store();
    let made = machine.run(&["backup", "--data=data", "without"]);
    made.assert_success();
    assert!(made.stderr.contains("keep a copy of data/master.key"), "{}", made.stderr);
    machine.run(&["restore", "without", "--data=again"]).assert_success();
    machine
        .run(&["serve", "--listen=127.0.0.1:0", "--data=again"])
        .assert_refused(1, &["master.key", "the master key is missing"]);
    machine.run(&["backup", "--data=data", "with", "--with-master-key"]).assert_success();
    let key = |directory: &str| std::fs::read(machine.home().join(directory).join("master.key")).ok();
    assert_eq!((key("without"), key("with")), (None, key("data")));
    assert!(key("data").is_some());
}

#[test]
fn a_master_key_that_is_not_there_is_not_advised_about() {
    let mut machine = stopped_store();
    machine.set("PRESIGN_ROOT_ACCESS_KEY_ID", "AKIDEXAMPLE");
    machine.set("PRESIGN_ROOT_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    std::fs::remove_dir_all(machine.home().join("data")).unwrap();
    assert!(Store::start(&machine, &[]).stop("TERM").success());
    assert!(!machine.home().join("data/master.key").exists());
    let made = machine.run(&["backup", "--data=data", "copy"]);
    made.assert_success();
    assert!(made.stderr.contains("copy: 0 object(s)"), "{}", made.stderr);
    assert!(!made.stderr.contains("master"), "{}", made.stderr);
}

#[test]
fn what_is_no_backup_is_refused() {
    let machine = stopped_store();
    machine.run(&["restore", "data", "--data=again"]).assert_refused(1, &["data", "not a finished backup"]);
    machine.run(&["backup", "--data=nowhere", "copy"]).assert_refused(1, &["nowhere", "there is no store"]);
    assert!(!machine.home().join("copy").exists() && !machine.home().join("again").exists());
    machine.run(&["backup", "--data=data", "copy"]).assert_success();
    machine.run(&["restore", "copy", "--data=again"]).assert_success();
}

#[test]
fn a_backup_within_its_own_store_is_refused() {
    let machine = stopped_store();
    let (home, data) = (machine.home(), machine.home().join("data"));
    std::os::unix::fs::symlink(&data, home.join("link")).unwrap();
    std::fs::create_dir(home.join("beside")).unwrap();
    let before = std::fs::read_dir(&data).unwrap().count();
    for within in ["data/copy", "data/blobs/copy", "link/copy", "beside/../data/copy"] {
        machine
            .run(&["backup", "--data=data", within])
            .assert_refused(1, &[within, "within the data directory", "choose a place outside"]);
    }
    machine
        .run(&["backup", "--data=link", "data/copy"])
        .assert_refused(1, &["data/copy", "within the data directory link"]);
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), before);
    // A name that begins alike is another directory.
    for outside in ["copy", "data-copy", "beside/copy", "data/../copy-2"] {
        machine.run(&["backup", "--data=data", outside]).assert_success();
    }
}
