//! Every refusal that S3 prints for a signed request and this library decides, in S3's own words; beside each
//! the request that differs in nothing but the fault, and is honoured.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::time::Duration;

use presign::{
    BucketUrl, Credentials, PresignRequest, Refusal, Request, SigV2, Signer, Timestamp, Unverified,
    VerificationKey, VerifyPolicy,
};

const NOW: i64 = 1_795_282_542; // 2026-11-21T17:35:42Z
const ORIGIN: &str = "https://files.example.com";
const HOST: [(&str, &str); 1] = [("Host", "files.example.com")];
const UNIX_2006: &str = "20060102";

fn credentials() -> Credentials {
    Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

fn temporary() -> Credentials {
    credentials().with_session_token("a-token")
}

fn target_of(url: &str) -> String {
    url.strip_prefix(ORIGIN).unwrap().to_owned()
}

fn sign_with(credentials: Credentials, request: &PresignRequest<'_>) -> String {
    let bucket = BucketUrl::path_style(ORIGIN, "bucket").unwrap();
    let signer = Signer::new(credentials, "us-east-1").unwrap();
    target_of(signer.presign(&bucket, request, Timestamp::from_unix(NOW)).unwrap().as_str())
}

/// A URL that lives for an hour.
fn v4() -> String {
    sign_with(credentials(), &PresignRequest::get("cat.jpg"))
}

/// The same in the old way.
fn v2() -> String {
    let bucket = BucketUrl::path_style(ORIGIN, "bucket").unwrap();
    let signer = Signer::new(credentials(), "us-east-1").unwrap();
    let request = PresignRequest::get("cat.jpg");
    target_of(signer.presign_sigv2(&bucket, &request, Timestamp::from_unix(NOW)).unwrap().as_str())
}

/// A server's question: what of this request?
struct Ask {
    now: i64,
    key: Option<Credentials>,
    policy: VerifyPolicy,
}

fn ask() -> Ask {
    Ask { now: NOW, key: Some(credentials()), policy: VerifyPolicy::new("us-east-1") }
}

impl Ask {
    fn outcome(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let headers = [&HOST, headers].concat();
        let key = self.key.clone().map(VerificationKey::new);
        let unverified = Unverified::parse(Request::new(method, target, &headers))?;
        unverified.verify(key.as_ref(), Timestamp::from_unix(self.now), &self.policy).map(|_| ())
    }

    fn get(&self, target: &str) -> Result<(), Refusal> {
        self.outcome("GET", target, &[])
    }
}

/// The URL with one parameter's text replaced; both must be there and differ.
fn with(target: &str, from: &str, to: &str) -> String {
    assert!(target.contains(from), "{from} is not in {target}");
    let changed = target.replacen(from, to, 1);
    assert_ne!(changed, target);
    changed
}

fn without_parameter(target: &str, name: &str) -> String {
    let (path, query) = target.split_once('?').unwrap();
    let kept: Vec<_> = query.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
    assert_eq!(kept.len() + 1, query.split('&').count(), "{name}");
    format!("{path}?{}", kept.join("&"))
}

fn words(outcome: Result<(), Refusal>) -> String {
    outcome.expect_err("it is refused").to_string()
}

#[test]
fn expired() {
    assert_eq!(Ask { now: NOW + 3599, ..ask() }.get(&v4()), Ok(()));
    let refusal = Ask { now: NOW + 3600, ..ask() }.get(&v4()).unwrap_err();
    assert_eq!(refusal.to_string(), "Request has expired");
    let (expires_at, server_time) = (Timestamp::from_unix(NOW + 3600), Timestamp::from_unix(NOW + 3600));
    assert_eq!(refusal, Refusal::Expired { life_seconds: Some(3600), expires_at, server_time });
    assert_eq!(expires_at.to_string(), "2026-11-21T18:35:42Z");
}

#[test]
fn expired_in_sigv2() {
    assert_eq!(Ask { now: NOW + 3599, ..ask() }.get(&v2()), Ok(()));
    let refusal = Ask { now: NOW + 3601, ..ask() }.get(&v2()).unwrap_err();
    let (expires_at, server_time) = (Timestamp::from_unix(NOW + 3600), Timestamp::from_unix(NOW + 3601));
    assert_eq!(refusal, Refusal::Expired { life_seconds: None, expires_at, server_time });
}

#[test]
fn not_valid_yet() {
    assert_eq!(Ask { now: NOW - 900, ..ask() }.get(&v4()), Ok(()));
    assert_eq!(words(Ask { now: NOW - 901, ..ask() }.get(&v4())), "Request is not valid yet");
}

#[test]
fn one_of_the_six_parameters_missing() {
    assert_eq!(ask().get(&v4()), Ok(()));
    for name in ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"] {
        let target = without_parameter(&v4(), &format!("X-Amz-{name}"));
        assert_eq!(
            words(ask().get(&target)),
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
             X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            "{name}"
        );
    }
}

#[test]
fn one_of_sigv2s_three_parameters_missing() {
    assert_eq!(ask().get(&v2()), Ok(()));
    for name in ["AWSAccessKeyId", "Signature", "Expires"] {
        assert_eq!(
            words(ask().get(&without_parameter(&v2(), name))),
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
            "{name}"
        );
    }
}

#[test]
fn credential_malformed_or_of_another_scope() {
    assert_eq!(ask().get(&v4()), Ok(()));
    let parsing = "Error parsing the X-Amz-Credential parameter; ";
    let malformed = format!(
        "{parsing}the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."
    );
    let wrong_date = format!(
        "{parsing}incorrect date format \"x\". This date in the credential must be in the format \"yyyyMMdd\"."
    );
    let other_day = format!(
        "Invalid credential date \"{UNIX_2006}\". This date is not the same as X-Amz-Date: \"20261121\"."
    );
    for (from, to, expected) in [
        ("%2Faws4_request", "", malformed.as_str()),
        ("AKIAIOSFODNN7EXAMPLE%2F", "%2F", &malformed),
        (
            "us-east-1",
            "us-east-2",
            &format!("{parsing}the region 'us-east-2' is wrong; expecting 'us-east-1'"),
        ),
        (
            "%2Fs3%2F",
            "%2Fsns%2F",
            &format!("{parsing}incorrect service \"sns\". This endpoint belongs to \"s3\"."),
        ),
        (
            "aws4_request",
            "aws5_request",
            &format!("{parsing}incorrect terminal \"aws5_request\". This endpoint uses \"aws4_request\"."),
        ),
        ("20261121%2F", "x%2F", &wrong_date),
        ("20261121%2F", &format!("{UNIX_2006}%2F"), &other_day),
    ] {
        assert_eq!(words(ask().get(&with(&v4(), from, to))), expected, "{from} became {to}");
    }
}

#[test]
fn date_malformed() {
    assert_eq!(ask().get(&v4()), Ok(()));
    for date in ["20261121", "2026-11-21T17:35:42Z", "20261321T173542Z", ""] {
        assert_eq!(
            words(ask().get(&with(&v4(), "X-Amz-Date=20261121T173542Z", &format!("X-Amz-Date={date}")))),
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
            "{date}"
        );
    }
}

#[test]
fn expires_out_of_bounds() {
    let week = PresignRequest::get("cat.jpg").expires_in(Duration::from_secs(604_800));
    assert_eq!(ask().get(&sign_with(credentials(), &week)), Ok(()));
    let too_long = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must \
                    be less than 604800 seconds";
    for (given, expected) in [
        ("1h", "X-Amz-Expires should be a number"),
        ("", "X-Amz-Expires should be a number"),
        ("-1", "X-Amz-Expires must be non-negative"),
        ("604801", too_long),
        ("99999999999999999999999", too_long),
    ] {
        let target = with(&v4(), "X-Amz-Expires=3600", &format!("X-Amz-Expires={given}"));
        assert_eq!(words(ask().get(&target)), expected, "{given}");
    }
}

#[test]
fn algorithm_unknown() {
    assert_eq!(ask().get(&v4()), Ok(()));
    assert_eq!(
        words(ask().get(&with(&v4(), "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"))),
        r#"X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256""#
    );
}

/// The signature, the method, the key and a signed header: all one refusal, which shows what was signed here.
#[test]
fn signature_does_not_match() {
    let put = PresignRequest::put("cat.jpg").header("content-type", "image/jpeg");
    let put = sign_with(credentials(), &put);
    let sent = [("Content-Type", "image/jpeg")];
    assert_eq!(ask().outcome("PUT", &put, &sent), Ok(()));

    let signature = put.rsplit_once('=').unwrap().1;
    let other_signature = with(&put, signature, &"0".repeat(64));
    let other_key = Ask { key: Some(Credentials::new("AKIAIOSFODNN7EXAMPLE", "another")), ..ask() };
    for outcome in [
        ask().outcome("PUT", &other_signature, &sent),
        ask().outcome("GET", &put, &sent),
        ask().outcome("PUT", &put, &[("Content-Type", "image/png")]),
        ask().outcome("PUT", &put, &[]),
        other_key.outcome("PUT", &put, &sent),
    ] {
        let refusal = outcome.unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "The request signature we calculated does not match the signature you provided. Check your key \
             and signing method."
        );
        let Refusal::SignatureMismatch(mismatch) = refusal else { panic!("{refusal:?}") };
        assert_eq!(mismatch.access_key_id, "AKIAIOSFODNN7EXAMPLE");
        assert!(
            mismatch
                .string_to_sign
                .starts_with("AWS4-HMAC-SHA256\n20261121T173542Z\n20261121/us-east-1/s3/aws4_request\n")
        );
        let canonical = mismatch.canonical_request.unwrap();
        assert!(canonical.contains("\n/bucket/cat.jpg\nX-Amz-Algorithm=AWS4-HMAC-SHA256&"), "{canonical}");
        assert!(canonical.ends_with("\n\ncontent-type;host\nUNSIGNED-PAYLOAD"), "{canonical}");
        assert_eq!(mismatch.signature_provided.len(), 64);
    }
}

#[test]
fn signature_of_sigv2_does_not_match() {
    assert_eq!(ask().get(&v2()), Ok(()));
    let Refusal::SignatureMismatch(mismatch) = ask().outcome("PUT", &v2(), &[]).unwrap_err() else {
        panic!("another refusal")
    };
    assert_eq!(mismatch.string_to_sign, format!("PUT\n\n\n{}\n/bucket/cat.jpg", NOW + 3600));
    assert_eq!(mismatch.canonical_request, None);
}

#[test]
fn headers_not_signed() {
    let signed = PresignRequest::get("cat.jpg").header("x-amz-meta-b", "1").header("x-amz-acl", "private");
    let headers = [("X-Amz-Meta-B", "1"), ("x-amz-acl", "private")];
    assert_eq!(ask().outcome("GET", &sign_with(credentials(), &signed), &headers), Ok(()));
    let refusal = ask().outcome("GET", &v4(), &headers).unwrap_err();
    assert_eq!(refusal.to_string(), "There were headers present in the request which were not signed");
    let names = vec!["x-amz-acl".to_owned(), "x-amz-meta-b".to_owned()];
    assert_eq!(refusal, Refusal::HeadersNotSigned { names });

    let target = with(&v4(), "X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=range");
    let refusal = ask().outcome("GET", &target, &[("Range", "bytes=0-1")]).unwrap_err();
    assert_eq!(refusal, Refusal::HeadersNotSigned { names: vec!["host".to_owned()] });
}

/// CVE-2026-54330 and its kin in other servers: an `x-amz-copy-source` that nobody signed made an upload URL
/// read any object.
#[test]
fn cve_2026_54330_unsigned_copy_source() {
    let upload = sign_with(credentials(), &PresignRequest::put("cat.jpg"));
    assert_eq!(ask().outcome("PUT", &upload, &[]), Ok(()));
    let refusal = ask().outcome("PUT", &upload, &[("x-amz-copy-source", "/other/secret")]).unwrap_err();
    assert_eq!(refusal, Refusal::HeadersNotSigned { names: vec!["x-amz-copy-source".to_owned()] });

    let copy = PresignRequest::put("cat.jpg").header("x-amz-copy-source", "/other/public");
    let copy = sign_with(credentials(), &copy);
    assert_eq!(ask().outcome("PUT", &copy, &[("x-amz-copy-source", "/other/public")]), Ok(()));
    assert!(ask().outcome("PUT", &copy, &[("x-amz-copy-source", "/other/secret")]).is_err());
}

#[test]
fn access_key_unknown() {
    assert_eq!(ask().get(&v4()), Ok(()));
    for target in [v4(), v2()] {
        let refusal = Ask { key: None, ..ask() }.get(&target).unwrap_err();
        assert_eq!(refusal.to_string(), "The AWS Access Key Id you provided does not exist in our records.");
        let access_key_id = "AKIAIOSFODNN7EXAMPLE".to_owned();
        assert_eq!(refusal, Refusal::UnknownAccessKey { access_key_id: access_key_id.into() });
    }
}

#[test]
fn session_token_broken() {
    let url = sign_with(temporary(), &PresignRequest::get("cat.jpg"));
    let ask = Ask { key: Some(temporary()), ..ask() };
    assert_eq!(ask.get(&url), Ok(()));
    let without_token = v4();
    let other = sign_with(credentials().with_session_token("another"), &PresignRequest::get("cat.jpg"));
    for target in [without_token, other] {
        assert_eq!(words(ask.get(&target)), "The provided token is malformed or otherwise invalid.");
    }
}

#[test]
fn two_mechanisms_at_once() {
    assert_eq!(ask().get(&v4()), Ok(()));
    let words_of_s3 = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query \
                       string parameter or the Authorization header should be specified";
    let (_, old) = v2().split_once('?').map(|(path, query)| (path.to_owned(), query.to_owned())).unwrap();
    let refusal = ask().get(&format!("{}&{old}", v4())).unwrap_err();
    assert_eq!(refusal.to_string(), words_of_s3);
    assert!(matches!(refusal, Refusal::OnlyOneMechanism { argument: "Signature", .. }));
    let refusal = ask().outcome("GET", &v4(), &[("Authorization", "AWS4-HMAC-SHA256 x")]).unwrap_err();
    assert_eq!(refusal.to_string(), words_of_s3);
    let value = "AWS4-HMAC-SHA256 x".into();
    assert_eq!(refusal, Refusal::OnlyOneMechanism { argument: "Authorization", value });
}

#[test]
fn an_auth_parameter_twice() {
    assert_eq!(ask().get(&v4()), Ok(()));
    let twice = format!("{}&X-Amz-Expires=3600", v4());
    assert_eq!(ask().get(&twice), Err(Refusal::Repeated { name: "X-Amz-Expires".to_owned() }));
}

#[test]
fn a_payload_hash_that_streams_in_a_url() {
    assert_eq!(ask().outcome("GET", &v4(), &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]), Ok(()));
    let value = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    let refusal = ask().outcome("GET", &v4(), &[("x-amz-content-sha256", value)]).unwrap_err();
    assert_eq!(refusal, Refusal::InvalidPayloadHash { value: value.to_owned() });
}

#[test]
fn sigv2_where_the_operator_takes_none() {
    assert_eq!(ask().get(&v2()), Ok(()));
    let mut strict = ask();
    strict.policy.sigv2 = SigV2::Deny;
    assert_eq!(strict.get(&v4()), Ok(()));
    let words = words(strict.get(&v2()));
    assert!(words.starts_with(
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256"
    ));
    assert!(words.contains("signature_version"), "it says what to set: {words}");
}

#[test]
fn nothing_signed() {
    assert_eq!(ask().get(&v4()), Ok(()));
    assert_eq!(words(ask().get("/bucket/cat.jpg")), "Access Denied");
}
