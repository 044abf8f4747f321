//! What `presign url` warns of, and that it keeps quiet otherwise.

use crate::command::Machine;

fn warnings(machine: &Machine, arguments: &[&str]) -> String {
    let outcome = machine.run(&[&["url"], arguments].concat());
    outcome.assert_success();
    assert!(outcome.stdout.starts_with("http"), "{}", outcome.stdout);
    let quiet = machine.run(&[&["url", "--quiet"], arguments].concat());
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
    outcome.stderr
}

#[test]
fn a_plain_download_is_no_matter_for_warnings() {
    assert_eq!(warnings(&Machine::with_key(), &["b-1/k", "--expires-in=7d"]), "");
}

#[test]
fn the_session_token_ends_first() {
    let mut machine = Machine::with_key();
    machine.set("AWS_SESSION_TOKEN", "token");
    assert!(warnings(&machine, &["b-1/k"]).contains("temporary credentials whose end is not known"));

    machine.set("AWS_CREDENTIAL_EXPIRATION", "2999-01-01T16:40:00Z");
    assert_eq!(warnings(&machine, &["b-1/k"]), "");
    let long = warnings(&machine, &["b-1/k", "--expires-in=7d", "--sign-at=2998-12-31"]);
    assert!(long.contains("works until 2999-01-01 16:40"), "{long}");
    assert!(long.contains("limited by the session token"), "{long}");
}

#[test]
fn a_session_token_that_has_ended() {
    let mut machine = Machine::with_key();
    machine.set("AWS_SESSION_TOKEN", "token").set("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z");
    assert!(warnings(&machine, &["b-1/k"]).contains("does not work"));
}

#[test]
fn a_host_that_the_recipient_may_not_reach() {
    let machine = Machine::with_key();
    let about = |endpoint| warnings(&machine, &["b-1/k", "--endpoint-url", endpoint]);
    assert!(about("http://localhost:9000").contains("only the machine itself"));
    assert!(about("http://192.168.1.5").contains("private network"));
    assert_eq!(about("https://s3.example.com"), "");
}

#[test]
fn an_upload_that_is_allowed_for_long() {
    let machine = Machine::with_key();
    let about = |life| warnings(&machine, &["b-1/k", "--http-method=PUT", "--expires-in", life]);
    assert!(about("3601").contains("can upload again"));
    assert_eq!(about("3600"), "");
}

#[test]
fn headers_that_the_recipient_must_send() {
    let machine = Machine::with_key();
    let told = warnings(&machine, &["b-1/k", "--header", "x-amz-meta-a: 1", "--header", "range: bytes=0-9"]);
    assert!(told.contains("must send `range: bytes=0-9` and `x-amz-meta-a: 1`"), "{told}");
}

#[test]
fn a_key_that_browsers_rewrite() {
    assert!(warnings(&Machine::with_key(), &["b-1/a/../k"]).contains("--path-as-is"));
    assert_eq!(warnings(&Machine::with_key(), &["b-1/a/..k"]), "");
}

#[test]
fn a_link_that_has_ended_already() {
    assert!(warnings(&Machine::with_key(), &["b-1/k", "--sign-at=2020-01-01"]).contains("it expired"));
}
