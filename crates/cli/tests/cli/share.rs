//! `presign share`.

use std::fs;

use crate::command::Machine;
use crate::http::{self, Service};
use crate::store::Store;

#[test]
fn uploads_the_file_and_prints_a_link_to_it() {
    let mut machine = Machine::bare();
    let store = Store::start(&machine, &[]);
    store.introduce_to(&mut machine);
    store.make_bucket("bucket");
    // More than one chunk.
    let text = "0123456789abcdef".repeat(50_000);
    fs::write(machine.home().join("my report.txt"), &text).unwrap();

    let outcome = machine.run(&["share", "my report.txt", "s3://bucket/out/", "--expires-in=1h"]);
    outcome.assert_success();
    let link = outcome.stdout.trim_end();
    assert!(link.contains("/bucket/out/my%20report.txt?") && link.contains("X-Amz-Expires=3600&"), "{link}");
    let answer = http::send("GET", link, &[], "");
    assert_eq!(answer.status, 200);
    assert!(answer.body == text, "{} bytes came back", answer.body.len());
    assert!(answer.head.contains("content-type: text/plain; charset=utf-8"), "{}", answer.head);
    assert!(outcome.stderr.contains("only the machine itself"), "{}", outcome.stderr);

    let again = ["share", "my report.txt", "s3://bucket/out/"];
    machine.run(&again).assert_refused(1, &["s3://bucket/out/my report.txt is there already", "--replace"]);
    machine.run(&[&again[..], &["--replace"]].concat()).assert_success();

    machine.set("PRESIGN_SHARE_TO", "s3://bucket/renamed.bin");
    let json = machine.run(&["share", "my report.txt", "--json", "--filename=x.txt"]);
    json.assert_success();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json["bucket"].as_str(), json["key"].as_str()), (Some("bucket"), Some("renamed.bin")));
    let answer = http::send("GET", json["url"].as_str().unwrap(), &[], "");
    assert!(answer.head.contains("content-disposition: attachment; filename=\"x.txt\""), "{}", answer.head);
}

#[test]
fn an_empty_file_is_a_file_too() {
    let mut machine = Machine::bare();
    let store = Store::start(&machine, &[]);
    store.introduce_to(&mut machine);
    store.make_bucket("bucket");
    fs::write(machine.home().join("empty.txt"), "").unwrap();
    let outcome = machine.run(&["share", "empty.txt", "s3://bucket/"]);
    outcome.assert_success();
    let answer = http::send("GET", outcome.stdout.trim_end(), &[], "");
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}

/// As behind a proxy that sets the Host itself, which is what most do unless told.
#[test]
fn a_signature_that_a_proxy_broke_is_told_from_a_wrong_secret() {
    let canonical = "PUT\n/bucket/a.txt\n\nhost:inner:9000\n\nhost\nUNSIGNED-PAYLOAD";
    let body = format!(
        "<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>{canonical}</CanonicalRequest></Error>"
    );
    let proxy = Service::start(move |_, _| (403, body.clone()));
    let mut machine = Machine::bare();
    let store = Store::start(&machine, &[]);
    store.introduce_to(&mut machine);
    store.make_bucket("bucket");
    fs::write(machine.home().join("a.txt"), "a").unwrap();

    let through_proxy = machine.run(&["share", "a.txt", "s3://bucket/", "--endpoint-url", &proxy.url]);
    let signed_for = proxy.url.trim_start_matches("http://");
    through_proxy.assert_refused(1, &[signed_for, "inner:9000", "pass Host on", "public_endpoints"]);

    machine.set("AWS_SECRET_ACCESS_KEY", "wrong");
    let impostor = machine.run(&["share", "a.txt", "s3://bucket/"]);
    impostor.assert_refused(1, &["check the secret access key", "SignatureDoesNotMatch"]);
    assert!(!impostor.stderr.contains("public_endpoints"), "{}", impostor.stderr);
}

#[test]
fn a_missing_bucket_is_told_with_the_way_out() {
    let mut machine = Machine::bare();
    let store = Store::start(&machine, &[]);
    store.introduce_to(&mut machine);
    fs::write(machine.home().join("a.txt"), "a").unwrap();
    let outcome = machine.run(&["share", "a.txt", "s3://missing/"]);
    outcome.assert_refused(1, &["a.txt", "404 NoSuchBucket", "aws s3 mb s3://missing"]);
}

#[test]
fn a_refusal_is_told_in_the_stores_own_words() {
    let service = Service::start(|_, _| {
        (403, "<Error><Code>AccessDenied</Code><Message>Not &lt;you&gt;</Message></Error>".to_owned())
    });
    let mut machine = Machine::with_key();
    machine.set("AWS_ENDPOINT_URL", &service.url);
    // Over http a bare container's lack of certificates is no hindrance.
    machine.set("SSL_CERT_FILE", "/dev/null").set("SSL_CERT_DIR", "/nonexistent");
    fs::write(machine.home().join("a.png"), "picture").unwrap();
    let outcome = machine.run(&["share", "a.png", "s3://bucket/"]);
    outcome.assert_refused(1, &["a.png is not shared", "403 AccessDenied: Not <you>"]);
    let request = service.requests.recv().unwrap().to_ascii_lowercase();
    assert!(request.starts_with("put /bucket/a.png?"), "{request}");
    for header in ["content-length: 7\r\n", "content-type: image/png\r\n", "if-none-match: *\r\n"] {
        assert!(request.contains(header), "{header} is missing in {request}");
    }
    assert!(request.ends_with("\r\n\r\npicture"), "{request}");
}

#[test]
fn what_cannot_be_shared_is_refused_before_anything_is_sent() {
    let mut machine = Machine::with_key();
    machine.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    fs::write(machine.home().join("a.txt"), "a").unwrap();
    let refused = |arguments: &[&str]| machine.run(&[&["share"], arguments].concat());
    refused(&["a.txt"]).assert_refused(2, &["PRESIGN_SHARE_TO", "s3://"]);
    refused(&["missing.txt", "s3://bucket/"]).assert_refused(1, &["missing.txt cannot be read"]);
    refused(&[".", "s3://bucket/"]).assert_refused(1, &["no file"]);
    refused(&["a.txt", "s3://bucket/", "--expires-in=8d"]).assert_refused(2, &["7 days"]);
    refused(&["a.txt", "s3://bucket/x/../y"]).assert_refused(1, &["`..`", "--curl"]);
    // A port that clients leave out of the URL is no reason to speak of dots.
    let spelt = refused(&["a.txt", "s3://bucket/", "--endpoint-url=http://127.0.0.1:80"]);
    assert!(!spelt.stderr.contains("`..`"), "{}", spelt.stderr);
    let unreachable = refused(&["a.txt", "s3://bucket/"]);
    unreachable.assert_refused(1, &["cannot upload to http://127.0.0.1:9"]);
    assert!(!unreachable.stderr.contains("X-Amz-Signature"), "{}", unreachable.stderr);
}
