//! Real signed requests, each broken in one known way, beside the good one that is honoured.

use std::time::Duration;

use super::*;
use crate::explain::trial::MAX_WORK;
use crate::explain::{LinePart, Place, RequestText, Side};
use crate::signing_key::{SigningKey, sha256};
use crate::{BucketUrl, Caveats, PresignRequest, Signer};

const NOW: i64 = 1_795_282_542;
const HOST: &str = "files.example.com";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const HEADERS: [(&str, &str); 1] = [("host", HOST)];

fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}

fn key() -> Credentials {
    Credentials::new("AKIDEXAMPLE", SECRET)
}

fn bucket() -> BucketUrl {
    BucketUrl::path_style("https://files.example.com", "b").unwrap()
}

fn url_with(key: Credentials, request: &PresignRequest<'_>) -> String {
    Signer::new(key, "us-east-1").unwrap().presign(&bucket(), request, now()).unwrap().into_string()
}

fn target_of(url: &str) -> String {
    url.strip_prefix("https://files.example.com").unwrap().to_owned()
}

fn sign(request: &PresignRequest<'_>) -> String {
    target_of(&url_with(key(), request))
}

fn sign_v2(request: &PresignRequest<'_>) -> String {
    let signer = Signer::new(key(), "us-east-1").unwrap();
    target_of(signer.presign_sigv2(&bucket(), request, now()).unwrap().as_str())
}

fn run(request: &Request<'_>, key: &Credentials, now: Timestamp) -> Diagnosis {
    diagnose(request, key, now, &VerifyPolicy::new("us-east-1"), &["https://files.example.com"])
}

fn with_headers(method: &str, target: &str, headers: &[(&str, &str)]) -> Diagnosis {
    run(&Request::new(method, target, headers), &key(), now())
}

/// The first cause of a request that must be refused, with a proven difference where the signature is wrong.
fn cause(method: &str, target: &str, headers: &[(&str, &str)]) -> Cause {
    let diagnosis = with_headers(method, target, headers);
    assert!(matches!(diagnosis.verdict, Verdict::Refused(_)), "{diagnosis:?}");
    if matches!(diagnosis.verdict, Verdict::Refused(Refusal::SignatureMismatch(_))) {
        assert_eq!(diagnosis.also, [], "{diagnosis:?}");
    }
    diagnosis.cause.unwrap()
}

fn assert_honoured(method: &str, target: &str, headers: &[(&str, &str)]) {
    let diagnosis = with_headers(method, target, headers);
    assert_eq!((&diagnosis.verdict, &diagnosis.cause), (&Verdict::Honoured, &None), "{target}");
}

fn changed(text: &str, from: &str, to: &str) -> String {
    let changed = text.replacen(from, to, 1);
    assert_ne!(changed, text);
    changed
}

fn host_changed(arrived: &str) -> Cause {
    Cause::HostChanged { signed: HOST.into(), arrived: arrived.to_owned().into() }
}

#[test]
fn a_host_is_found_wherever_something_points_to_it() {
    let target = sign(&PresignRequest::get("k"));
    assert_honoured("GET", &target, &HEADERS);
    let unknown = |headers: &[(&str, &str)]| {
        let request = Request::new("GET", &target, headers);
        diagnose(&request, &key(), now(), &VerifyPolicy::new("us-east-1"), &[]).cause.unwrap()
    };
    for arrived in ["10.0.0.7:9000", "localhost"] {
        assert_eq!(cause("GET", &target, &[("host", arrived)]), host_changed(arrived), "a known endpoint");
        let forwarded = [("host", arrived), ("X-Forwarded-Host", "other.example.com, files.example.com")];
        assert_eq!(unknown(&forwarded), host_changed(arrived));
        let forwarded = [("host", arrived), ("forwarded", "for=1.2.3.4;host=files.example.com;proto=https")];
        assert_eq!(unknown(&forwarded), host_changed(arrived));
        assert!(matches!(unknown(&[("host", arrived)]), Cause::WrongSecret { .. }), "nothing points to it");
    }
    for arrived in
        ["files.example.com:443", "files.example.com:8080", "FILES.example.com", "files.example.com."]
    {
        assert_eq!(unknown(&[("host", arrived)]), host_changed(arrived));
    }
}

#[test]
fn a_host_that_was_signed_on_the_own_machine_is_guessed() {
    for signed in ["http://localhost:9000", "http://127.0.0.1:9000", "http://host.docker.internal:4566"] {
        let bucket = BucketUrl::path_style(signed, "b").unwrap();
        let signer = Signer::new(key(), "us-east-1").unwrap();
        let url = signer.presign(&bucket, &PresignRequest::get("k"), now()).unwrap().into_string();
        let target = url.strip_prefix(signed).unwrap();
        let signed = signed.strip_prefix("http://").unwrap();
        assert_honoured("GET", target, &[("host", signed)]);
        let expected = Cause::HostChanged { signed: signed.into(), arrived: "s3.example.net:9000".into() };
        assert_eq!(cause("GET", target, &[("host", "s3.example.net:9000")]), expected);
    }
}

#[test]
fn the_bucket_may_have_moved_between_host_and_path() {
    let virtual_hosted = BucketUrl::virtual_hosted("https://files.example.com", "photos").unwrap();
    let signer = Signer::new(key(), "us-east-1").unwrap();
    let url = signer.presign(&virtual_hosted, &PresignRequest::get("a/k"), now()).unwrap().into_string();
    let target = url.strip_prefix("https://photos.files.example.com").unwrap();
    assert_honoured("GET", target, &[("host", "photos.files.example.com")]);
    let moved = Cause::AddressingChanged {
        signed_host: "photos.files.example.com".into(),
        signed_path: "/a/k".into(),
    };
    assert_eq!(cause("GET", &format!("/photos{target}"), &HEADERS), moved);
    let in_path = sign(&PresignRequest::get("k"));
    let moved = Cause::AddressingChanged { signed_host: HOST.into(), signed_path: "/b/k".into() };
    let target = in_path.strip_prefix("/b").unwrap();
    assert_eq!(cause("GET", target, &[("host", "b.files.example.com")]), moved);
}

#[test]
fn the_method_is_found() {
    let target = sign(&PresignRequest::put("k"));
    assert_honoured("PUT", &target, &HEADERS);
    for arrived in [Method::Get, Method::Post, Method::Head] {
        let expected = Cause::OtherMethod { signed: Method::Put, arrived };
        assert_eq!(cause(arrived.as_str(), &target, &HEADERS), expected);
    }
    let old = sign_v2(&PresignRequest::get("k"));
    assert_honoured("GET", &old, &HEADERS);
    let expected = Cause::OtherMethod { signed: Method::Get, arrived: Method::Head };
    assert_eq!(cause("HEAD", &old, &HEADERS), expected);
    assert_eq!(cause("BREW", &target, &HEADERS), Cause::UnknownMethod { method: "BREW".into() });
}

#[test]
fn parameters_that_came_and_went_are_found() {
    let target = sign(&PresignRequest::get("k").version_id("v"));
    assert_honoured("GET", &target, &HEADERS);
    let added = |names: &[&str]| Cause::ParameterAdded {
        names: names.iter().map(|name| (*name).to_owned().into()).collect(),
    };
    let case = |added: &str| cause("GET", &changed(&target, "?", &format!("?{added}&")), &HEADERS);
    assert_eq!(case("utm_source=a&fbclid=b"), added(&["utm_source", "fbclid"]));
    assert_eq!(case("download=1"), added(&["download"]));
    assert_eq!(cause("GET", &format!("{target}&a=1&b=2"), &HEADERS), added(&["a", "b"]));

    let javascript = sign(&PresignRequest::get("k").query("x-id", "GetObject"));
    assert_honoured("GET", &javascript, &HEADERS);
    let dropped = Cause::ParameterDropped { name: "x-id".into(), signed: "GetObject".into() };
    assert_eq!(cause("GET", &changed(&javascript, "x-id=GetObject&", ""), &HEADERS), dropped);

    let longer = Cause::ParameterChanged {
        name: "X-Amz-Expires".into(),
        signed: "3600".into(),
        arrived: "86400".into(),
    };
    assert_eq!(cause("GET", &changed(&target, "Expires=3600", "Expires=86400"), &HEADERS), longer);
}

#[test]
fn plus_signs_and_spaces_are_told_apart() {
    let target = sign(&PresignRequest::get("a b c").response_content_disposition("a b+c"));
    assert_honoured("GET", &target, &HEADERS);
    let (path, query) = (Place::Path, Place::Query);
    let case = |from, to| cause("GET", &changed(&target, from, to), &HEADERS);
    assert_eq!(case("/a%20b%20c", "/a+b+c"), Cause::PlusForSpace { place: path });
    assert_eq!(case("/a%20b%20c", "/a%2Bb%2Bc"), Cause::PlusForSpace { place: path });
    assert_eq!(case("=a%20b%2Bc", "=a+b%2Bc"), Cause::PlusForSpace { place: query });
    let plus = sign(&PresignRequest::get("a+b").response_content_disposition("a+b"));
    assert_honoured("GET", &plus, &HEADERS);
    assert_honoured("GET", &plus.replace("%2B", "+"), &HEADERS);
    assert_eq!(
        cause("GET", &changed(&plus, "/a%2Bb", "/a%20b"), &HEADERS),
        Cause::SpaceForPlus { place: path }
    );
    assert_eq!(
        cause("GET", &changed(&plus, "=a%2Bb", "=a%20b"), &HEADERS),
        Cause::SpaceForPlus { place: query }
    );
}

#[test]
fn a_layer_of_encoding_more_or_less_is_found() {
    let target = sign(&PresignRequest::get("a b/é").response_content_disposition("a b"));
    assert_honoured("GET", &target, &HEADERS);
    assert_honoured("GET", &target.replace("%C3%A9", "%c3%a9"), &HEADERS);
    let again = |from: &str| {
        let to = from.replace('%', "%25");
        cause("GET", &changed(&target, from, &to), &HEADERS)
    };
    assert_eq!(again("/a%20b/%C3%A9"), Cause::EncodedAgain { place: Place::Path });
    assert_eq!(again("=a%20b"), Cause::EncodedAgain { place: Place::Query });
    let percent = sign(&PresignRequest::get("a%20b"));
    assert_honoured("GET", &percent, &HEADERS);
    let decoded = changed(&percent, "a%2520b", "a%20b");
    assert_eq!(cause("GET", &decoded, &HEADERS), Cause::EncodedTwiceBySigner { place: Place::Path });
}

#[test]
fn slashes_dots_and_prefixes_are_found() {
    let case = |signed: &str, arrived: &str, headers: &[(&str, &str)]| {
        let target = sign(&PresignRequest::get(signed));
        assert_honoured("GET", &target, &HEADERS);
        cause("GET", &changed(&target, &format!("/b/{signed}?"), &format!("{arrived}?")), headers)
    };
    assert_eq!(case("x//y", "/b/x/y", &HEADERS), Cause::SlashesMerged);
    assert_eq!(case("/x", "/b/x", &HEADERS), Cause::SlashesMerged);
    let signed_path: RequestText<'_> = "/b/x/y".into();
    assert_eq!(case("x/y", "//b//x/y", &HEADERS), Cause::SlashesChanged { signed_path: signed_path.clone() });
    assert_eq!(case("x/y", "/b/x/y/", &HEADERS), Cause::SlashesChanged { signed_path: signed_path.clone() });
    let closing = Cause::SlashesChanged { signed_path: "/b/x/".into() };
    assert_eq!(case("x/", "/b/x", &HEADERS), closing);
    assert_eq!(case("x/y", "/b/./x/z/../y", &HEADERS), Cause::PathNormalised { signed_path });
    let signed_path = "/b/x/./y".into();
    assert_eq!(case("x/./y", "/b/x/y", &HEADERS), Cause::PathNormalised { signed_path });
    let prefix = || "/s3".into();
    assert_eq!(case("x", "/s3/b/x", &HEADERS), Cause::PathPrefixAdded { prefix: prefix() });

    let based = BucketUrl::path_style("https://files.example.com/s3", "b").unwrap();
    let signer = Signer::new(key(), "us-east-1").unwrap();
    let url = signer.presign(&based, &PresignRequest::get("k"), now()).unwrap().into_string();
    let target = target_of(&url);
    assert_honoured("GET", &target, &HEADERS);
    let stripped = target.strip_prefix("/s3").unwrap();
    let headers = [("host", HOST), ("x-forwarded-prefix", "/s3")];
    assert_eq!(cause("GET", stripped, &headers), Cause::PathPrefixRemoved { prefix: prefix() });
}

#[test]
fn headers_are_found_missing_changed_and_added() {
    let target =
        sign(&PresignRequest::put("k").header("content-type", "image/png").header("x-amz-meta-a", "1"));
    let good = [("host", HOST), ("Content-Type", "image/png"), ("x-amz-meta-a", "1")];
    assert_honoured("PUT", &target, &good);
    let signed = Some("image/png".into());
    let name = || "content-type".into();
    assert_eq!(cause("PUT", &target, &[good[0], good[2]]), Cause::HeaderMissing { name: name(), signed });
    assert_eq!(
        cause("PUT", &target, &[good[0], ("content-type", "image/png; charset=utf-8"), good[2]]),
        Cause::HeaderChanged {
            name: name(),
            signed: "image/png".into(),
            arrived: "image/png; charset=utf-8".into()
        }
    );
    let appended = [good[0], good[1], ("content-type", "text/html"), good[2]];
    assert!(matches!(cause("PUT", &target, &appended), Cause::HeaderChanged { .. }));
    let missing = Cause::HeaderMissing { name: "x-amz-meta-a".into(), signed: None };
    assert_eq!(cause("PUT", &target, &good[..2]), missing);
    let suspects = vec!["content-type".into(), "x-amz-meta-a".into()];
    let other = [good[0], good[1], ("x-amz-meta-a", "2")];
    assert_eq!(cause("PUT", &target, &other), Cause::WrongSecret { or_headers: suspects });
    let names = vec!["x-amz-acl".into()];
    let unsigned = [good[0], good[1], good[2], ("X-Amz-Acl", "public-read")];
    assert_eq!(cause("PUT", &target, &unsigned), Cause::UnsignedHeaders { names });

    let in_url = sign(&PresignRequest::put("k").query("x-amz-meta-a", "1"));
    assert_honoured("PUT", &in_url, &[good[0], good[2]]);
    let contradicts = Cause::HeaderContradictsUrl { name: "x-amz-meta-a".into() };
    assert_eq!(cause("PUT", &in_url, &[good[0], ("x-amz-meta-a", "2")]), contradicts);

    let old = sign_v2(&PresignRequest::put("k"));
    assert_honoured("PUT", &old, &HEADERS);
    let curl = [("host", HOST), ("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(cause("PUT", &old, &curl), Cause::HeaderAdded { name: name() });
    // The signer writes it into the URL as well; others leave it to be sent.
    let old = sign_v2(&PresignRequest::put("k").header("content-type", "text/csv"));
    assert_honoured("PUT", &old, &HEADERS);
    let old = changed(&old, "content-type=text%2Fcsv&", "");
    assert_honoured("PUT", &old, &[("host", HOST), ("content-type", "text/csv")]);
    let signed = Some("text/csv".into());
    assert_eq!(cause("PUT", &old, &HEADERS), Cause::HeaderMissing { name: name(), signed });
}

#[test]
fn the_secret_and_its_white_space_are_told() {
    let target = sign(&PresignRequest::get("k"));
    let with = |secret: &str, target: &str| {
        run(&Request::new("GET", target, &HEADERS), &Credentials::new("AKIDEXAMPLE", secret), now()).cause
    };
    assert_eq!(with(SECRET, &target), None);
    for padded in [format!("{SECRET}\n"), format!(" {SECRET}\r\n"), format!("\u{feff}{SECRET}")] {
        assert_eq!(with(&padded, &target), Some(Cause::SecretHasWhitespace { side: Side::Checker }));
        let signed = Credentials::new("AKIDEXAMPLE", padded.trim_start());
        let target = target_of(&url_with(signed, &PresignRequest::get("k")));
        if padded.trim_start() != SECRET {
            assert_eq!(with(SECRET, &target), Some(Cause::SecretHasWhitespace { side: Side::Signer }));
        }
    }
    assert_eq!(with("another", &target), Some(Cause::WrongSecret { or_headers: Vec::new() }));
    let other = Credentials::new("AKIDOTHER", SECRET);
    let unknown = run(&Request::new("GET", &target, &HEADERS), &other, now());
    assert_eq!(unknown.cause, Some(Cause::KeyUnknown { access_key_id: "AKID\u{2026}".into() }));
    assert_eq!(unknown.also, []);
}

#[test]
fn session_tokens_are_told_apart() {
    let temporary = || Credentials::new("ASIAEXAMPLE", SECRET).with_session_token("to/k+en==");
    let target = target_of(&url_with(temporary(), &PresignRequest::get("k")));
    let with =
        |key: &Credentials, target: &str| run(&Request::new("GET", target, &HEADERS), key, now()).cause;
    assert_eq!(with(&temporary(), &target), None);
    let without = changed(&target, "&X-Amz-Security-Token=to%2Fk%2Ben%3D%3D", "");
    assert_eq!(with(&temporary(), &without), Some(Cause::SessionTokenMissing), "taken off");
    let bare = Credentials::new("ASIAEXAMPLE", SECRET);
    assert_eq!(with(&bare, &without), Some(Cause::SessionTokenMissing), "taken off, and not known");
    let never = target_of(&url_with(bare.clone(), &PresignRequest::get("k")));
    assert_eq!(with(&temporary(), &never), Some(Cause::SessionTokenMissing), "never signed");
    assert_eq!(with(&bare, &target), Some(Cause::SessionTokenUnexpected));
    let other = Credentials::new("ASIAEXAMPLE", SECRET).with_session_token("other");
    assert_eq!(with(&other, &target), Some(Cause::SessionTokenWrong));
}

#[test]
fn time_and_region_speak_for_themselves_and_the_signature_is_looked_at_too() {
    let target = sign(&PresignRequest::get("k").expires_in(Duration::from_secs(60)));
    let at =
        |now, target: &str| run(&Request::new("GET", target, &HEADERS), &key(), Timestamp::from_unix(now));
    assert_eq!(at(NOW + 59, &target).cause, None);
    let expired = Cause::Expired { at: Timestamp::from_unix(NOW + 60), seconds: 40 };
    assert_eq!(at(NOW + 100, &target).cause, Some(expired.clone()));
    assert_eq!(at(NOW + 100, &target).also, []);
    assert_eq!(at(NOW - 3600, &target).cause, Some(Cause::Clock { seconds: 3600 }));
    let ahead = Cause::NotYetValid { from: now(), seconds: 86_400 };
    assert_eq!(at(NOW - 86_400, &target).cause, Some(ahead));

    let both = at(NOW + 100, &format!("{target}&a=1"));
    assert_eq!(both.cause, Some(expired));
    assert_eq!(both.also, [Cause::ParameterAdded { names: vec!["a".into()] }]);

    let elsewhere = VerifyPolicy::new("eu-central-1");
    let request = Request::new("GET", &target, &HEADERS);
    let (signed, expected) = ("us-east-1".into(), "eu-central-1".into());
    let diagnosis = diagnose(&request, &key(), now(), &elsewhere, &[]);
    assert_eq!((diagnosis.cause, diagnosis.also), (Some(Cause::Region { signed, expected }), Vec::new()));
}

#[test]
fn what_is_not_whole_is_told() {
    let target = sign(&PresignRequest::get("k"));
    let missing =
        |names: &[&'static str]| Cause::ParametersMissing { names: names.to_vec(), is_html_escaped: false };
    assert_eq!(cause("GET", &changed(&target, "X-Amz-Date", "y"), &HEADERS), missing(&["X-Amz-Date"]));
    let escaped = cause("GET", &target.replace('&', "&amp;"), &HEADERS);
    assert!(matches!(escaped, Cause::ParametersMissing { is_html_escaped: true, .. }));
    let behind_another = changed(&target, "?", "?versionId=1&").replace('&', "&amp;");
    let escaped = cause("GET", &behind_another, &HEADERS);
    assert!(matches!(escaped, Cause::ParametersMissing { is_html_escaped: true, .. }));
    assert_eq!(cause("GET", "/b/k", &HEADERS), Cause::NotSigned);
    let cut = target.get(..target.len() - 4).unwrap();
    assert_eq!(cause("GET", cut, &HEADERS), Cause::MalformedSignature { length: 60 });
    let both = [("host", HOST), ("authorization", "Bearer hidden")];
    assert_eq!(cause("GET", &target, &both), Cause::TwoMechanisms);
    let (start, signature) = target.split_at(target.len() - 64);
    let upper = format!("{start}{}", signature.to_uppercase());
    assert_eq!(cause("GET", &upper, &HEADERS), Cause::MalformedSignature { length: 64 });
}

#[test]
fn a_long_request_is_no_reason_to_search_long() {
    let headers: Vec<String> = (0..99).map(|at| format!("h{at}")).collect();
    let target = sign(&PresignRequest::get("k"));
    let signed = format!("SignedHeaders=host%3B{}", headers.join("%3B"));
    let target = changed(&target, "SignedHeaders=host", &signed);
    let hosts = vec!["h"; 2000].join(",");
    let arrived = [("host", "h"), ("x-forwarded-host", hosts.as_str()), ("h1", hosts.as_str())];
    let missing = Cause::HeaderMissing { name: "h0".into(), signed: None };
    assert_eq!(cause("GET", &target, &arrived), missing);
}

#[test]
fn a_search_ends() {
    let target = sign(&PresignRequest::get("k"));
    let good = Attempt::of(&Request::new("GET", &target, &HEADERS)).unwrap();
    let key = key();
    let mut trial = Trial::new(&good, &key).unwrap();
    let mut work = 0;
    while trial.is_signed(&good) {
        work += good.work();
    }
    assert!((MAX_WORK - good.work()..=MAX_WORK).contains(&work), "{work}");
    assert_eq!(trial.given_up_after(), Some(work / good.work()));
    let other = Credentials::new("AKIDEXAMPLE", "another");
    assert!(!Trial::new(&good, &other).unwrap().is_signed(&good));
}

/// One with a wrong signature, an ordinary one but for that much in its query and that much in its headers.
fn unexplained(query: usize, header: usize) -> (usize, Cause) {
    let (pad, value) = ("p/".repeat(query / 4), "v, ".repeat(header / 3));
    let target = sign(&PresignRequest::get("k").query("x-pad", pad));
    let target = changed(&target, "SignedHeaders=host", "SignedHeaders=host%3Bx-pad");
    let arrived = [("host", HOST), ("user-agent", "curl/8.14.1"), ("x-pad", value.as_str())];
    crate::work::of(|| cause("GET", &target, &arrived))
}

/// Whoever has a key id, and one stands in every link, may have this done as often as the store does it.
#[test]
fn the_work_for_a_diagnosis_has_a_bound_and_it_says_when_it_gave_up() {
    let (short, cause) = unexplained(60, 60);
    assert_eq!(cause, Cause::WrongSecret { or_headers: vec!["x-pad".into()] });
    let (long, cause) = unexplained(15 * 1024, 15 * 1024);
    let Cause::SearchGivenUp { attempts } = cause else { panic!("{cause:?}") };
    assert!((20..60).contains(&attempts), "{attempts}");
    assert!(Cause::SearchGivenUp { attempts }.to_string().contains("given up after"));
    // Decoding, encoding and hashing each go over what an attempt weighs.
    for work in [short, long] {
        assert!(work < 6 * MAX_WORK, "{work}");
    }
}

/// Signs a canonical request as a signer may that does not follow S3's rules.
fn signed_by_hand(path: &str, canonical_path: &str, query: &str, payload: &str, sort: bool) -> String {
    let time = now().basic();
    let key = SigningKey::derive(key().secret_access_key(), time.date(), "us-east-1", "s3");
    let query = format!(
        "{query}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F{}&X-Amz-Date={}&X-Amz-Expires=60\
         &X-Amz-SignedHeaders=host",
        key.scope().replace('/', "%2F"),
        time.as_str()
    );
    let mut pairs: Vec<&str> = query.split('&').collect();
    if sort {
        pairs.sort_unstable();
    }
    let text = format!("GET\n{canonical_path}\n{}\nhost:{HOST}\n\nhost\n{payload}", pairs.join("&"));
    let signature = key.sign_hash(&time, &sha256(text.as_bytes())).to_hex();
    format!("{path}?{query}&X-Amz-Signature={}", signature.as_str())
}

#[test]
fn signers_that_do_not_follow_the_rules_are_found() {
    let plain = "UNSIGNED-PAYLOAD";
    assert_honoured("GET", &signed_by_hand("/b/k", "/b/k", "", plain, true), &HEADERS);
    let case = |target: &str| cause("GET", target, &HEADERS);
    let not_canonical = |place| Cause::NotCanonical { place };
    assert_eq!(case(&signed_by_hand("/b/(1)", "/b/(1)", "", plain, true)), not_canonical(Place::Path));
    assert_eq!(case(&signed_by_hand("/b/a%2Fb", "/b/a%2Fb", "", plain, true)), not_canonical(Place::Path));
    assert_honoured("GET", &signed_by_hand("/b/(1)", "/b/%281%29", "", plain, true), &HEADERS);
    assert_eq!(case(&signed_by_hand("/b/k", "/b/k", "z=1&", plain, false)), not_canonical(Place::Query));
    assert_eq!(case(&signed_by_hand("/b/k", "/b/k", "a=(1)&", plain, true)), not_canonical(Place::Query));
    let twice = signed_by_hand("/b/a%20b", "/b/a%2520b", "", plain, true);
    assert_eq!(case(&twice), Cause::EncodedTwiceBySigner { place: Place::Path });
    let signed = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned();
    let hashed = signed_by_hand("/b/k", "/b/k", "", &signed, true);
    assert_eq!(case(&hashed), Cause::PayloadLine { signed: signed.into() });
}

#[test]
fn two_changes_that_go_together_are_both_named() {
    let target = sign(&PresignRequest::put("a b"));
    let request = |method, target: &str| {
        let headers = [("host", "10.0.0.7:9000")];
        run(&Request::new(method, target, &headers), &key(), now())
    };
    let found = request("POST", &target);
    assert_eq!(found.cause, Some(host_changed("10.0.0.7:9000")));
    assert_eq!(found.also, [Cause::OtherMethod { signed: Method::Put, arrived: Method::Post }]);
    let parts: Vec<LinePart> = found.differing_lines.into_iter().map(|difference| difference.part).collect();
    assert_eq!(parts, [LinePart::Method, LinePart::Header { header: "host".to_owned() }]);
    let found = request("PUT", &changed(&target, "/b/a%20b", "/s3/b/a%20b"));
    assert_eq!(found.also, [Cause::PathPrefixAdded { prefix: "/s3".into() }]);
}

#[test]
fn the_line_that_differs_is_shown() {
    let target = sign(&PresignRequest::get("k"));
    let shown = |method, target: &str, headers: &[(&str, &str)]| {
        let lines = with_headers(method, target, headers).differing_lines;
        lines.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(shown("GET", &target, &HEADERS).is_empty());
    assert_eq!(
        shown("GET", &target, &[("host", "h")]),
        ["line 4 (header host): signed `host:files.example.com`, arrived `host:h`"]
    );
    assert_eq!(
        shown("GET", &format!("{target}&utm_source=mail"), &HEADERS),
        ["line 3 (query): signed ``, arrived `utm_source=mail`"]
    );
    assert_eq!(shown("PUT", &target, &HEADERS), ["line 1 (method): signed `GET`, arrived `PUT`"]);
}

#[test]
fn a_url_alone_is_diagnosed_with_its_own_method_and_region() {
    let url = url_with(key(), &PresignRequest::put("k").header("content-type", "image/png"));
    let headers = [("Content-Type", "image/png")];
    let run = |url: &str, method, headers: &[(&str, &str)]| {
        diagnose_url(url, method, headers, &key(), now(), &[]).unwrap()
    };
    let found = run(&url, None, &headers);
    assert_eq!((found.verdict, found.method), (Verdict::Honoured, Some(Method::Put)));
    let wrong = run(&url, Some(Method::Get), &headers).cause;
    assert_eq!(wrong, Some(Cause::OtherMethod { signed: Method::Put, arrived: Method::Get }));
    assert!(matches!(run(&url, Some(Method::Put), &[]).cause, Some(Cause::HeaderMissing { .. })));
    let with_port = changed(&url_with(key(), &PresignRequest::get("k")), HOST, "Files.example.com:443");
    assert_eq!(
        run(&with_port, None, &[]).verdict,
        Verdict::Honoured,
        "clients send neither capitals nor :443"
    );
    let home = Caveats { ips: vec!["10.0.0.0/8".parse().unwrap()], ..Caveats::default() };
    let limited = url_with(key(), &PresignRequest::get("k").caveats(home));
    assert_eq!(run(&limited, None, &[]).verdict, Verdict::Honoured);
    let late =
        diagnose_url(&url, None, &headers, &key(), now().plus(Duration::from_secs(9000)), &[]).unwrap();
    assert!(matches!(late.cause, Some(Cause::Expired { .. })));
    assert_eq!((late.also, late.method), (Vec::new(), Some(Method::Put)));
    assert_eq!(diagnose_url("https://h/k", None, &[], &key(), now(), &[]), Err(NotPresigned::Unsigned));

    let signer = Signer::new(key(), "us-east-1").unwrap();
    let hosted = BucketUrl::virtual_hosted("https://s3.amazonaws.com", "photos").unwrap();
    let old = signer.presign_sigv2(&hosted, &PresignRequest::get("k"), now()).unwrap().into_string();
    assert_eq!(run(&old, None, &[]).verdict, Verdict::Honoured);
}

#[test]
fn a_signed_header_request_is_diagnosed_too() {
    let time = now().basic();
    let key = SigningKey::derive(key().secret_access_key(), time.date(), "us-east-1", "s3");
    let signed = "host;x-amz-content-sha256;x-amz-date";
    let text = format!(
        "GET\n/b/k\n\nhost:{HOST}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:{}\n\n{signed}\nUNSIGNED-PAYLOAD",
        time.as_str()
    );
    let signature = key.sign_hash(&time, &sha256(text.as_bytes())).to_hex();
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{}, SignedHeaders={signed}, Signature={}",
        key.scope(),
        signature.as_str()
    );
    let headers = |host| {
        [
            ("host", host),
            ("authorization", authorization.as_str()),
            ("x-amz-date", time.as_str()),
            ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ]
    };
    assert_honoured("GET", "/b/k", &headers(HOST));
    assert_eq!(cause("GET", "/b/k", &headers("h")), host_changed("h"));
    let late = Timestamp::from_unix(NOW + 3600);
    let skewed = run(&Request::new("GET", "/b/k", &headers(HOST)), &self::key(), late);
    assert_eq!(skewed.cause, Some(Cause::Clock { seconds: -3600 }));
    assert_eq!(skewed.also, []);
}

#[test]
fn nothing_secret_is_in_a_diagnosis() {
    let temporary = Credentials::new("ASIAEXAMPLE", "hidden-secret").with_session_token("hidden-token");
    let url = url_with(
        temporary.clone(),
        &PresignRequest::put("k").header("x-amz-server-side-encryption-customer-key", "hidden-key"),
    );
    let target = target_of(&url);
    let signature = target.split("Signature=").nth(1).unwrap().to_owned();
    let key_header = ("x-amz-server-side-encryption-customer-key", "HIDDEN-KEY");
    let token = changed(&target, "hidden-token", "hidden-other");
    let plain = changed(&target, "&X-Amz-Security-Token=hidden-token", "");
    let cases: [(&str, &[(&str, &str)]); 6] = [
        (&target, &[("host", "h"), ("x-amz-server-side-encryption-customer-key", "hidden-key")]),
        (&target, &[("host", HOST), key_header]),
        (&target, &[("host", HOST)]),
        (&token, &[("host", HOST), ("x-amz-server-side-encryption-customer-key", "hidden-key")]),
        (&plain, &[("host", HOST), ("x-amz-server-side-encryption-customer-key", "hidden-key")]),
        (&target, &[("host", HOST), ("authorization", "Basic hidden")]),
    ];
    for (target, headers) in cases {
        let diagnosis = run(&Request::new("PUT", target, headers), &temporary, now());
        let cause = diagnosis.cause.as_ref().unwrap();
        let lines: String = diagnosis.differing_lines.iter().map(ToString::to_string).collect();
        let json = serde_json::to_string(&diagnosis).unwrap();
        assert!(json.contains(r#""honoured":false"#));
        for shown in [format!("{diagnosis:?}"), json, cause.to_string(), lines] {
            let lower = shown.to_lowercase();
            assert!(!lower.contains("hidden") && !lower.contains(&signature), "{shown}");
        }
    }
}
