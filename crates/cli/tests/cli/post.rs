//! `presign post`.

use serde_json::Value;

use crate::command::{Machine, SIGN_AT};

fn post(arguments: &[&str]) -> String {
    let outcome = Machine::with_key().run(&[&["post"], arguments, &SIGN_AT].concat());
    outcome.assert_success();
    outcome.stdout
}

/// The policy, decoded: the standard library has no base64, and neither has a user's shell.
fn policy(form: &Value) -> String {
    let text = form["fields"]["policy"].as_str().unwrap();
    let mut bits = 0_u32;
    let mut count = 0;
    let mut bytes = Vec::new();
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn json_is_what_boto3_gives() {
    let form: Value =
        serde_json::from_str(&post(&["s3://bucket/dir/report.pdf", "--expires-in=15m"])).unwrap();
    assert_eq!(form["url"], "https://bucket.s3.amazonaws.com/");
    assert_eq!(form["fields"]["key"], "dir/report.pdf");
    assert_eq!(form["fields"]["x-amz-date"], "20130524T000000Z");
    assert_eq!(form["fields"]["x-amz-signature"].as_str().unwrap().len(), 64);
    assert_eq!(form["expires_at"], "2013-05-24T00:15:00Z");
    let policy = policy(&form);
    assert!(policy.starts_with(r#"{"expiration": "2013-05-24T00:15:00Z", "conditions": ["#), "{policy}");
    assert!(policy.contains(r#"{"key": "dir/report.pdf"}"#), "{policy}");
}

#[test]
fn a_prefix_takes_files_under_their_own_names() {
    for (target, key, prefix) in
        [("s3://bucket/inbox/", "inbox/${filename}", "inbox/"), ("bucket", "${filename}", "")]
    {
        let form: Value = serde_json::from_str(&post(&[target])).unwrap();
        assert_eq!(form["fields"]["key"], key);
        let condition = format!(r#"["starts-with", "$key", "{prefix}"]"#);
        assert!(policy(&form).contains(&condition), "{}", policy(&form));
    }
}

#[test]
fn limits_become_conditions() {
    let arguments = [
        "s3://bucket/inbox/",
        "--max-size=10MiB",
        "--min-size=1",
        "--content-type=image/*",
        "--field=x-amz-meta-by=anna",
        "--success-action-status=201",
    ];
    let form: Value = serde_json::from_str(&post(&arguments)).unwrap();
    assert_eq!(form["fields"]["x-amz-meta-by"], "anna");
    assert_eq!(form["fields"]["success_action_status"], "201");
    assert!(form["warnings"].to_string().contains("Content-Type"));
    let policy = policy(&form);
    for condition in [
        r#"["content-length-range", 1, 10485760]"#,
        r#"["starts-with", "$Content-Type", "image/"]"#,
        r#"{"x-amz-meta-by": "anna"}"#,
        r#"{"success_action_status": "201"}"#,
    ] {
        assert!(policy.contains(condition), "{condition} is missing in {policy}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let machine = Machine::with_key();
    let refused = |argument| machine.run(&["post", "s3://bucket/inbox/", argument]);
    refused("--content-type=image").assert_refused(2, &["image/png"]);
    refused("--success-action-status=302").assert_refused(2, &["200, 201 and 204"]);
    refused("--field=policy=x").assert_refused(2, &["policy"]);
    refused("--expires-in=8d").assert_refused(2, &["7 days"]);
    let sizes = machine.run(&["post", "s3://bucket/inbox/", "--max-size=1", "--min-size=2"]);
    sizes.assert_refused(2, &["1", "2"]);
    refused("--expires-in=7d").assert_success();
}

#[test]
fn html_is_a_page_with_the_form() {
    let page = post(&["s3://bucket/inbox/", "--format=html", "--content-type=image/*"]);
    assert!(page.starts_with("<!doctype html>"), "{page}");
    assert!(page.contains("<form action=\"https://bucket.s3.amazonaws.com/\" method=\"post\""), "{page}");
    assert!(page.contains("name=\"key\" value=\"inbox/${filename}\""), "{page}");
    assert!(page.trim_end().ends_with("</html>"), "{page}");
}

#[test]
fn curl_sends_the_fields_and_then_the_file() {
    let command = post(&["s3://bucket/inbox/", "--format=curl", "--content-type=image/*"]);
    assert!(command.starts_with("curl --form-string "), "{command}");
    assert!(command.contains(" --form-string 'key=inbox/${filename}' "), "{command}");
    let end = " --form-string Content-Type=image/TYPE --form file=@FILE https://bucket.s3.amazonaws.com/\n";
    assert!(command.ends_with(end), "{command}");
}
