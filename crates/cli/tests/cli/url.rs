//! `presign url`: what is signed.

use crate::command::{Machine, SIGN_AT};

fn signed(arguments: &[&str]) -> String {
    Machine::with_key().url(&[arguments, &SIGN_AT].concat())
}

#[track_caller]
fn assert_has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is missing in: {text}");
    }
}

/// AWS's documented example: "Authenticating Requests: Using Query Parameters", Amazon S3 API Reference.
#[test]
fn signs_the_documented_example() {
    let url = signed(&["s3://examplebucket/test.txt", "--expires-in", "86400"]);
    assert_eq!(
        url,
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
}

#[test]
fn takes_the_aws_command_word_for_word() {
    let expected = signed(&["s3://my-bucket/file.txt", "--expires-in", "3600"]);
    assert_has(&expected, &["https://my-bucket.s3.amazonaws.com/file.txt?", "X-Amz-Expires=3600&"]);
    assert_eq!(signed(&["my-bucket/file.txt"]), expected);
    let put = signed(&["s3://my-bucket/file.txt", "--http-method", "PUT"]);
    assert_ne!(put, expected);
    assert_eq!(signed(&["s3://my-bucket/file.txt", "--http-method", "put"]), put);
    // Of what the AWS tools take besides, the part that says how to connect and print has nothing to say here.
    let idle =
        ["--no-verify-ssl", "--output", "text", "--no-cli-pager", "--cli-read-timeout=0", "--color", "off"];
    assert_eq!(signed(&[&["s3://my-bucket/file.txt"][..], &idle].concat()), expected);
}

/// The host of boto3 and the AWS CLI v1 is made when asked for; by default a URL works in every region.
#[test]
fn the_region_is_in_the_host_unless_told_otherwise() {
    let url = |region, options: &[&str]| signed(&[&["s3://bucket/k", "--region", region], options].concat());
    let global = ["--global-endpoint"];
    for region in ["eu-central-1", "me-south-1"] {
        assert_has(&url(region, &[]), &[&format!("https://bucket.s3.{region}.amazonaws.com/k?")]);
        assert_has(&url(region, &global), &["https://bucket.s3.amazonaws.com/k?", region]);
    }
    assert_eq!(url("us-east-1", &global), url("us-east-1", &[]));
    assert_eq!(url("cn-north-1", &global), url("cn-north-1", &[]));
    let machine = Machine::with_key();
    machine.run(&["url", "b-1/k", "--global-endpoint", "--fips"]).assert_refused(2, &["--fips"]);
    let custom = ["url", "b-1/k", "--global-endpoint", "--endpoint-url", "https://s3.example.com"];
    machine.run(&custom).assert_refused(2, &["--global-endpoint", "AWS's endpoints"]);
}

#[test]
fn durations_may_have_units() {
    let hour = signed(&["b-1/k", "--expires-in", "1h"]);
    assert_eq!(hour, signed(&["b-1/k"]));
    assert_has(&signed(&["b-1/k", "--expires-in", "7d"]), &["X-Amz-Expires=604800&"]);
}

#[test]
fn a_life_past_seven_days_is_refused() {
    let machine = Machine::with_key();
    let refused = machine.run(&["url", "b-1/k", "--expires-in", "604801"]);
    refused.assert_refused(2, &["7 days", "604801"]);
    machine.run(&["url", "b-1/k", "--expires-in", "0"]).assert_refused(2, &["from 1 second"]);
    machine.run(&["url", "b-1/k", "--expires-in", "-5"]).assert_refused(2, &["`-5` is no duration"]);
    machine.run(&["url", "b-1/k", "--expires-in", "604800"]).assert_success();
}

#[test]
fn the_key_is_taken_as_it_is() {
    let url = signed(&["s3://b-1//lead//a b+c/é~(1).txt%20/../x"]);
    assert_has(&url, &["amazonaws.com//lead//a%20b%2Bc/%C3%A9~%281%29.txt%2520/../x?"]);
}

#[test]
fn custom_endpoints_are_in_path_style_unless_told_otherwise() {
    let endpoint = ["--endpoint-url", "https://s3.example.com:8443"];
    let url = signed(&[&["s3://b-1/k"][..], &endpoint].concat());
    assert_has(&url, &["https://s3.example.com:8443/b-1/k?"]);
    let url = signed(&[&["s3://b-1/k", "--addressing-style", "virtual"][..], &endpoint].concat());
    assert_has(&url, &["https://b-1.s3.example.com:8443/k?"]);
    let url = signed(&["s3://bucket/k", "--addressing-style", "path", "--region", "eu-west-1"]);
    assert_has(&url, &["https://s3.eu-west-1.amazonaws.com/bucket/k?", "%2Feu-west-1%2Fs3"]);
}

#[test]
fn aws_has_more_endpoints_than_one() {
    let url = |option| signed(&["s3://bucket/k", "--region", "eu-west-1", option]);
    assert_has(&url("--dualstack"), &["https://bucket.s3.dualstack.eu-west-1.amazonaws.com/k?"]);
    assert_has(&url("--accelerate"), &["https://bucket.s3-accelerate.amazonaws.com/k?"]);
    let url = signed(&["s3://bucket/k", "--region", "us-gov-west-1", "--fips"]);
    assert_has(&url, &["https://bucket.s3-fips.us-gov-west-1.amazonaws.com/k?"]);
    let custom = ["url", "s3://bucket/k", "--endpoint-url", "https://s3.example.com", "--dualstack"];
    Machine::with_key().run(&custom).assert_refused(2, &["--dualstack", "--endpoint-url"]);
}

#[test]
fn headers_and_parameters_are_signed() {
    let url = signed(&[
        "s3://b-1/k",
        "--http-method=PUT",
        "--header",
        "x-amz-meta-Owner:  anna ",
        "--content-type",
        "image/png",
        "--query",
        "x-user=a b",
        "--query",
        "tagging",
        "--version-id",
        "v1",
    ]);
    assert_has(
        &url,
        &[
            "?versionId=v1&x-user=a%20b&tagging=&",
            "X-Amz-SignedHeaders=content-type%3Bhost%3Bx-amz-meta-owner&",
        ],
    );
    let machine = Machine::with_key();
    machine.run(&["url", "b-1/k", "--header", "no colon"]).assert_refused(2, &["no colon", "name: value"]);
    machine.run(&["url", "b-1/k", "--header", "host: x"]).assert_refused(2, &["host"]);
    machine.run(&["url", "b-1/k", "--query", "X-Amz-Date=1"]).assert_refused(2, &["X-Amz-Date"]);
}

#[test]
fn downloads_can_be_given_a_name_and_a_type() {
    let url = signed(&["b-1/k", "--filename", "naïve.txt", "--response-content-type", "text/plain"]);
    assert_has(
        &url,
        &[
            "response-content-type=text%2Fplain&",
            "response-content-disposition=attachment%3B%20filename%3D%22na_ve.txt%22%3B%20filename%2A%3DUTF-8%27%27na%25C3%25AFve.txt&",
        ],
    );
    let machine = Machine::with_key();
    let curl = machine.run(&["url", "b-1/k", "--filename", "naïve.txt", "--curl"]);
    assert_has(&curl.stdout, &["curl --fail --output 'naïve.txt' "]);
    assert_has(&machine.run(&["url", "b-1/a/k", "--curl"]).stdout, &["curl --fail --output k "]);
    machine.run(&["url", "b-1/k", "--filename", "a/b"]).assert_refused(2, &["a/b", "slash"]);
    let put = machine.run(&["url", "b-1/k", "--http-method=PUT", "--filename", "x"]);
    put.assert_refused(2, &["--filename", "PUT", "--header"]);
}

#[test]
fn limits_are_signed_into_the_url() {
    let url = signed(&[
        "b-1/k",
        "--http-method=PUT",
        "--create-only",
        "--max-size=10MiB",
        "--min-size=1",
        "--allow-content-type=image/*",
        "--ip=203.0.113.0/24,2001:db8::1",
        "--not-before=2013-05-24T01:00:00Z",
        "--methods=PUT,HEAD",
    ]);
    assert_has(
        &url,
        &[
            "?If-None-Match=%2A&",
            "x-presign-max-size=10485760&",
            "x-presign-min-size=1&",
            "x-presign-content-type=image%2F%2A&",
            "x-presign-ip=203.0.113.0%2F24%2C2001%3Adb8%3A%3A1%2F128&",
            "x-presign-not-before=20130524T010000Z&",
            "x-presign-methods=PUT%2CHEAD&",
        ],
    );
    let machine = Machine::with_key();
    machine
        .run(&["url", "b-1/k", "--max-size=10MiB"])
        .assert_refused(2, &["--max-size", "--http-method PUT"]);
    machine.run(&["url", "b-1/k", "--methods=HEAD"]).assert_refused(2, &["--methods", "GET"]);
    machine.run(&["url", "b-1/k", "--ip=elsewhere"]).assert_refused(2, &["elsewhere", "203.0.113.0/24"]);
}

/// Byte for byte what botocore makes with `signature_version = s3`.
#[test]
fn the_old_signature_is_made_only_when_asked_for() {
    let url = signed(&["my-bucket/a b.txt", "--sigv2", "--endpoint-url", "http://localhost:9000"]);
    assert_eq!(
        url,
        "http://localhost:9000/my-bucket/a%20b.txt?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE\
         &Signature=PuA8ro9PJgwOOzBctX9pw%2F1EPSA%3D&Expires=1369357200"
    );
    assert!(!signed(&["my-bucket/a b.txt"]).contains("AWSAccessKeyId"));
    let limited = ["url", "b-1/k", "--sigv2", "--methods=GET,HEAD"];
    Machine::with_key().run(&limited).assert_refused(2, &["SigV2", "caveats"]);
}

#[test]
fn a_stable_url_is_the_same_within_its_window() {
    let at = |time| Machine::with_key().url(&["b-1/k", "--stable", "1h", "--sign-at", time]);
    let first = at("20130524T000001Z");
    assert_has(&first, &["X-Amz-Date=20130524T000000Z&X-Amz-Expires=7200&"]);
    assert_eq!(at("20130524T005959Z"), first);
    assert_ne!(at("20130524T010000Z"), first);
}

#[test]
fn json_says_all_that_belongs_to_the_url() {
    let arguments = ["url", "b-1/k", "--http-method=PUT", "--content-type=a/b", "--expires-in=2h", "--json"];
    let outcome = Machine::with_key().run(&[&arguments[..], &SIGN_AT].concat());
    outcome.assert_success();
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert!(json["url"].as_str().unwrap().starts_with("https://b-1.s3.amazonaws.com/k?"));
    assert_eq!(json["method"], "PUT");
    assert_eq!(json["headers"], serde_json::json!({"content-type": "a/b"}));
    assert_eq!(json["signed_at"], "2013-05-24T00:00:00Z");
    assert_eq!(json["expires_at"], "2013-05-24T02:00:00Z");
    assert_eq!(json["warnings"].as_array().unwrap().len(), 3, "{json}");
    assert_eq!(outcome.stderr, "");
}

#[test]
fn curl_gets_all_that_it_must_send() {
    let arguments = ["url", "b-1/a/../it's", "--http-method=PUT", "--content-type=a/b", "--curl"];
    let outcome = Machine::with_key().run(&[&arguments[..], &SIGN_AT].concat());
    outcome.assert_success();
    let command = outcome.stdout;
    assert_has(
        &command,
        &["curl ", " --path-as-is ", " --upload-file FILE ", " --header 'content-type: a/b' "],
    );
    assert_has(&command, &["'https://b-1.s3.amazonaws.com/a/../it%27s?"]);
}
