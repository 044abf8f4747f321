//! What a refused request gets: the code, the message and the fields that S3 gives, in its order. Each refusal has a twin
//! that succeeds.

use std::time::Duration;

use presign::{BucketUrl, Credentials, Method, PresignRequest, Signer};

use crate::support::{Answer, KEY_ID, NOON, SECRET, TestServer, noon, signer, target_of};

const MALFORMED: &str = "AuthorizationQueryParametersError";

fn server() -> TestServer {
    let server = TestServer::start();
    server.put("k", "hello");
    server
}

fn get(server: &TestServer, target: &str) -> Answer {
    server.call("GET", target).answer()
}

/// A URL for `k` by another signer than the server's own.
fn by(server: &TestServer, signer: &Signer) -> String {
    target_of(signer.presign(&server.bucket_url(), &PresignRequest::get("k"), noon()).unwrap().as_str())
}

#[test]
fn an_anonymous_request_is_denied() {
    get(&server(), "/bucket/k").assert_error(403, "AccessDenied", "Access Denied", &[]);
    assert_eq!(server().get("k").status, 200);
}

#[test]
fn an_anonymous_request_decides_no_headers_of_the_answer() {
    let server = server();
    get(&server, "/bucket/k?response-content-type=text%2Fhtml").assert_error(
        400,
        "InvalidRequest",
        "Request specific response headers cannot be used for anonymous GET requests.",
        &[],
    );
    let signed = server.presign(&PresignRequest::get("k").response_content_type("text/html"));
    assert_eq!(get(&server, &signed).header("content-type"), Some("text/html"));
}

/// A form carries its signature in its body, so it would seem unsigned; its sender is told what is the matter.
#[test]
fn a_browsers_form_is_told_that_forms_are_not_taken() {
    let server = server();
    let form =
        server.call("POST", "/bucket").header("content-type", "Multipart/Form-Data; boundary=x").answer();
    form.assert_code(501, "NotImplemented");
    let other = server.call("POST", "/bucket").header("content-type", "text/plain").answer();
    other.assert_error(403, "AccessDenied", "Access Denied", &[]);
}

#[test]
fn a_url_past_its_life_says_since_when() {
    let server = server();
    let url = server.presign(&PresignRequest::get("k").expires_in(Duration::from_secs(60)));
    server.pass(59);
    assert_eq!(get(&server, &url).text(), "hello");
    server.pass(2);
    get(&server, &url).assert_error(
        403,
        "AccessDenied",
        "Request has expired",
        &[
            ("X-Amz-Expires", "60"),
            ("Expires", "2026-11-21T12:01:00Z"),
            ("ServerTime", "2026-11-21T12:01:01Z"),
        ],
    );
}

#[test]
fn a_url_of_the_old_kind_past_its_time_has_no_life() {
    let server = server();
    let url = server.presign_sigv2(&PresignRequest::get("k").expires_in(Duration::from_secs(60)));
    assert_eq!(get(&server, &url).text(), "hello");
    server.pass(61);
    get(&server, &url).assert_error(
        403,
        "AccessDenied",
        "Request has expired",
        &[("Expires", "2026-11-21T12:01:00Z"), ("ServerTime", "2026-11-21T12:01:01Z")],
    );
}

#[test]
fn a_url_dated_ahead_is_not_valid_yet() {
    let server = server();
    let ahead = |seconds| {
        let at = noon().plus(Duration::from_secs(seconds));
        target_of(signer().presign(&server.bucket_url(), &PresignRequest::get("k"), at).unwrap().as_str())
    };
    assert_eq!(get(&server, &ahead(900)).status, 200);
    get(&server, &ahead(901)).assert_error(403, "AccessDenied", "Request is not valid yet", &[]);
}

#[test]
fn missing_parameters_are_named_all_together() {
    let server = server();
    let url = server.presign(&PresignRequest::get("k"));
    for name in ["Algorithm", "Credential", "Signature", "Date", "SignedHeaders", "Expires"] {
        let (path, query) = url.split_once('?').unwrap();
        let name = format!("X-Amz-{name}=");
        let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with(&name)).collect();
        get(&server, &format!("{path}?{}", rest.join("&"))).assert_error(
            400,
            MALFORMED,
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, \
             X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            &[],
        );
    }
    get(&server, &format!("/bucket/k?AWSAccessKeyId={KEY_ID}&Expires=1")).assert_error(
        403,
        "AccessDenied",
        "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        &[],
    );
}

#[test]
fn a_malformed_parameter_is_400_in_s3s_words() {
    let server = server();
    let url = server.presign(&PresignRequest::get("k"));
    let credential = format!("{KEY_ID}%2F20261121%2Fus-east-1%2Fs3%2Faws4_request");
    let scope = |scope: &str| url.replace(&credential, &format!("{KEY_ID}%2F{scope}"));
    let parsing = |rest: &str| format!("Error parsing the X-Amz-Credential parameter; {rest}");
    let week = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than \
                604800 seconds";
    for (changed, message) in [
        (
            scope("x"),
            parsing(
                "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
            ),
        ),
        (
            scope("20261121%2Fus-east-1%2Fsns%2Faws4_request"),
            parsing("incorrect service \"sns\". This endpoint belongs to \"s3\"."),
        ),
        (
            scope("20261121%2Fus-east-1%2Fs3%2Faws5_request"),
            parsing("incorrect terminal \"aws5_request\". This endpoint uses \"aws4_request\"."),
        ),
        (
            scope("x%2Fus-east-1%2Fs3%2Faws4_request"),
            parsing(
                "incorrect date format \"x\". This date in the credential must be in the format \"yyyyMMdd\".",
            ),
        ),
        (
            scope("20060102%2Fus-east-1%2Fs3%2Faws4_request"),
            "Invalid credential date \"20060102\". This date is not the same as X-Amz-Date: \"20261121\"."
                .to_owned(),
        ),
        (
            url.replace("X-Amz-Date=20261121T120000Z", "X-Amz-Date=noon"),
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"".to_owned(),
        ),
        (url.replace("Expires=3600", "Expires=soon"), "X-Amz-Expires should be a number".to_owned()),
        (url.replace("Expires=3600", "Expires=-1"), "X-Amz-Expires must be non-negative".to_owned()),
        (url.replace("Expires=3600", "Expires=604801"), week.to_owned()),
        (
            url.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-MD5"),
            "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"".to_owned(),
        ),
    ] {
        assert_ne!(changed, url);
        get(&server, &changed).assert_error(400, MALFORMED, &message, &[]);
    }
    let longest = server.presign(&PresignRequest::get("k").expires_in(Duration::from_secs(604_800)));
    assert_eq!(get(&server, &longest).status, 200);
}

#[test]
fn a_parameter_of_the_signature_comes_once() {
    let server = server();
    let url = server.presign(&PresignRequest::get("k"));
    for twice in ["X-Amz-Expires=3600", "X-Amz-Date=20261121T120000Z", "X-Amz-SignedHeaders=host"] {
        assert!(url.contains(twice));
        get(&server, &format!("{url}&{twice}")).assert_code(400, MALFORMED);
    }
    assert_eq!(get(&server, &url).status, 200);
}

#[test]
fn another_region_is_told_which_one_is_right() {
    let server = TestServer::with(&[]);
    let elsewhere = Signer::new(Credentials::new(KEY_ID, SECRET), "us-east-2").unwrap();
    get(&server, &by(&server, &elsewhere)).assert_error(
        400,
        MALFORMED,
        "Error parsing the X-Amz-Credential parameter; the region 'us-east-2' is wrong; expecting 'us-east-1'",
        &[("Region", "us-east-1")],
    );
}

#[test]
fn a_wrong_signature_is_shown_what_the_server_signed() {
    let server = server();
    let url = server.presign(&PresignRequest::get("k"));
    let signature = url.rsplit('=').next().unwrap().to_owned();
    let query = url.split_once('?').unwrap().1.rsplit_once('&').unwrap().0;
    let canonical = format!("GET\n/bucket/other\n{query}\nhost:{}\n\nhost\nUNSIGNED-PAYLOAD", server.address);
    let answer = get(&server, &url.replace("/bucket/k?", "/bucket/other?"));
    let error = answer.error();
    let value = |name: &str| &error.iter().find(|(known, _)| known == name).unwrap().1;
    let names: Vec<&str> = error.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "Code",
        "Message",
        "AWSAccessKeyId",
        "StringToSign",
        "SignatureProvided",
        "StringToSignBytes",
        "CanonicalRequest",
        "CanonicalRequestBytes",
    ];
    assert_eq!((answer.status, names.as_slice()), (403, &expected[..]));
    assert_eq!(value("Code"), "SignatureDoesNotMatch");
    assert_eq!(
        value("Message"),
        "The request signature we calculated does not match the signature you provided. Check your key and signing method."
    );
    assert_eq!(value("AWSAccessKeyId"), KEY_ID);
    assert_eq!(value("SignatureProvided"), &signature);
    assert_eq!(value("CanonicalRequest"), &canonical);
    assert!(
        value("StringToSign")
            .starts_with("AWS4-HMAC-SHA256\n20261121T120000Z\n20261121/us-east-1/s3/aws4_request\n")
    );
    assert!(value("StringToSignBytes").starts_with("41 57 53 34 2d 48 4d 41 43"));
    assert!(value("CanonicalRequestBytes").starts_with("47 45 54 0a 2f"));
}

#[test]
fn a_wrong_signature_of_the_old_kind_has_no_canonical_request() {
    let server = server();
    let url = server.presign_sigv2(&PresignRequest::get("k"));
    assert_eq!(get(&server, &url).status, 200);
    let expires = NOON + 3600;
    let text = format!("GET\n\n\n{expires}\n/bucket/other");
    let error = get(&server, &url.replace("/bucket/k?", "/bucket/other?")).error();
    let names: Vec<&str> = error.iter().map(|(name, _)| name.as_str()).collect();
    let expected =
        ["Code", "Message", "AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes"];
    assert_eq!(names, expected);
    assert_eq!((error[0].1.as_str(), error[3].1.as_str()), ("SignatureDoesNotMatch", text.as_str()));
}

#[test]
fn whatever_else_changes_is_a_wrong_signature() {
    let server = server();
    let signed = PresignRequest::get("k").header("x-app", "one");
    let url = server.presign(&signed);
    assert_eq!(server.call("GET", &url).header("X-App", "one").answer().status, 200);
    let wrong = |answer: Answer| answer.assert_code(403, "SignatureDoesNotMatch");
    wrong(server.call("GET", &url).answer());
    wrong(server.call("GET", &url).header("X-App", "two").answer());
    wrong(server.call("DELETE", &url).header("X-App", "one").answer());
    wrong(server.call("GET", &format!("{url}&added=1")).header("X-App", "one").answer());
    wrong(server.call("GET", &url).header("X-App", "one").host("elsewhere:9000").answer());
    let head = server.call("HEAD", &server.presign(&PresignRequest::get("k"))).answer();
    assert_eq!((head.status, head.body.len()), (403, 0));
    let other_secret = Signer::new(Credentials::new(KEY_ID, "another secret"), "us-east-1").unwrap();
    wrong(get(&server, &by(&server, &other_secret)));
}

#[test]
fn an_unknown_key_is_told_so() {
    let server = server();
    let stranger = Signer::new(Credentials::new("AKIDSTRANGER", SECRET), "us-east-1").unwrap();
    get(&server, &by(&server, &stranger)).assert_error(
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
        &[("AWSAccessKeyId", "AKIDSTRANGER")],
    );
}

#[test]
fn headers_that_were_not_signed_are_listed() {
    let server = server();
    let url = server.presign(&PresignRequest::put("new"));
    let call = || server.call("PUT", &url).body("x");
    let message = "There were headers present in the request which were not signed";
    call().header("X-Amz-Meta-B", "1").header("x-amz-acl", "private").answer().assert_error(
        403,
        "AccessDenied",
        message,
        &[("HeadersNotSigned", "x-amz-acl, x-amz-meta-b")],
    );
    call().header("x-amz-expires", "1").answer().assert_error(
        403,
        "AccessDenied",
        message,
        &[("HeadersNotSigned", "x-amz-expires")],
    );
    server.call("GET", &server.presign(&PresignRequest::get("new"))).answer().assert_code(404, "NoSuchKey");
    assert_eq!(call().header("X-Other", "1").answer().status, 200);
}

#[test]
fn a_token_that_the_key_does_not_have_is_invalid() {
    let server = server();
    let temporary = Credentials::new(KEY_ID, SECRET).with_session_token("made-up");
    let temporary = Signer::new(temporary, "us-east-1").unwrap();
    get(&server, &by(&server, &temporary)).assert_error(
        400,
        "InvalidToken",
        "The provided token is malformed or otherwise invalid.",
        &[],
    );
    assert_eq!(get(&server, &by(&server, &signer())).status, 200);
}

#[test]
fn two_ways_to_sign_are_one_too_many() {
    let server = server();
    let url = server.presign(&PresignRequest::get("k"));
    server.call("GET", &url).header("Authorization", "AWS4-HMAC-SHA256 x").answer().assert_error(
        400,
        "InvalidArgument",
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or \
         the Authorization header should be specified",
        &[("ArgumentName", "Authorization"), ("ArgumentValue", "AWS4-HMAC-SHA256 x")],
    );
}

#[test]
fn the_old_kind_is_refused_where_the_operator_says_so() {
    let server = TestServer::with(&[("PRESIGN_AUTH_SIGV2", "deny")]);
    server.put("k", "hello");
    let refused = get(&server, &server.presign_sigv2(&PresignRequest::get("k")));
    refused.assert_code(400, "InvalidRequest");
    assert!(refused.text().contains("signature_version"), "{}", refused.text());
}

#[test]
fn header_signed_requests_have_errors_of_their_own() {
    let server = server();
    let call = server.signed(Method::Get, "/bucket/k");
    server.pass(901);
    let skewed = call.answer();
    skewed.assert_error(
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        &[
            ("RequestTime", "20261121T120000Z"),
            ("ServerTime", "2026-11-21T12:15:01Z"),
            ("MaxAllowedSkewMilliseconds", "900000"),
        ],
    );
    server.pass(-901);
    assert_eq!(server.signed(Method::Get, "/bucket/k").answer().status, 200);
    let elsewhere = Signer::new(Credentials::new(KEY_ID, SECRET), "aws-global").unwrap();
    let bucket = BucketUrl::path_style(&server.endpoint(), "bucket").unwrap();
    let request = presign::UnsignedRequest::object(Method::Get, &bucket, "k").unwrap();
    let signed = elsewhere.authorize(&request, noon()).unwrap();
    let mut call = server.call("GET", "/bucket/k");
    for (name, value) in signed.headers() {
        call = call.header(name, value);
    }
    call.answer().assert_error(
        400,
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the region 'aws-global' is wrong; expecting 'us-east-1'",
        &[("Region", "us-east-1")],
    );
}
