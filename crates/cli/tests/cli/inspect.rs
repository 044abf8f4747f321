//! `presign inspect`.

use serde_json::Value;

use crate::command::{Machine, SIGN_AT};

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
