//! SigV4 from signer to verifier: what must be honoured, and beside it what must not.

use std::time::Duration;

use super::*;
use crate::signing_key::sha256;
use crate::{
    BucketUrl, CaveatViolation, Caveats, Credentials, InvalidCaveat, PresignRequest, Request, ScopeFault,
    Signer, Unverified,
};

const NOW: i64 = 1_795_282_542;
const HOST: &str = "files.example.com";

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

fn sign_with(credentials: Credentials, request: &PresignRequest<'_>) -> String {
    let signer = Signer::new(credentials, "us-east-1").unwrap();
    let bucket = BucketUrl::path_style("https://files.example.com", "b").unwrap();
    let url = signer.presign(&bucket, request, Timestamp::from_unix(NOW)).unwrap().into_string();
    url.strip_prefix("https://files.example.com").unwrap().to_owned()
}

fn sign(request: &PresignRequest<'_>) -> String {
    sign_with(credentials(), request)
}

fn target() -> String {
    sign(&PresignRequest::get("k e/y").expires_in(Duration::from_secs(60)))
}

struct Check<'a> {
    request: Request<'a>,
    key: Option<VerificationKey>,
    now: i64,
}

fn check<'a>(method: &'a str, target: &'a str, headers: &'a [(&'a str, &'a str)]) -> Check<'a> {
    let key = Some(VerificationKey::new(credentials()));
    Check { request: Request::new(method, target, headers), key, now: NOW }
}

impl<'a> Check<'a> {
    fn at(self, now: i64) -> Self {
        Check { now, ..self }
    }

    fn key(self, key: Option<Credentials>) -> Self {
        Check { key: key.map(VerificationKey::new), ..self }
    }

    fn from(mut self, address: &str) -> Self {
        self.request.remote_address = Some(address.parse().unwrap());
        self
    }

    fn verified(self) -> Result<Verified<'a>, Refusal> {
        let now = Timestamp::from_unix(self.now);
        Unverified::parse(self.request)?.verify(self.key.as_ref(), now, &VerifyPolicy::new("us-east-1"))
    }

    fn run(self) -> Result<(), Refusal> {
        self.verified().map(|_| ())
    }
}

const HEADERS: [(&str, &str); 1] = [("Host", HOST)];

fn is_mismatch(result: &Result<(), Refusal>) -> bool {
    matches!(result, Err(Refusal::SignatureMismatch(mismatch)) if mismatch.canonical_request.is_some())
}

#[test]
fn a_good_url_yields_what_was_signed() {
    let target = sign(&PresignRequest::get("k e/y").version_id("v1"));
    let headers = [("Host", HOST), ("Range", "bytes=0-1"), ("Accept", "*/*")];
    let verified = check("GET", &target, &headers).verified().unwrap();
    assert_eq!((verified.method(), verified.path(), verified.host()), (Method::Get, "/b/k e/y", HOST));
    assert_eq!(verified.parameters().collect::<Vec<_>>(), [("versionId", "v1")]);
    assert_eq!(verified.access_key_id(), "AKIDEXAMPLE");
    assert_eq!(verified.expires_at(), Some(Timestamp::from_unix(NOW + 3600)));
    assert_eq!(verified.header("range").as_deref(), Some("bytes=0-1"));
    assert_eq!(verified.header("accept"), None, "not one of those that S3 leaves to the holder");
}

#[test]
fn it_works_from_its_date_to_its_end() {
    let target = target();
    for now in [NOW - MAX_CLOCK_SKEW_SECONDS, NOW, NOW + 59] {
        assert_eq!(check("GET", &target, &HEADERS).at(now).run(), Ok(()));
    }
    let early = check("GET", &target, &HEADERS).at(NOW - MAX_CLOCK_SKEW_SECONDS - 1).run();
    assert!(matches!(early, Err(Refusal::NotYetValid { .. })));
    let expired = Refusal::Expired {
        life_seconds: Some(60),
        expires_at: Timestamp::from_unix(NOW + 60),
        server_time: Timestamp::from_unix(NOW + 60),
    };
    assert_eq!(check("GET", &target, &HEADERS).at(NOW + 60).run(), Err(expired));
}

#[test]
fn another_method_host_path_or_parameter_is_a_mismatch() {
    let target = target();
    assert!(is_mismatch(&check("HEAD", &target, &HEADERS).run()));
    assert!(is_mismatch(&check("GET", &target, &[("host", "other.example.com")]).run()));
    assert!(is_mismatch(&check("GET", &target.replacen("k%20e", "k%20f", 1), &HEADERS).run()));
    assert!(is_mismatch(&check("GET", &format!("{target}&x-added=1"), &HEADERS).run()));
    assert!(is_mismatch(&check("GET", &target.replacen("Expires=60", "Expires=61", 1), &HEADERS).run()));
    assert!(is_mismatch(
        &check("GET", &target, &HEADERS).key(Some(Credentials::new("AKIDEXAMPLE", "no"))).run()
    ));
    assert_eq!(check("GET", &target, &HEADERS).run(), Ok(()));
}

#[test]
fn order_and_needless_escapes_do_not_matter() {
    let target = target();
    let (path, query) = target.split_once('?').unwrap();
    let reversed: Vec<&str> = query.split('&').rev().collect();
    assert_eq!(check("GET", &format!("{path}?{}", reversed.join("&")), &HEADERS).run(), Ok(()));
    assert_eq!(check("GET", &target.replacen("/y", "/%79", 1), &HEADERS).run(), Ok(()));
    assert_eq!(check("GET", &target.replacen("X-Amz-Date", "X%2DAmz-Date", 1), &HEADERS).run(), Ok(()));
    assert!(is_mismatch(&check("GET", &target.replacen("k%20e", "k+e", 1), &HEADERS).run()));
}

#[test]
fn the_mismatch_shows_what_the_store_signed() {
    let target = target().replacen("/b/", "/c/", 1);
    let Err(Refusal::SignatureMismatch(mismatch)) = check("GET", &target, &HEADERS).run() else { panic!() };
    let canonical = mismatch.canonical_request.unwrap();
    assert!(canonical.starts_with("GET\n/c/k%20e/y\nX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="));
    assert!(canonical.ends_with("\nhost:files.example.com\n\nhost\nUNSIGNED-PAYLOAD"));
    assert!(mismatch.string_to_sign.starts_with("AWS4-HMAC-SHA256\n20261121T"));
    assert!(target.ends_with(&mismatch.signature_provided));
}

#[test]
fn an_unknown_key_is_told_only_after_the_work() {
    let target = target();
    let unknown = Err(Refusal::UnknownAccessKey { access_key_id: "AKIDEXAMPLE".into() });
    assert_eq!(check("GET", &target, &HEADERS).key(None).run(), unknown);
    let other = Credentials::new("AKIDOTHER", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    assert_eq!(
        check("GET", &target, &HEADERS).key(Some(other)).run(),
        unknown,
        "the wrong key was looked up"
    );
}

#[test]
fn amz_headers_must_be_signed() {
    let target = target();
    let unsigned = |name| check("GET", &target, &[("host", HOST), (name, "1")]).run();
    let refused = |name: &str| Err(Refusal::HeadersNotSigned { names: vec![name.to_owned()] });
    assert_eq!(unsigned("X-Amz-Copy-Source"), refused("x-amz-copy-source"));
    assert_eq!(unsigned("x-amz-expires"), refused("x-amz-expires"));
    assert_eq!(unsigned("x-amz-date"), refused("x-amz-date"));
    assert_eq!(unsigned("x-amz-security-token"), refused("x-amz-security-token"));
    assert_eq!(unsigned("x-amz-content-sha256"), Ok(()), "its value is ignored");
    assert_eq!(unsigned("x-other"), Ok(()));
    let signed = sign(&PresignRequest::put("k").header("x-amz-meta-a", "1"));
    assert_eq!(check("PUT", &signed, &[("host", HOST), ("X-Amz-Meta-A", " 1 ")]).run(), Ok(()));
    assert!(is_mismatch(&check("PUT", &signed, &HEADERS).run()));
    assert!(is_mismatch(&check("PUT", &signed, &[("host", HOST), ("x-amz-meta-a", "2")]).run()));
    let names = vec!["host".to_owned(), "x-amz-a".to_owned(), "x-amz-b".to_owned()];
    let no_host = target.replacen("SignedHeaders=host", "SignedHeaders=range", 1);
    let many = [("x-amz-b", "1"), ("host", HOST), ("x-amz-a", "1")];
    assert_eq!(check("GET", &no_host, &many).run(), Err(Refusal::HeadersNotSigned { names }));
}

#[test]
fn an_absent_header_is_not_an_empty_one() {
    let target = sign(&PresignRequest::put("k").header("x-amz-meta-a", ""));
    assert_eq!(check("PUT", &target, &[("host", HOST), ("x-amz-meta-a", "")]).run(), Ok(()));
    assert!(is_mismatch(&check("PUT", &target, &HEADERS).run()));
}

#[test]
fn signed_parameters_stand_for_headers() {
    let target = sign(&PresignRequest::put("k").query("x-amz-meta-a", "1").create_only());
    let verified = check("PUT", &target, &HEADERS).verified().unwrap();
    assert_eq!(verified.header("x-amz-meta-a").as_deref(), Some("1"));
    assert_eq!(verified.header("if-none-match").as_deref(), Some("*"));
    assert_eq!(verified.amz_header_names().collect::<Vec<_>>(), ["x-amz-meta-a"]);
    let with = |name, value| check("PUT", &target, &[("host", HOST), (name, value)]).run();
    assert_eq!(with("x-amz-meta-a", "1"), Ok(()));
    assert!(is_mismatch(&with("x-amz-meta-a", "2")));
    assert!(is_mismatch(&with("If-None-Match", "\"etag\"")), "the holder cannot take the condition away");
}

/// The JavaScript SDK signs the checksum of the empty body it had; the upload's own may not be held to it.
#[test]
fn a_checksum_in_the_url_is_not_a_checksum_of_the_body() {
    let target = sign(&PresignRequest::put("k").query("x-amz-checksum-crc32", "AAAAAA=="));
    let verified = check("PUT", &target, &HEADERS).verified().unwrap();
    assert_eq!(verified.header("x-amz-checksum-crc32"), None);
    assert!(is_mismatch(&check("PUT", &target.replacen("AAAAAA", "BAAAAA", 1), &HEADERS).run()));
}

#[test]
fn the_body_hash_counts_when_it_is_signed() {
    let hash = Hex::new(&[7; 32]);
    let target = sign(&PresignRequest::put("k").header("x-amz-content-sha256", hash.as_str()));
    let headers = [("host", HOST), ("x-amz-content-sha256", hash.as_str())];
    let verified = check("PUT", &target, &headers).verified().unwrap();
    assert_eq!(verified.payload(), &PayloadRule::Sha256([7; 32]));
    assert!(is_mismatch(&check("PUT", &target, &HEADERS).run()), "it must be sent");
    let streaming = [("host", HOST), ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")];
    let refused = check("GET", &target.clone(), &streaming).run();
    assert!(matches!(refused, Err(Refusal::InvalidPayloadHash { .. })));
}

#[test]
fn the_session_token_must_be_the_keys_own() {
    let temporary = || credentials().with_session_token("to/k+en==");
    let with_token = sign_with(temporary(), &PresignRequest::get("k"));
    let without = sign(&PresignRequest::get("k"));
    assert_eq!(check("GET", &with_token, &HEADERS).key(Some(temporary())).run(), Ok(()));
    assert_eq!(check("GET", &without, &HEADERS).run(), Ok(()));
    let other = credentials().with_session_token("other");
    assert_eq!(check("GET", &with_token, &HEADERS).key(Some(other)).run(), Err(Refusal::InvalidToken));
    assert_eq!(check("GET", &with_token, &HEADERS).run(), Err(Refusal::InvalidToken));
    assert_eq!(check("GET", &without, &HEADERS).key(Some(temporary())).run(), Err(Refusal::InvalidToken));
}

/// A list that names one header thousands of times would make a canonical request of hundreds of megabytes.
#[test]
fn a_signed_header_is_listed_once() {
    let target = target();
    let headers = [("host", HOST), ("x-a", "1"), ("x-b", "2")];
    let listing = |list: &str| {
        let target = target.replacen("X-Amz-SignedHeaders=host", &format!("X-Amz-SignedHeaders={list}"), 1);
        check("GET", &target, &headers).run()
    };
    for (list, repeated) in
        [("host;host", "host"), ("host;x-a;x-b;X-A", "x-a"), ("host;x-a;HOST;x-b", "host"), ("host;;", "")]
    {
        assert_eq!(listing(list), Err(Refusal::Repeated { name: repeated.to_owned() }), "{list}");
    }
    // Any order will do, and a signature over other headers is just a wrong one.
    assert!(is_mismatch(&listing("x-b;x-a;host")));
    assert_eq!(listing("host"), Ok(()));
}

#[test]
fn malformed_parameters_are_told_apart() {
    let target = target();
    let changed = |from: &str, to: &str| {
        let changed = target.replacen(from, to, 1);
        assert_ne!(changed, target);
        check("GET", &changed, &HEADERS).run().unwrap_err()
    };
    assert_eq!(changed("X-Amz-Date=", "X-Amz-Dat="), Refusal::MissingParameters);
    assert_eq!(changed("X-Amz-Date=", "x-amz-date="), Refusal::MissingParameters);
    assert_eq!(changed("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), Refusal::UnsupportedAlgorithm);
    assert_eq!(changed("X-Amz-Date=2026", "X-Amz-Date=26"), Refusal::MalformedDate);
    assert_eq!(changed("Expires=60", "Expires=x"), Refusal::ExpiresNotANumber);
    assert_eq!(changed("Expires=60", "Expires="), Refusal::ExpiresNotANumber);
    assert_eq!(changed("Expires=60", "Expires=-60"), Refusal::ExpiresNegative);
    assert_eq!(changed("Expires=60", "Expires=604801"), Refusal::ExpiresTooLong);
    assert!(matches!(changed("Expires=60", "Expires=0"), Refusal::Expired { .. }));
    let repeated = Refusal::Repeated { name: "X-Amz-Expires".to_owned() };
    assert_eq!(changed("&X-Amz-Expires", "&X-Amz-Expires=60&X-Amz-Expires"), repeated);
    assert_eq!(changed("k%20e", "k%2"), Refusal::MalformedUri);
    let scope = |refusal| match refusal {
        Refusal::Scope { mechanism: Mechanism::QueryV4, fault } => fault,
        other => panic!("{other:?}"),
    };
    assert_eq!(scope(changed("%2Faws4_request", "")), ScopeFault::Malformed);
    assert!(matches!(scope(changed("us-east-1", "us-east-2")), ScopeFault::Region { .. }));
    assert!(matches!(scope(changed("%2Fs3%2F", "%2Fsns%2F")), ScopeFault::Service { .. }));
    assert!(matches!(
        scope(changed("AKIDEXAMPLE%2F20261121", "AKIDEXAMPLE%2F20261120")),
        ScopeFault::OtherDay { .. }
    ));
    let method = Refusal::UnknownMethod { method: "get".to_owned() };
    assert_eq!(check("get", &target, &HEADERS).run(), Err(method));
    assert_eq!(check("GET", "/b/k", &HEADERS).run(), Err(Refusal::Unsigned));
}

#[test]
fn one_mechanism_only() {
    let target = target();
    let with = |value| check("GET", &target, &[("host", HOST), ("Authorization", value)]).run();
    for value in ["Bearer x", "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=x"] {
        let refusal = Refusal::OnlyOneMechanism { argument: "Authorization", value: value.into() };
        assert!(!format!("{refusal:?}").contains(value), "{refusal:?}");
        assert_eq!(with(value), Err(refusal));
    }
    let both = format!("{target}&AWSAccessKeyId=x&Signature=y&Expires=1");
    let refusal = Refusal::OnlyOneMechanism { argument: "Signature", value: "y".into() };
    assert_eq!(check("GET", &both, &HEADERS).run(), Err(refusal));
}

#[test]
fn caveats_are_kept() {
    let sign = |caveats| sign(&PresignRequest::get("k").caveats(caveats));
    let target = sign(Caveats { ips: vec!["10.0.0.0/8".parse().unwrap()], ..Caveats::default() });
    assert_eq!(check("GET", &target, &HEADERS).from("10.1.1.1").run(), Ok(()));
    let elsewhere = check("GET", &target, &HEADERS).from("11.1.1.1").run();
    assert!(matches!(elsewhere, Err(Refusal::CaveatViolated(CaveatViolation::WrongAddress { .. }))));
    assert!(check("GET", &target, &HEADERS).run().is_err(), "an unknown address is not an allowed one");

    let link = sign(Caveats { link: Some("l1".to_owned()), ..Caveats::default() });
    let refused = check("GET", &link, &HEADERS).run();
    assert!(matches!(refused, Err(Refusal::InvalidCaveat(InvalidCaveat::Unknown(_)))));
    let unknown = self::sign(&PresignRequest::get("k").query("x-presign-moon", "full"));
    let refused = check("GET", &unknown, &HEADERS).run();
    assert!(matches!(refused, Err(Refusal::InvalidCaveat(InvalidCaveat::Unknown(_)))));
}

#[test]
fn a_methods_caveat_serves_just_the_methods_it_lists() {
    let methods = |methods: &[Method]| Caveats { methods: methods.to_vec(), ..Caveats::default() };
    let both = sign(&PresignRequest::get("k").caveats(methods(&[Method::Get, Method::Head])));
    assert_eq!(check("GET", &both, &HEADERS).run(), Ok(()));
    assert_eq!(check("HEAD", &both, &HEADERS).run(), Ok(()));
    assert!(is_mismatch(&check("PUT", &both, &HEADERS).run()));
    let other = sign(&PresignRequest::get("k").caveats(methods(&[Method::Head])));
    assert!(check("HEAD", &other, &HEADERS).run().is_err(), "signed for GET, and GET is not listed");
}

mod in_headers {
    use super::*;

    fn authorization(text_headers: &str, signed: &str, payload: &str, path: &str) -> String {
        let canonical = format!("GET\n{path}\n\n{text_headers}\n\n{signed}\n{payload}");
        let time = Timestamp::from_unix(NOW).basic();
        let key = VerificationKey::new(credentials()).signing_key(time.date(), "us-east-1", "s3");
        let signature = key.sign_hash(&time, &sha256(canonical.as_bytes()));
        format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{}, SignedHeaders={signed}, Signature={}",
            key.scope(),
            signature.to_hex().as_str()
        )
    }

    fn good() -> String {
        let date = Timestamp::from_unix(NOW).basic();
        let headers =
            format!("host:{HOST}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:{}", date.as_str());
        authorization(&headers, "host;x-amz-content-sha256;x-amz-date", UNSIGNED_PAYLOAD, "/b/k")
    }

    fn run(authorization: &str, more: &[(&str, &str)], now: i64) -> Result<(), Refusal> {
        let date = Timestamp::from_unix(NOW).basic();
        let mut headers = vec![
            ("host", HOST),
            ("authorization", authorization),
            ("x-amz-date", date.as_str()),
            ("x-amz-content-sha256", UNSIGNED_PAYLOAD),
        ];
        headers.extend_from_slice(more);
        check("GET", "/b/k", &headers).at(now).run()
    }

    #[test]
    fn a_good_one_passes_and_its_date_must_be_near() {
        for now in [NOW - 900, NOW, NOW + 900] {
            assert_eq!(run(&good(), &[], now), Ok(()));
        }
        for now in [NOW - 901, NOW + 901] {
            assert!(matches!(run(&good(), &[], now), Err(Refusal::TimeTooSkewed { .. })));
        }
    }

    #[test]
    fn every_amz_header_must_be_signed() {
        let names = vec!["x-amz-copy-source".to_owned()];
        let refused = run(&good(), &[("x-amz-copy-source", "/b/other")], NOW);
        assert_eq!(refused, Err(Refusal::HeadersNotSigned { names }));
        assert!(is_mismatch(&run(&good().replace("Signature=", "Signature=0"), &[], NOW)));
    }

    #[test]
    fn what_does_not_parse_is_told() {
        assert_eq!(run("AWS AKID:c2ln", &[], NOW), Err(Refusal::SigV2Header));
        assert!(matches!(run("Bearer x", &[], NOW), Err(Refusal::UnsupportedAuthorization { .. })));
        for part in ["Credential=", "SignedHeaders=", "Signature="] {
            let broken = run(&good().replace(part, "Other="), &[], NOW);
            assert!(matches!(broken, Err(Refusal::MalformedAuthorization { .. })), "{part}");
        }
        let repeated = run(&good(), &[("x-amz-date", "20261121T000000Z")], NOW);
        assert_eq!(repeated, Err(Refusal::Repeated { name: "x-amz-date".to_owned() }));
        let headers = [("host", HOST), ("authorization", &good())];
        assert_eq!(check("GET", "/b/k", &headers).run(), Err(Refusal::MissingDate));
    }

    #[test]
    fn the_hash_of_the_body_must_be_named() {
        let date = Timestamp::from_unix(NOW).basic();
        let authorization = good();
        let headers =
            [("host", HOST), ("authorization", authorization.as_str()), ("x-amz-date", date.as_str())];
        assert_eq!(check("GET", "/b/k", &headers).run(), Err(Refusal::MissingPayloadHash));
    }

    #[test]
    fn a_date_header_serves_when_it_is_signed() {
        let http = "Sat, 21 Nov 2026 17:35:42 GMT";
        let headers = format!("date:{http}\nhost:{HOST}\nx-amz-content-sha256:UNSIGNED-PAYLOAD");
        let sign = |names| authorization(&headers, names, UNSIGNED_PAYLOAD, "/b/k");
        let run = |authorization: &str| {
            let headers = [
                ("host", HOST),
                ("date", http),
                ("authorization", authorization),
                ("x-amz-content-sha256", UNSIGNED_PAYLOAD),
            ];
            check("GET", "/b/k", &headers).run()
        };
        assert_eq!(run(&sign("date;host;x-amz-content-sha256")), Ok(()));
        assert_eq!(run(&sign("host;x-amz-content-sha256")), Err(Refusal::MissingDate));
    }
}
