//! `presign access-key`: a retired root key is deleted, and nothing that it signed is good any more.

use crate::command::Machine;
use crate::fsck::stopped_store;
use crate::http;
use crate::store::Store;

#[test]
fn a_root_key_that_was_deleted_does_not_come_back() {
    let mut machine = stopped_store();
    let listed = machine.run(&["access-key", "list", "--data=data"]);
    listed.assert_success();
    let fields: Vec<&str> = listed.stdout.trim_end().split('\t').collect();
    let [id, "root", "active", made] = fields[..] else { panic!("{}", listed.stdout) };
    assert!(id.starts_with("PRSN") && made.ends_with('Z'), "{}", listed.stdout);

    let store = Store::start(&machine, &[]);
    machine.set("AWS_ENDPOINT_URL_S3", &store.endpoint);
    let get = |machine: &Machine| {
        let answer = http::send("GET", &machine.url(&["s3://bucket/small.txt"]), &[], "");
        (answer.status, answer.body)
    };
    assert_eq!(get(&machine), (200, "hello".to_owned()));
    machine.run(&["access-key", "delete", id, "--data=data"]).assert_refused(1, &["data"]);
    assert!(store.stop("TERM").success());

    machine
        .run(&["access-key", "delete", "PRSNNOBODY", "--data=data"])
        .assert_refused(1, &["PRSNNOBODY", "list"]);
    let deleted = machine.run(&["access-key", "delete", id, "--data=data"]);
    deleted.assert_success();
    assert!(deleted.stderr.contains(id), "{}", deleted.stderr);
    assert_eq!(machine.run(&["access-key", "list", "--data=data"]).stdout, "");

    // Without any root key the store makes a new one, and prints it.
    std::fs::remove_file(machine.home().join("started")).unwrap();
    let store = Store::start(&machine, &[]);
    machine.set("AWS_ENDPOINT_URL_S3", &store.endpoint);
    let (status, body) = get(&machine);
    assert_eq!((status, body.contains("InvalidAccessKeyId")), (403, true), "{body}");
    let mut owner = Machine::bare();
    store.introduce_to(&mut owner);
    assert_eq!(get(&owner), (200, "hello".to_owned()));
    assert!(store.stop("TERM").success());
}

#[test]
fn a_directory_without_a_store_stays_without_one() {
    let machine = Machine::bare();
    for action in
        [&["access-key", "list", "--data=nowhere"][..], &["access-key", "delete", "id", "--data=nowhere"]]
    {
        machine.run(action).assert_refused(1, &["nowhere", "there is no store here"]);
    }
    assert!(!machine.home().join("nowhere").exists());
}
