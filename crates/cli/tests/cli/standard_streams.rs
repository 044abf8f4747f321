//! Commands whose output cannot be written: the work is done all the same, a result that nobody got is a failure, and a key
//! that nobody saw is not kept.

use std::fs::OpenOptions;
use std::process::Stdio;

use crate::command::Machine;
use crate::http;
use crate::store::Store;

fn full_disk() -> Stdio {
    Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap())
}

fn pipe_without_a_reader() -> Stdio {
    Stdio::from(rustix::pipe::pipe().unwrap().1)
}

/// A machine with a store that was started once.
fn machine_with_a_store() -> Machine {
    let machine = Machine::bare();
    assert!(Store::start(&machine, &[]).stop("TERM").success());
    machine
}

#[test]
fn a_backup_and_its_restore_are_done_although_standard_error_takes_nothing() {
    let machine = machine_with_a_store();
    for (at, stderr) in [full_disk(), pipe_without_a_reader()].into_iter().enumerate() {
        let (backup, again) = (format!("backup-{at}"), format!("again-{at}"));
        let mut command = machine.command(&["backup", &backup, "--data=data"]);
        assert_eq!(command.stderr(stderr).status().unwrap().code(), Some(0));
        let mut command = machine.command(&["restore", &backup, "--data", &again]);
        assert_eq!(command.stderr(full_disk()).status().unwrap().code(), Some(0));
        machine.run(&["fsck", "--data", &again]).assert_success();
    }
}

#[test]
fn a_check_says_by_its_exit_code_whether_its_verdict_was_written_and_what_it_was() {
    let machine = machine_with_a_store();
    let check = |stdout: Stdio, stderr: Stdio| {
        let mut command = machine.command(&["fsck", "--data=data"]);
        command.stdout(stdout).stderr(stderr).status().unwrap().code()
    };
    assert_eq!(check(full_disk(), Stdio::null()), Some(1));
    assert_eq!(check(full_disk(), full_disk()), Some(1));
    assert_eq!(check(pipe_without_a_reader(), Stdio::null()), Some(0));
    std::fs::write(machine.home().join("data/metadata.sqlite"), [7; 8192]).unwrap();
    assert_eq!(check(pipe_without_a_reader(), Stdio::null()), Some(1));
}

#[test]
fn every_failure_has_its_exit_code_although_standard_error_takes_nothing() {
    let machine = Machine::with_key();
    for (arguments, code) in [
        (&["backup", "nowhere", "--data=missing"][..], 1),
        (&["serve", "--listen=nowhere"], 1),
        (&["url", "s3://bucket/k", "--expires-in=8d"], 2),
    ] {
        let status = machine.command(arguments).stderr(full_disk()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn a_root_key_that_could_not_be_printed_is_not_kept() {
    let mut machine = Machine::bare();
    let start = ["serve", "--listen=127.0.0.1:0", "--data=data"];
    // A closed standard output is /dev/null by the time that anything of the program runs.
    for stdout in [full_disk(), pipe_without_a_reader(), Stdio::null()] {
        let output = machine.command(&start).stdout(stdout).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("root key"), "{said}");
    }
    // The next start makes one and prints it, and that one is kept.
    let store = Store::start(&machine, &[]);
    store.introduce_to(&mut machine);
    store.make_bucket("bucket");
    assert!(store.stop("TERM").success());
    let again = Store::start(&machine, &[]);
    assert_eq!(again.printed, "");
    machine.set("AWS_ENDPOINT_URL_S3", &again.endpoint);
    assert_eq!(
        http::send("PUT", &machine.url(&["s3://bucket/k", "--http-method=PUT"]), &[], "x").status,
        200
    );
    assert!(again.stop("TERM").success());
}
