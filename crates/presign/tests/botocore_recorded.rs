//! What botocore made of 177 requests, recorded, and what this library makes of the same: the same
//! bytes. See `tests/vectors/README.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::time::Duration;

use presign::{
    Addressing, BucketUrl, Credentials, Endpoint, Method, Payload, PostCondition, PostForm, PostRequest,
    PresignRequest, Signer, Timestamp, UnsignedRequest,
};
use serde_json::Value;

/// Runs a check on every recorded case of a kind, and tells how many there were.
fn each(kind: &str, check: impl Fn(&Value, Timestamp)) -> usize {
    let recorded: Value = serde_json::from_str(include_str!("vectors/botocore.json")).unwrap();
    let now = Timestamp::from_unix(recorded["now"].as_i64().unwrap());
    let cases: Vec<&Value> =
        recorded["cases"].as_array().unwrap().iter().filter(|case| case["kind"] == kind).collect();
    for case in &cases {
        check(case, now);
    }
    cases.len()
}

fn text<'c>(case: &'c Value, name: &str) -> &'c str {
    case[name].as_str().unwrap()
}

fn pairs<'c>(case: &'c Value, name: &str) -> Vec<(&'c str, &'c str)> {
    let pair = |pair: &'c Value| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
    case[name].as_array().unwrap().iter().map(pair).collect()
}

fn life(case: &Value) -> Duration {
    Duration::from_secs(case["expires_in"].as_u64().unwrap())
}

fn signer(case: &Value) -> Signer {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let credentials = match case["token"].as_str() {
        Some(token) => credentials.with_session_token(token),
        None => credentials,
    };
    Signer::new(credentials, text(case, "region")).unwrap()
}

fn bucket(case: &Value) -> BucketUrl {
    let endpoint = match case["endpoint"].as_str() {
        Some(url) => Endpoint::custom(url),
        None => Endpoint::aws(text(case, "region")),
    };
    let is_virtual = case["virtual"] == Value::Bool(true);
    let addressing = if is_virtual { Addressing::Virtual } else { Addressing::Path };
    endpoint.unwrap().bucket(text(case, "bucket"), addressing).unwrap()
}

fn presign_request(case: &Value) -> PresignRequest<'_> {
    let method: Method = text(case, "method").parse().unwrap();
    let mut request = PresignRequest::object(method, text(case, "key")).expires_in(life(case));
    for (name, value) in pairs(case, "query") {
        request = request.query(name, value);
    }
    for (name, value) in pairs(case, "headers") {
        request = request.header(name, value);
    }
    request
}

#[test]
fn presigned_urls() {
    let count = each("presign", |case, now| {
        let url = signer(case).presign(&bucket(case), &presign_request(case), now).unwrap();
        assert_eq!(url.as_str(), text(case, "url"));
    });
    assert_eq!(count, 63);
}

#[test]
fn presigned_urls_of_sigv2() {
    let count = each("presign_sigv2", |case, now| {
        let url = signer(case).presign_sigv2(&bucket(case), &presign_request(case), now).unwrap();
        assert_eq!(url.as_str(), text(case, "url"));
        assert_eq!(url.expires_at(), now.plus(life(case)));
    });
    assert_eq!(count, 54);
}

#[test]
fn signed_headers() {
    let count = each("authorize", |case, now| {
        let method: Method = text(case, "method").parse().unwrap();
        let mut request = UnsignedRequest::url(method, text(case, "url"))
            .unwrap()
            .payload(Payload::of(text(case, "body").as_bytes()));
        for (name, value) in pairs(case, "headers") {
            request = request.header(name, value);
        }
        let signed = signer(case).authorize(&request, now).unwrap();
        let added: Vec<(&str, &str)> =
            signed.headers().iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(added, pairs(case, "added"), "{}", text(case, "url"));
        assert_eq!(signed.url(), text(case, "url"));
    });
    assert_eq!(count, 8);
}

/// A condition as boto3 takes it.
fn condition(json: &Value) -> PostCondition {
    let field = |name: &Value| name.as_str().unwrap().trim_start_matches('$').to_owned();
    match json {
        Value::Object(object) => {
            let (name, value) = object.iter().next().unwrap();
            PostCondition::equals(name, value.as_str().unwrap())
        }
        _ => match json[0].as_str().unwrap() {
            "eq" => PostCondition::Eq { field: field(&json[1]), value: json[2].as_str().unwrap().to_owned() },
            "starts-with" => PostCondition::starts_with(field(&json[1]), json[2].as_str().unwrap()),
            "content-length-range" => PostCondition::ContentLengthRange {
                min: json[1].as_u64().unwrap(),
                max: json[2].as_u64().unwrap(),
            },
            other => panic!("no condition {other}"),
        },
    }
}

fn post_request(case: &Value) -> PostRequest {
    let mut request = PostRequest::new(text(case, "key")).expires_in(life(case));
    for (name, value) in pairs(case, "given_fields") {
        request = request.field(name, value);
    }
    for json in case["conditions"].as_array().unwrap() {
        request = request.condition(condition(json));
    }
    request
}

fn assert_same_form(form: &PostForm, case: &Value) {
    let fields: Vec<(&str, &str)> =
        form.fields().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, pairs(case, "fields"));
    assert_eq!(form.url(), text(case, "url"));
}

#[test]
fn post_forms() {
    let count = each("post_form", |case, now| {
        assert_same_form(&signer(case).post_form(&bucket(case), &post_request(case), now).unwrap(), case);
    });
    assert_eq!(count, 28);
}

#[test]
fn post_forms_of_sigv2() {
    let count = each("post_form_sigv2", |case, now| {
        let form = signer(case).post_form_sigv2(&bucket(case), &post_request(case), now).unwrap();
        assert_same_form(&form, case);
    });
    assert_eq!(count, 24);
}
