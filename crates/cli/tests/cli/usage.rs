//! Exit codes, help, and the refusal of what makes no sense.

use crate::command::Machine;

#[test]
fn help_teaches_with_examples() {
    let machine = Machine::bare();
    for arguments in [&["--help"][..], &["url", "--help"]] {
        let outcome = machine.run(arguments);
        outcome.assert_success();
        assert!(outcome.stdout.contains("Examples:\n  presign "), "{}", outcome.stdout);
    }
    assert!(machine.run(&["--help"]).stdout.contains("Exit codes:"));
    assert!(machine.run(&["--version"]).stdout.starts_with("presign "));
}

#[test]
fn what_is_not_understood_is_refused() {
    let machine = Machine::with_key();
    machine.run(&["url", "b-1/k", "--no-sign-request"]).assert_refused(2, &["--no-sign-request"]);
    machine.run(&["share", "f", "b-1/", "--no-verify-ssl"]).assert_refused(2, &["--no-verify-ssl"]);
    machine.run(&["url", "https://b.s3.amazonaws.com/k"]).assert_refused(2, &["s3://bucket/key"]);
    machine.run(&["url", "s3://b-1"]).assert_refused(2, &["key is empty", "s3://bucket/key"]);
    machine.run(&[]).assert_refused(2, &["Usage: presign"]);
}

/// Whoever cuts our output short has seen enough: no complaint, no failure.
#[test]
fn a_closed_pipe_is_no_failure() {
    let mut child = Machine::with_key().command(&["url", "b-1/k"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn every_shell_has_completions() {
    let machine = Machine::bare();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let outcome = machine.run(&["completions", shell]);
        outcome.assert_success();
        assert!(outcome.stdout.contains("expires-in"), "{shell}");
    }
    machine.run(&["completions", "csh"]).assert_refused(2, &["csh", "bash"]);
}

#[test]
fn every_command_has_a_manual_page() {
    let machine = Machine::bare();
    let outcome = machine.run(&["man"]);
    outcome.assert_success();
    assert!(outcome.stdout.contains(".TH presign 1"), "{}", outcome.stdout);
    machine.run(&["man", "--out", "pages/man1"]).assert_success();
    let page = std::fs::read_to_string(machine.home().join("pages/man1/presign-url.1")).unwrap();
    assert!(page.contains("presign\\-url") && page.contains("Examples:"), "{page}");
    // Examples are to be copied, so their lines are not filled.
    assert!(page.contains(".SH EXTRA\n.nf\n\\&Examples:\n\\&  presign url s3://"), "{page}");
    std::fs::write(machine.home().join("file"), "").unwrap();
    machine.run(&["man", "--out", "file/x"]).assert_refused(1, &["file/x"]);
}
