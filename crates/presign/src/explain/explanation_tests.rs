//! URLs as the signer makes them, explained; and what is said of those that are odd.

use std::time::Duration;

use super::*;
use crate::{BucketUrl, Caveats, Credentials, PresignRequest, Signer};

const NOW: i64 = 1_795_282_542;

fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}

fn signer() -> Signer {
    Signer::new(Credentials::new("AKIDEXAMPLE", "hidden-secret"), "eu-central-1").unwrap()
}

fn bucket() -> BucketUrl {
    BucketUrl::virtual_hosted("https://s3.eu-central-1.amazonaws.com", "photos").unwrap()
}

fn sign(request: &PresignRequest<'_>) -> String {
    signer().presign(&bucket(), request, now()).unwrap().into_string()
}

fn get() -> String {
    sign(&PresignRequest::get("a b/é.png").expires_in(Duration::from_secs(3600)))
}

fn explain(url: &str) -> Explanation {
    Explanation::of_url(url, now()).unwrap()
}

fn notices(url: &str) -> Vec<Notice> {
    explain(url).notices
}

/// The URL with one piece changed; it must have been there.
fn changed(url: &str, from: &str, to: &str) -> String {
    let changed = url.replacen(from, to, 1);
    assert_ne!(changed, url);
    changed
}

#[test]
fn a_plain_download_is_told_in_full_and_has_nothing_unusual() {
    let explanation = Explanation::of_url(&get(), now().plus(Duration::from_secs(600))).unwrap();
    assert_eq!(explanation.mechanism, Mechanism::QueryV4);
    assert_eq!(explanation.scheme, Some(Scheme::Https));
    assert_eq!(explanation.host, "photos.s3.eu-central-1.amazonaws.com");
    assert_eq!(explanation.style, AddressingStyle::VirtualHosted);
    assert_eq!(explanation.bucket.as_deref(), Some("photos"));
    assert_eq!(explanation.key.as_deref(), Some("a b/é.png"));
    assert_eq!(explanation.version_id, None);
    assert_eq!(explanation.access_key_id, "AKIDEXAMPLE");
    assert!(!explanation.is_temporary);
    assert_eq!(explanation.region.as_deref(), Some("eu-central-1"));
    assert_eq!(explanation.signed_at, Some(now()));
    assert_eq!(explanation.expires_at, Some(Timestamp::from_unix(NOW + 3600)));
    assert_eq!(explanation.validity, Validity::Valid { seconds_left: 3000 });
    assert_eq!(explanation.validity.to_string(), "50 minutes left");
    assert_eq!(explanation.must_send, []);
    assert_eq!(explanation.notices, []);
}

#[test]
fn an_upload_tells_what_to_send() {
    let request = PresignRequest::put("k")
        .header("content-type", "image/png")
        .header("x-amz-server-side-encryption-customer-key", "hidden")
        .query("x-amz-meta-a", "1")
        .create_only()
        .version_id("v")
        .caveats(Caveats { max_size: Some(10), ..Caveats::default() });
    let explanation = explain(&sign(&request));
    assert_eq!(explanation.operations.likely.map(|operation| operation.name), Some("PutObject"));
    let names: Vec<&str> = explanation.must_send.iter().map(|header| header.name.as_str()).collect();
    assert_eq!(names, ["content-type", "x-amz-server-side-encryption-customer-key"]);
    assert!(explanation.must_send.iter().all(|header| header.value.is_none()));
    let carries: Vec<(&str, &str)> =
        explanation.carries.iter().map(|carried| (&*carried.name, &*carried.value)).collect();
    assert_eq!(carries, [("x-amz-meta-a", "1"), ("If-None-Match", "*")]);
    assert_eq!(explanation.version_id.as_deref(), Some("v"));
    assert_eq!(
        explanation.limits.iter().map(Limit::to_string).collect::<Vec<_>>(),
        ["uploads of at most 10 bytes"]
    );
    let named = Explanation::of_url_with_method(&sign(&request), Some(Method::Put), now()).unwrap();
    assert_eq!(named.operations.to_string(), "PutObject");
}

#[test]
fn a_request_tells_the_method_and_the_values() {
    let target = sign(&PresignRequest::put("k").header("content-type", "image/png"));
    let target = target.strip_prefix(bucket().origin()).unwrap();
    let bucket = bucket();
    let headers = [("Host", bucket.host()), ("Content-Type", "image/png")];
    let mut request = Request::new("PUT", target, &headers);
    request.host_bucket = Some("photos");
    let explanation = Explanation::of_request(&request, now()).unwrap();
    assert_eq!(explanation.scheme, None);
    assert_eq!((explanation.bucket.as_deref(), explanation.key.as_deref()), (Some("photos"), Some("k")));
    assert_eq!(explanation.operations.to_string(), "PutObject");
    assert_eq!(explanation.must_send[0].value.as_deref(), Some("image/png"));
    assert_eq!(explanation.notices, []);
}

#[test]
fn a_signed_header_is_explained_as_well() {
    let authorization = "AWS4-HMAC-SHA256 Credential=AKID/20261121/r/s3/aws4_request, \
                         SignedHeaders=host;x-amz-date, Signature=hidden";
    let headers =
        [("host", "h.example.com"), ("x-amz-date", "20261121T173542Z"), ("authorization", authorization)];
    let explanation = Explanation::of_request(&Request::new("GET", "/b/k", &headers), now()).unwrap();
    assert_eq!(explanation.mechanism, Mechanism::HeaderV4);
    assert_eq!(explanation.validity, Validity::Unknown);
    assert_eq!(explanation.operations.to_string(), "GetObject");
    assert!(!serde_json::to_string(&explanation).unwrap().contains("hidden"));
    let other = [("authorization", "Bearer hidden")];
    let refused = Explanation::of_request(&Request::new("GET", "/b/k", &other), now()).unwrap_err();
    assert!(matches!(refused, NotPresigned::MalformedAuthorization { .. }));
    assert!(!refused.to_string().contains("hidden"));
}

#[test]
fn the_old_signature_is_explained_too() {
    let request = PresignRequest::get("k").response_content_type("text/plain");
    let url = signer().presign_sigv2(&bucket(), &request, now()).unwrap().into_string();
    let explanation = explain(&url);
    assert_eq!(explanation.mechanism, Mechanism::QueryV2);
    assert_eq!((explanation.signed_at, explanation.region.as_deref()), (None, None));
    assert_eq!(explanation.expires_at, Some(Timestamp::from_unix(NOW + 3600)));
    assert_eq!(explanation.response_overrides[0].value, "text/plain");
    assert_eq!(explanation.operations.likely.map(|operation| operation.name), Some("GetObject"));
    assert_eq!(explanation.notices, [Notice::OldSignature]);
}

#[test]
fn time_is_held_against_the_clock() {
    let at = |now| Explanation::of_url(&get(), Timestamp::from_unix(now)).unwrap();
    assert_eq!(at(NOW + 3599).validity, Validity::Valid { seconds_left: 1 });
    assert_eq!(at(NOW + 3600).validity, Validity::Expired { seconds_ago: 0 });
    assert_eq!(at(NOW + 3661).notices, [Notice::Expired { seconds: 61 }]);
    assert_eq!(at(NOW - 60).validity, Validity::NotYet { seconds_until: 60 });
    assert_eq!(at(NOW - 60).notices, [Notice::NotValidYet { seconds: 60 }]);
}

#[test]
fn a_long_life_is_told_by_what_the_url_is_for() {
    let live = |request: PresignRequest<'_>, seconds| {
        notices(&sign(&request.expires_in(Duration::from_secs(seconds))))
    };
    assert_eq!(live(PresignRequest::get("k"), 86_400), []);
    let long = Notice::LongLife { seconds: 86_401, advisable_seconds: 86_400, is_upload: false };
    assert_eq!(live(PresignRequest::get("k"), 86_401), [long]);
    let put = || PresignRequest::put("k").header("content-type", "a/b");
    assert_eq!(live(put(), 3600), []);
    let long = Notice::LongLife { seconds: 3601, advisable_seconds: 3600, is_upload: true };
    assert_eq!(live(put(), 3601), [long]);
    for (written, seconds) in [("604801", 604_801), ("0", 0), ("-5", -5)] {
        let url = changed(&get(), "Expires=3600", &format!("Expires={written}"));
        assert!(notices(&url).contains(&Notice::LifeOutOfRange { seconds }), "{written}");
    }
    let url = changed(&get(), "Expires=3600", "Expires=soon");
    assert_eq!(notices(&url), [Notice::MalformedLife { value: "soon".to_owned() }]);
}

#[test]
fn each_oddity_is_noticed() {
    let url = get();
    let host = "photos.s3.eu-central-1.amazonaws.com";
    let odd = |from: &str, to: &str| notices(&changed(&url, from, to));
    let text = str::to_owned;
    assert_eq!(odd(host, "127.0.0.1:9000"), [Notice::HostIsThisMachine { host: text("127.0.0.1:9000") }]);
    assert_eq!(odd(host, "10.0.0.1"), [Notice::HostIsPrivate { host: text("10.0.0.1") }]);
    assert_eq!(odd("https:", "http:"), [Notice::NoTls]);
    assert_eq!(
        odd("https://photos", "http://localhost/photos"),
        [Notice::HostIsThisMachine { host: text("localhost") }]
    );
    assert_eq!(odd(host, &format!("{host}:443")), [Notice::DefaultPortSpelt { port: text("443") }]);
    assert_eq!(odd(host, &format!("{host}:80")), []);
    assert_eq!(odd("a%20b", "a+b"), [Notice::PlusInPath]);
    assert_eq!(odd("a%20b", "a%2Bb"), []);
    assert_eq!(odd("a%20b", "a%2520b"), [Notice::PathEncodedTwice]);
    assert_eq!(odd("a%20b", "a%25zz"), []);
    assert_eq!(odd("a%20b/", "a/%2E./"), [Notice::DotSegments]);
    assert_eq!(odd("a%20b/", "..a/...b/"), []);
    assert_eq!(odd("?", "?v=a+b&"), [Notice::PlusInQuery { name: text("v") }]);
    assert_eq!(odd("?", "?v=1&v=2&v=3&"), [Notice::RepeatedParameter { name: text("v") }]);
    assert_eq!(odd("?", "?utm_source=m&"), [Notice::TrackingParameter { name: text("utm_source") }]);
    assert_eq!(odd("?", "?x-presign-moon=1&"), [Notice::UnknownCaveat { name: text("x-presign-moon") }]);
    assert!(matches!(odd("?", "?x-presign-max-size=x&")[..], [Notice::MalformedCaveat { .. }]));
    assert_eq!(odd("SignedHeaders=host", "SignedHeaders=range"), [Notice::HostNotSigned]);
    assert_eq!(odd("%2Fs3%2F", "%2Fsns%2F"), [Notice::OtherService { service: text("sns") }]);
    assert_eq!(odd("AKIDEXAMPLE", "ASIAEXAMPLE"), [Notice::SessionTokenMissing]);
    assert_eq!(
        odd("&X-Amz-Signature", "&X-Amz-Security-Token=hidden&X-Amz-Signature"),
        [Notice::TemporaryCredentials]
    );
    assert_eq!(odd("Date=2026", "Date=26"), [Notice::MalformedDate { value: text("261121T173542Z") }]);
    assert!(matches!(
        odd("EXAMPLE%2F20261121", "EXAMPLE%2F20261120")[..],
        [Notice::ScopeOfAnotherDay { .. }]
    ));
    let cut = url.get(..url.len() - 2).unwrap();
    assert_eq!(notices(cut), [Notice::MalformedSignature { length: 62 }]);
    let listing = signer().presign(&bucket(), &PresignRequest::bucket(Method::Get), now()).unwrap();
    assert_eq!(notices(listing.as_str()), [Notice::NotAnObject]);
}

#[test]
fn what_is_not_presigned_is_told() {
    let refused = |url: &str| Explanation::of_url(url, now()).unwrap_err();
    assert!(matches!(refused("s3://b/k"), NotPresigned::NotAUrl { .. }));
    assert!(matches!(refused("photos/cat.jpg"), NotPresigned::NotAUrl { .. }));
    assert!(matches!(refused("https:///k?X-Amz-Date=1"), NotPresigned::NotAUrl { .. }));
    assert_eq!(refused("https://h/b/k?x=1"), NotPresigned::Unsigned);
    assert_eq!(refused(&changed(&get(), "%20", "%z")), NotPresigned::MalformedEscape);
    let missing = |names: &[&'static str], is_html_escaped| NotPresigned::MissingParameters {
        missing: names.to_vec(),
        is_html_escaped,
    };
    assert_eq!(refused(&changed(&get(), "X-Amz-Date", "x")), missing(&["X-Amz-Date"], false));
    let cut = get().split('&').next().unwrap().to_owned();
    assert!(refused(&cut).to_string().contains("X-Amz-Signature"));
    let escaped = refused(&get().replace('&', "&amp;"));
    assert!(matches!(escaped, NotPresigned::MissingParameters { is_html_escaped: true, .. }));
    let behind_another = refused(&changed(&get(), "?", "?versionId=1&").replace('&', "&amp;"));
    assert!(matches!(behind_another, NotPresigned::MissingParameters { is_html_escaped: true, .. }));
    assert_eq!(refused("https://h/b/k?AWSAccessKeyId=A&Signature=s"), missing(&["Expires"], false));
    assert_eq!(refused(&format!("{}&Signature=s", get())), NotPresigned::TwoMechanisms);
    assert!(matches!(refused(&changed(&get(), "%2Fs3", "")), NotPresigned::MalformedCredential { .. }));
    for other in
        ["Key-Pair-Id=K&Signature=s&Expires=1", "sv=1&sig=s", "GoogleAccessId=a&Signature=s&Expires=1"]
    {
        assert!(
            matches!(refused(&format!("https://h/k?{other}")), NotPresigned::OtherScheme { .. }),
            "{other}"
        );
    }
    assert!(
        Explanation::of_url(&format!(" '{}' \n", get()), now()).is_ok(),
        "what a shell or a mail puts around it"
    );
}

#[test]
fn nothing_secret_is_in_it() {
    let request = PresignRequest::get("k").query("x-amz-server-side-encryption-customer-key", "hidden-key");
    let credentials = Credentials::new("ASIAEXAMPLE", "hidden-secret").with_session_token("hidden-token");
    let signer = Signer::new(credentials, "us-east-1").unwrap();
    let v4 = signer.presign(&bucket(), &request, now()).unwrap().into_string();
    let v2 = signer.presign_sigv2(&bucket(), &PresignRequest::get("k"), now()).unwrap().into_string();
    for url in [v4, v2] {
        let signature = url.split("Signature=").nth(1).unwrap().split('&').next().unwrap();
        let explanation = explain(&url);
        assert!(explanation.is_temporary);
        let json = serde_json::to_string(&explanation).unwrap();
        let notices: String = explanation.notices.iter().map(Notice::to_string).collect();
        for shown in [format!("{explanation:?}"), json, notices] {
            assert!(!shown.contains("hidden") && !shown.contains(signature), "{shown}");
        }
    }
}
