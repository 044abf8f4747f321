//! Forms from signer to verifier, each refusal beside an upload that is taken.

use super::*;
use crate::credentials::Credentials;
use crate::signing_key::SigningKey;

const NOW: i64 = 1_795_282_542;

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "secret")
}

/// The fields of a SigV4 form with those further conditions.
fn fields(conditions: &str) -> Vec<(String, String)> {
    let time = Timestamp::from_unix(NOW).basic();
    let credential = format!("AKIDEXAMPLE/{}/us-east-1/s3/aws4_request", time.date());
    let policy = STANDARD.encode(format!(
        r#"{{"expiration": "{}", "conditions": [{conditions}{{"bucket": "b"}},
           ["starts-with", "$key", "u/"], {{"x-amz-algorithm": "AWS4-HMAC-SHA256"}},
           {{"x-amz-credential": "{credential}"}}, {{"x-amz-date": "{}"}}]}}"#,
        Timestamp::from_unix(NOW + 60),
        time.as_str()
    ));
    let key = SigningKey::derive(credentials().secret_access_key(), time.date(), "us-east-1", "s3");
    let signature = key.sign_text(policy.as_bytes()).to_hex().as_str().to_owned();
    [
        ("key", "u/${filename}".to_owned()),
        ("x-amz-algorithm", ALGORITHM.to_owned()),
        ("X-Amz-Credential", credential),
        ("x-amz-date", time.as_str().to_owned()),
        ("policy", policy),
        ("x-amz-signature", signature),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn with(mut fields: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    fields.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    fields.push((name.to_owned(), value.to_owned()));
    fields
}

fn without(mut fields: Vec<(String, String)>, name: &str) -> Vec<(String, String)> {
    fields.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    fields
}

fn verify_as(
    fields: &[(String, String)],
    key: Option<Credentials>,
    now: i64,
    bucket: &str,
) -> Result<(String, u64), Refusal> {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    let key = key.map(VerificationKey::new);
    let policy = VerifyPolicy::new("us-east-1");
    let form = UnverifiedForm::parse(&fields, Some("cat.jpg"))?;
    let form = form.verify(key.as_ref(), Timestamp::from_unix(now), &policy, bucket)?;
    Ok((form.key().to_owned(), form.max_size()))
}

fn verify(fields: &[(String, String)]) -> Result<(String, u64), Refusal> {
    verify_as(fields, Some(credentials()), NOW, "b")
}

fn fault(result: Result<(String, u64), Refusal>) -> FormFault {
    match result {
        Err(Refusal::Form(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_form_is_taken_under_the_files_name() {
    assert_eq!(verify(&fields("")), Ok(("u/cat.jpg".to_owned(), u64::MAX)));
    let ignored = with(fields(""), "x-ignore-me", "1");
    assert!(verify(&ignored).is_ok());
}

#[test]
fn the_policy_must_be_the_signed_one() {
    let tampered = with(fields(""), "policy", "e30=");
    let refusal = verify(&tampered).unwrap_err();
    assert!(matches!(
        refusal,
        Refusal::SignatureMismatch(mismatch)
            if mismatch.string_to_sign == "e30=" && mismatch.canonical_request.is_none()
    ));
    let unknown = verify_as(&fields(""), None, NOW, "b");
    assert_eq!(unknown, Err(Refusal::UnknownAccessKey { access_key_id: "AKIDEXAMPLE".into() }));
}

#[test]
fn it_ends() {
    assert!(verify_as(&fields(""), Some(credentials()), NOW + 59, "b").is_ok());
    assert_eq!(fault(verify_as(&fields(""), Some(credentials()), NOW + 60, "b")), FormFault::Expired);
    let early = verify_as(&fields(""), Some(credentials()), NOW - 901, "b");
    assert!(matches!(early, Err(Refusal::NotYetValid { .. })));
}

#[test]
fn each_condition_must_hold() {
    let condition = r#"["starts-with", "$key", "u/"]"#.to_owned();
    let outside = with(fields(""), "key", "v/x");
    assert_eq!(fault(verify(&outside)), FormFault::ConditionFailed { condition });
    let other_bucket = fault(verify_as(&fields(""), Some(credentials()), NOW, "c"));
    assert_eq!(
        other_bucket,
        FormFault::ConditionFailed { condition: r#"["eq", "$bucket", "b"]"#.to_owned() }
    );

    let image = || fields(r#"["starts-with", "$Content-Type", "image/"], "#);
    assert!(verify(&with(image(), "content-type", "image/png")).is_ok());
    assert!(verify(&with(image(), "content-type", "image/png, image/gif")).is_ok());
    for other in ["text/html", "image/png, text/html", "Image/png"] {
        assert!(
            matches!(fault(verify(&with(image(), "Content-Type", other))), FormFault::ConditionFailed { .. }),
            "{other}"
        );
    }
    let missing = fields(r#"["starts-with", "$Content-Type", ""], "#);
    assert!(matches!(fault(verify(&missing)), FormFault::ConditionFailed { .. }));
    assert!(verify(&with(missing, "content-type", "any/thing")).is_ok());
}

#[test]
fn every_field_needs_a_condition() {
    let extra = with(fields(""), "Content-Type", "image/png");
    assert_eq!(fault(verify(&extra)), FormFault::ExtraFields { names: vec!["content-type".to_owned()] });
    let mut twice = fields("");
    twice.push(("KEY".to_owned(), "u/other".to_owned()));
    assert_eq!(fault(verify(&twice)), FormFault::ExtraFields { names: vec!["key".to_owned()] });
}

#[test]
fn sizes_are_limited_by_every_range() {
    let both = fields(r#"["content-length-range", 2, 100], ["content-length-range", 1, "10"], "#);
    assert_eq!(verify(&both), Ok(("u/cat.jpg".to_owned(), 10)));
    let fields: Vec<(&str, &str)> = both.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    let key = VerificationKey::new(credentials());
    let form = UnverifiedForm::parse(&fields, None).unwrap();
    let form =
        form.verify(Some(&key), Timestamp::from_unix(NOW), &VerifyPolicy::new("us-east-1"), "b").unwrap();
    assert_eq!(form.key(), "u/${filename}", "the part had no file name");
    assert_eq!((form.check_size(2), form.check_size(10)), (Ok(()), Ok(())));
    assert_eq!(form.check_size(11), Err(Refusal::Form(FormFault::TooLarge { proposed: 11, max: 10 })));
    assert_eq!(form.check_size(1), Err(Refusal::Form(FormFault::TooSmall { proposed: 1, min: 2 })));
    assert_eq!(form.field("policy"), None);
}

#[test]
fn missing_fields_are_named() {
    for (name, field) in [
        ("x-amz-signature", "X-Amz-Signature"),
        ("x-amz-algorithm", "X-Amz-Algorithm"),
        ("x-amz-credential", "X-Amz-Credential"),
        ("x-amz-date", "X-Amz-Date"),
        ("policy", "policy"),
    ] {
        assert_eq!(fault(verify(&without(fields(""), name))), FormFault::MissingField { field });
    }
    let unsigned = [("key".to_owned(), "k".to_owned())];
    assert_eq!(verify(&unsigned), Err(Refusal::Unsigned));
    let mut twice = fields("");
    twice.push(("X-Amz-Date".to_owned(), "20261121T000000Z".to_owned()));
    assert_eq!(verify(&twice), Err(Refusal::Repeated { name: "x-amz-date".to_owned() }));
}

#[test]
fn the_session_token_must_be_the_keys_own() {
    let token = || credentials().with_session_token("t");
    let conditioned = fields(r#"{"x-amz-security-token": "t"}, "#);
    let sent = with(conditioned, "x-amz-security-token", "t");
    assert!(verify_as(&sent, Some(token()), NOW, "b").is_ok());
    assert_eq!(verify(&sent), Err(Refusal::InvalidToken));
    assert_eq!(verify_as(&fields(""), Some(token()), NOW, "b"), Err(Refusal::InvalidToken));
}

mod sigv2_forms {
    use super::*;

    fn old_fields() -> Vec<(String, String)> {
        let expiration = Timestamp::from_unix(NOW + 60);
        let policy =
            format!(r#"{{"expiration": "{expiration}", "conditions": [{{"bucket": "b"}}, {{"key": "k"}}]}}"#);
        let policy = STANDARD.encode(policy);
        let signature = sigv2::sign(credentials().secret_access_key(), &policy);
        [("key", "k"), ("AWSAccessKeyId", "AKIDEXAMPLE"), ("policy", &policy), ("signature", &signature)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn they_are_taken_until_they_end_and_unless_denied() {
        assert_eq!(verify(&old_fields()), Ok(("k".to_owned(), u64::MAX)));
        assert_eq!(fault(verify_as(&old_fields(), Some(credentials()), NOW + 60, "b")), FormFault::Expired);
        let wrong = with(old_fields(), "signature", "c2ln");
        assert!(matches!(verify(&wrong), Err(Refusal::SignatureMismatch(_))));
        let missing = fault(verify(&without(old_fields(), "signature")));
        assert_eq!(missing, FormFault::MissingField { field: "Signature" });

        let fields = old_fields();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        let key = VerificationKey::new(credentials());
        let policy = VerifyPolicy { sigv2: SigV2::Deny, ..VerifyPolicy::new("us-east-1") };
        let form = UnverifiedForm::parse(&fields, None).unwrap();
        let denied = form.verify(Some(&key), Timestamp::from_unix(NOW), &policy, "b").map(|_| ());
        assert_eq!(denied, Err(Refusal::SigV2Denied));
    }

    #[test]
    fn two_signatures_are_one_too_many() {
        let both = with(old_fields(), "x-amz-signature", "x");
        assert!(matches!(verify(&both), Err(Refusal::OnlyOneMechanism { .. })));
    }
}
