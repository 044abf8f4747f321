//! `presign demo`.

use std::fs;
use std::io::{BufRead, BufReader};

use crate::command::{Machine, Outcome};
use crate::store::{send_signal, wait};

/// A machine whose temporary folders are in its home.
fn machine() -> Machine {
    let mut machine = Machine::bare();
    fs::create_dir(machine.home().join("tmp")).unwrap();
    let folder = machine.home().join("tmp").to_str().unwrap().to_owned();
    machine.set("TMPDIR", &folder);
    machine
}

fn assert_shown(machine: &Machine, outcome: &Outcome) {
    outcome.assert_success();
    for words in [
        "    $ curl 'http://127.0.0.1:",
        "    Hello! This file is private",
        "    $ curl --upload-file ",
        "    Hello back!",
        "the store answered 403 SignatureDoesNotMatch: The request signature we calculated does not match",
        "the store answered 403 AccessDenied: Request has expired",
    ] {
        assert!(outcome.stdout.contains(words), "`{words}` is missing in:\n{}", outcome.stdout);
    }
    assert_eq!(fs::read_dir(machine.home().join("tmp")).unwrap().count(), 0, "the folder is removed");
}

#[test]
fn shows_every_step_and_ends() {
    let machine = machine();
    assert_shown(&machine, &machine.run(&["demo", "--once"]));
}

#[test]
fn needs_no_curl() {
    let mut machine = machine();
    machine.set("PATH", "/nonexistent");
    // Nor certificates, as in a bare container.
    machine.set("SSL_CERT_FILE", "/dev/null").set("SSL_CERT_DIR", "/nonexistent");
    let outcome = machine.run(&["demo", "--once"]);
    assert!(outcome.stdout.contains("sent by presign itself"), "{}", outcome.stdout);
    assert_shown(&machine, &outcome);
}

#[test]
fn serves_on_until_it_is_interrupted() {
    let machine = machine();
    let mut child = machine.command(&["demo"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("AWS_SECRET_ACCESS_KEY=")));
    assert!(child.try_wait().unwrap().is_none(), "it serves on");
    send_signal(&child, "INT");
    assert!(lines.all(|line| line.is_ok()));
    assert!(wait(&mut child).success());
    assert_eq!(fs::read_dir(machine.home().join("tmp")).unwrap().count(), 0, "the folder is removed");
}
