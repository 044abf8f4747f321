//! Browser forms and their policies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use presign::{SecretAccessKey, SigningKey, UnverifiedForm};
use serde_json::Value;
use std::sync::LazyLock;

use super::signed::{ACCESS_KEY_ID, ANOTHER_KEY, KEY, NOW, POLICY, REGION, SECRET};

static SIGNING_KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::derive(&SecretAccessKey::new(SECRET), "20261121", REGION, "s3"));

/// The first line is the policy, as JSON; the others are fields: name, equals sign, value. The policy is signed as it is.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (policy, others) = text.split_once('\n').unwrap_or((text, ""));
    let base64 = STANDARD.encode(policy);
    let signature = SIGNING_KEY.sign_text(base64.as_bytes()).to_hex();
    let credential = format!("{ACCESS_KEY_ID}/20261121/{REGION}/s3/aws4_request");
    let mut fields = vec![
        ("policy", base64.as_str()),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", credential.as_str()),
        ("x-amz-date", "20261121T171542Z"),
        ("x-amz-signature", signature.as_str()),
    ];
    fields.extend(others.lines().take(8).map(|line| line.split_once('=').unwrap_or((line, ""))));
    let Ok(form) = UnverifiedForm::parse(&fields, Some("cat.jpg")) else { return };
    let Ok(verified) = form.verify(Some(&KEY), NOW, &POLICY, "bucket") else { return };
    let read: Value = serde_json::from_str(policy).expect("a policy is JSON");
    assert!(verified.expires_at() > NOW);
    let conditions = read["conditions"].as_array().expect("a list of conditions");
    for (name, value) in &fields {
        let name = name.to_ascii_lowercase();
        let value = if name == "key" { value.replace("${filename}", "cat.jpg") } else { (*value).to_owned() };
        let is_exempt =
            matches!(name.as_str(), "policy" | "x-amz-signature" | "file" | "awsaccesskeyid" | "signature")
                || name.starts_with("x-ignore-");
        let mut naming =
            conditions.iter().filter_map(plain_condition).filter(|(_, field, _)| *field == name).peekable();
        assert!(is_exempt || naming.peek().is_some(), "no condition names {name}");
        // Of a field that S3 ignores nothing is asked, and nothing is seen.
        if !is_exempt {
            assert!(naming.all(|(exact, _, wanted)| holds(exact, &name, &value, &wanted)), "{name}={value}");
        }
    }
    // With another secret it is nobody's form.
    let forged = UnverifiedForm::parse(&fields, None).expect("it was read before");
    assert!(forged.verify(Some(&ANOTHER_KEY), NOW, &POLICY, "bucket").is_err());
}

fn holds(exact: bool, name: &str, value: &str, wanted: &str) -> bool {
    match exact {
        true => value == wanted,
        false if name == "content-type" => value.split(',').all(|item| item.trim_start().starts_with(wanted)),
        false => value.starts_with(wanted),
    }
}

/// Whether it asks for the whole value, the field, and the value.
fn plain_condition(condition: &Value) -> Option<(bool, String, String)> {
    if let Some(pairs) = condition.as_object() {
        let (field, value) = pairs.iter().next()?;
        return Some((true, field.to_ascii_lowercase(), value.as_str()?.to_owned()));
    }
    let field = condition[1].as_str()?.strip_prefix('$')?.to_ascii_lowercase();
    Some((condition[0] == "eq", field, condition[2].as_str()?.to_owned()))
}
