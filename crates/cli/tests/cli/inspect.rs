//! `presign inspect`.

use serde_json::Value;

use crate::command::{Machine, SECRET_ACCESS_KEY, SIGN_AT};

fn signed(arguments: &[&str]) -> String {
    Machine::with_key().url(&[arguments, &SIGN_AT].concat())
}

const AT: &str = "--at=2013-05-24T00:30:00Z";

#[track_caller]
fn assert_line(text: &str, label: &str, value: &str) {
    let line = format!("{label:>12}  {value}");
    assert!(text.lines().any(|found| found == line), "`{line}` is missing in:\n{text}");
}

#[test]
fn a_url_says_much_by_itself() {
    let url =
        signed(&["s3://bucket/a b.png", "--region=eu-west-1", "--filename=x.png", "--ip=203.0.113.0/24"]);
    let outcome = Machine::bare().run(&["inspect", &url, AT]);
    outcome.assert_success();
    let text = outcome.stdout;
    assert_line(&text, "for", "GetObject, most likely");
    assert_line(&text, "bucket", "bucket");
    assert_line(&text, "key", "a b.png");
    assert_line(&text, "host", "bucket.s3.eu-west-1.amazonaws.com");
    assert_line(&text, "region", "eu-west-1");
    assert_line(&text, "signed by", "AKIAIOSFODNN7EXAMPLE");
    assert_line(&text, "works until", "2013-05-24T01:00:00Z, 30 minutes left");
    assert_line(&text, "answers", "response-content-disposition: attachment; filename=\"x.png\"");
    assert_line(&text, "limited to", "only from 203.0.113.0/24");
    let signature = url.rsplit('=').next().unwrap();
    assert!(!text.contains(signature), "{text}");
}

#[test]
fn what_must_be_sent_and_what_is_odd_is_told() {
    let url =
        signed(&["bucket/k", "--http-method=PUT", "--content-type=a/b", "--endpoint-url=http://localhost:1"]);
    let outcome = Machine::bare().run(&["inspect", &url, "--method", "put", "--at=2013-05-25"]);
    outcome.assert_success();
    assert_line(&outcome.stdout, "for", "PutObject");
    assert_line(&outcome.stdout, "must send", "content-type (the very value that was signed)");
    assert_line(&outcome.stdout, "note", "it expired 23 hours ago");
    assert!(outcome.stdout.contains("its host is localhost:1"), "{}", outcome.stdout);
}

#[test]
fn a_url_can_come_from_standard_input() {
    let url = signed(&["bucket/k"]);
    let machine = Machine::bare();
    let outcome = machine.run_with_input(&["inspect", "-", AT], &format!("{url}\n"));
    outcome.assert_success();
    assert_eq!(outcome.stdout, machine.run(&["inspect", &url, AT]).stdout);
}

#[test]
fn json_has_everything() {
    let url = signed(&["bucket/k"]);
    let outcome = Machine::bare().run(&["inspect", &url, AT, "--json"]);
    outcome.assert_success();
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((json["bucket"].as_str(), json["key"].as_str()), (Some("bucket"), Some("k")));
    assert_eq!(json["validity"]["seconds_left"], 1800);
}

#[test]
fn what_is_no_presigned_url_is_refused() {
    let machine = Machine::bare();
    let refused = |url: &str| machine.run(&["inspect", url]);
    refused("https://bucket.s3.amazonaws.com/k").assert_refused(1, &["not signed", "single quotes"]);
    let url = signed(&["bucket/k"]);
    let cut = url.split("&X-Amz-Date").next().unwrap();
    refused(cut).assert_refused(1, &["lacks", "X-Amz-Date"]);
}

#[test]
fn with_the_key_the_verdict_is_told() {
    let url = signed(&["bucket/k", "--http-method=PUT", "--content-type=a/b"]);
    let machine = Machine::with_key();
    let right = machine.run(&["inspect", &url, AT, "--verify", "--header=content-type: a/b"]);
    right.assert_success();
    assert_line(&right.stdout, "verdict", "the signature is right, for PUT");
    assert_line(&right.stdout, "for", "PutObject");

    let other = machine.run(&["inspect", &url, AT, "--verify", "-Hcontent-type: a/c", "--method=PUT"]);
    assert_eq!(other.code, 1, "{}", other.stderr);
    assert!(other.stdout.contains("verdict  refused: The request signature"), "{}", other.stdout);
    assert!(other.stdout.contains("  cause  ") && other.stdout.contains("content-type"), "{}", other.stdout);
    assert_eq!(other.stderr, "");
}

#[test]
fn the_host_that_a_proxy_changed_is_found() {
    let url = signed(&["bucket/k", "--endpoint-url=https://files.example.com"]);
    let behind = url.replace("https://files.example.com", "http://10.0.0.7:9000");
    let arguments = ["inspect", &behind, AT, "--verify", "--known-host=https://files.example.com", "--json"];
    let outcome = Machine::with_key().run(&arguments);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(json["diagnosis"]["verdict"]["honoured"], false);
    assert_eq!(json["diagnosis"]["cause"]["kind"], "host_changed");
    assert_eq!(json["diagnosis"]["cause"]["signed"], "files.example.com");
}

#[test]
fn the_secret_can_come_from_standard_input() {
    let url = signed(&["bucket/k"]);
    let mut temporary = Machine::with_key();
    temporary.set("AWS_SESSION_TOKEN", "a/to+ken=");
    let with_token = temporary.url(&[&["bucket/k", "--quiet"], &SIGN_AT[..]].concat());
    let machine = Machine::bare();
    for url in [&url, &with_token] {
        let check = |secret: &str| machine.run_with_input(&["inspect", url, AT, "--secret-stdin"], secret);
        let right = check(&format!("{SECRET_ACCESS_KEY}\n"));
        right.assert_success();
        assert_line(&right.stdout, "verdict", "the signature is right, for GET");
        let wrong = check("hidden-value");
        assert_eq!(wrong.code, 1);
        assert!(wrong.stdout.contains("secret"), "{}", wrong.stdout);
        assert!(!wrong.stdout.contains("hidden"), "{}", wrong.stdout);
    }
    machine.run(&["inspect", "-", "--secret-stdin"]).assert_refused(2, &["standard input"]);
}

#[test]
fn a_profile_can_have_the_key() {
    let mut machine = Machine::bare();
    let key = format!(
        "[mine]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET_ACCESS_KEY}\n\
         [other]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = x\n"
    );
    machine.write_shared_file("credentials", &key);
    let url = signed(&["bucket/k"]);
    machine.run(&["inspect", &url, AT, "--profile=mine"]).assert_success();
    let other = machine.run(&["inspect", &url, AT, "--profile=other"]);
    assert_eq!(other.code, 1);
    assert!(other.stdout.contains("AKIAIOSFODNN7EXAMPLE"), "{}", other.stdout);
    machine.run(&["inspect", &url, "--header=a: b"]).assert_refused(2, &["--profile"]);
}
