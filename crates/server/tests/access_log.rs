//! The access log: one line a request, with all that an operator looks for and nothing that could be used again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

#[allow(dead_code, reason = "the other tests use the rest")]
#[path = "server/support.rs"]
mod support;

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use presign::{BucketUrl, Method, PresignRequest};

use support::{Answer, KEY_ID, SECRET, TestServer, noon, signer, target_of};

/// How long a line is waited for. Only a failing test waits for so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log of this process, from its first use on.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
    log
});

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The line about that answer. It is written when the answer's last byte is handed over, so it may take a moment.
    fn line_of(&self, answer: &Answer) -> String {
        let id = answer.header("x-amz-request-id").unwrap();
        let began = Instant::now();
        loop {
            let text = self.text();
            let lines: Vec<&str> =
                text.lines().filter(|line| line.contains("::access: ") && line.contains(id)).collect();
            if let [line] = lines[..] {
                return line.to_owned();
            }
            assert!(lines.is_empty() && began.elapsed() < PATIENCE, "{lines:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn assert_holds(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "no {part} in {line}");
    }
}

#[test]
fn one_line_a_request_says_what_happened_and_gives_nothing_away() {
    let log = &*LOG;
    let server = TestServer::start();
    server.put("k", "hello");

    let url = server.presign(&PresignRequest::get("k"));
    let signature = url.rsplit('=').next().unwrap();
    let got = log.line_of(&server.call("GET", &url).header("User-Agent", "curl/8").answer());
    let common = ["client=127.0.0.1", "X-Amz-Signature=REDACTED"];
    assert_holds(&got, &common);
    assert_holds(
        &got,
        &[
            "operation=\"REST.GET.OBJECT\"",
            "status=200",
            "error=\"-\"",
            "bytes_in=0",
            "bytes_out=5",
            "ms=",
            "user_agent=\"curl/8\"",
        ],
    );
    assert_holds(&got, &["auth_type=\"QueryString\"", "signature_version=\"SigV4\"", KEY_ID]);

    let refused = log.line_of(&server.call("DELETE", &url).answer());
    assert_holds(&refused, &common);
    assert_holds(
        &refused,
        &[
            "operation=\"REST.DELETE.OBJECT\"",
            "status=403",
            "error=\"SignatureDoesNotMatch\"",
            "cause=\"the signature",
        ],
    );

    let began = Instant::now();
    while !log.text().contains("why the signature is wrong") {
        assert!(began.elapsed() < PATIENCE, "{}", log.text());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_holds(&log.text(), &["cause=\"the URL is signed for GET and was used with DELETE"]);

    let old = server.presign_sigv2(&PresignRequest::get("k"));
    let old_line = log.line_of(&server.call("GET", &old).answer());
    assert_holds(&old_line, &["status=200", "signature_version=\"SigV2\"", "Signature=REDACTED"]);

    let by_header = log.line_of(&server.signed(Method::Put, "/bucket/k2").body("four").answer());
    assert_holds(&by_header, &["operation=\"REST.PUT.OBJECT\"", "auth_type=\"AuthHeader\"", "bytes_in=4"]);
    let anonymous = log.line_of(&server.call("GET", "/bucket").answer());
    assert_holds(&anonymous, &["operation=\"REST.GET.BUCKET\"", "auth_type=\"-\"", "error=\"AccessDenied\""]);

    let everything = log.text();
    assert!(!everything.contains(signature) && !everything.contains(SECRET), "{everything}");
    let old_signature = old.split("Signature=").nth(1).unwrap().split('&').next().unwrap();
    assert!(!everything.contains(old_signature), "{everything}");
    assert!(!everything.contains("AWS4-HMAC-SHA256 Credential"), "{everything}");
}

#[test]
fn a_host_that_was_only_guessed_at_is_no_wrong_signature() {
    let log = &*LOG;
    let endpoints = "https://one.example,https://two.example";
    let server = TestServer::on(TestServer::start().end(), &[("PRESIGN_PUBLIC_ENDPOINTS", endpoints)]);
    let bucket = BucketUrl::path_style("https://two.example", "bucket").unwrap();
    let url = signer().presign(&bucket, &PresignRequest::put("k"), noon()).unwrap();
    let put = |key: &str| {
        let target = target_of(url.as_str()).replace("/k?", key);
        server.call("PUT", &target).host("127.0.0.1:9000").body("x").answer()
    };
    let (good, wrong) = (put("/k?"), put("/other?"));
    assert_eq!((good.status, wrong.status), (200, 403));
    let id = |answer: &Answer| answer.header("x-amz-request-id").unwrap().to_owned();
    let is_explained = |id: &str| {
        log.text().lines().any(|line| line.contains("why the signature is wrong") && line.contains(id))
    };
    let began = Instant::now();
    while !is_explained(&id(&wrong)) {
        assert!(began.elapsed() < PATIENCE, "{}", log.text());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!is_explained(&id(&good)));
}

/// Whoever has a link knows an access key id, and with it has a wrong signature explained in the log.
#[test]
fn a_line_is_as_long_as_it_is_useful_and_not_as_its_client_likes() {
    let log = &*LOG;
    let server = TestServer::start();
    let (long, very_long) = ("L".repeat(7_000), "L".repeat(60_000));
    let url = server.presign(&PresignRequest::get("k"));
    for (call, shown) in [
        (server.call(&very_long, &url), "request=\"LLLL"),
        (server.call("GET", &format!("{url}&{very_long}")), "request=\"GET /bucket/k?"),
        (server.call("GET", &url).header("user-agent", &very_long), "user_agent=\"LLLL"),
        (server.call("GET", &url.replace(KEY_ID, &long)), "access_key_id=\"LLLL"),
        (server.call("GET", &url.replace("aws4_request", &long)), "cause=\""),
    ] {
        let line = log.line_of(&call.answer());
        assert_holds(&line, &[shown]);
        assert!(line.len() < 8 * 1024, "{} bytes: {line}", line.len());
    }
}

#[test]
fn nobody_writes_lines_of_his_own_into_the_log() {
    let log = &*LOG;
    let server = TestServer::start();
    let url = server.presign(&PresignRequest::get("k"));
    let get = |added: &str| server.call("GET", &format!("{url}&{added}")).answer();
    let explained = |answer: &Answer| {
        let id = answer.header("x-amz-request-id").unwrap();
        let began = Instant::now();
        loop {
            let text = log.text();
            let mut lines = text.lines().filter(|line| line.contains(id));
            if let Some(line) = lines.find(|line| line.contains("why the signature is wrong")) {
                return line.to_owned();
            }
            // One is explained at a time, and a tenth of a second apart: this one may have been passed over.
            if began.elapsed() > Duration::from_millis(500) {
                return String::new();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let explain = |added: &str| {
        let began = Instant::now();
        loop {
            let line = explained(&get(added));
            if !line.is_empty() || began.elapsed() > PATIENCE {
                return line;
            }
        }
    };
    assert_holds(&explain("plain=1"), &["`plain` was added"]);
    assert_holds(&explain("a%0AFORGED%C2%9B=1"), &["`a\\nFORGED\\u{9b}` was added"]);
    let long = explain(&format!("{}=1", "L".repeat(7_000)));
    assert_holds(&long, &["`LLLL"]);
    assert!(long.len() < 2 * 1024, "{} bytes: {long}", long.len());

    // A raw U+009B, which terminals take for the beginning of a command.
    let line = log.line_of(&server.call("GET", &url.replacen("/k?", "/\u{9b}é?", 1)).answer());
    assert_holds(&line, &["request=\"GET /bucket/\\u{9b}é?"]);
    assert!(log.text().lines().all(|line| !line.starts_with("FORGED")), "{}", log.text());
    assert!(!log.text().contains('\u{9b}'));
}

/// What is in a line, whatever of it is percent-encoded, and however often.
fn decoded(line: &str) -> String {
    let mut text: Vec<u8> = Vec::new();
    for byte in line.bytes() {
        text.push(byte);
        while let [.., b'%', high, low] = text[..]
            && let (Some(high), Some(low)) = (char::from(high).to_digit(16), char::from(low).to_digit(16))
        {
            text.truncate(text.len() - 3);
            text.push(u8::try_from(high << 4 | low).unwrap());
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn of_an_access_key_id_that_is_nobodys_four_bytes_are_told() {
    let log = &*LOG;
    let server = TestServer::start();
    let (url, old) =
        (server.presign(&PresignRequest::get("k")), server.presign_sigv2(&PresignRequest::get("k")));
    let nothing = "0".repeat(64);
    let secrets = [
        SECRET,
        "AB7/K7MDENGbPxRfiCYEXAMPLEKEYwJalrXUtnFEM",
        "/abcdefGhIjKlMnOpQrStUvWxYz0123456789AbCd",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNO",
        "AB7/K7MDENGbP/xRfiCYEXAMP/LEKEYwJalr/XUtnF",
    ];
    for secret in secrets {
        let encoded = secret.replace('/', "%2F").replace('+', "%2B");
        let twice = encoded.replace('%', "%25");
        let with = |url: &str| url.replace(KEY_ID, &encoded);
        let in_header = format!(
            "AWS4-HMAC-SHA256 Credential={secret}/20261127/us-east-1/s3/aws4_request, SignedHeaders=host, Signature={nothing}"
        );
        let without_scope =
            format!("AWS4-HMAC-SHA256 Credential={secret}, SignedHeaders=host, Signature={nothing}");
        let get = |target: &str| server.call("GET", target);
        for (at, call) in [
            get(&with(&url)),
            get(&with(&url).replace("X-Amz-Expires=", "X-Amz-Expires=x")),
            get(&with(&url).replace("us-east-1", "eu-west-1")),
            get(&with(&url).replace("X-Amz-Credential", "x-amz%2Dcredential")),
            get(&url.replace(&format!("{KEY_ID}%2F20261121%2Fus-east-1%2Fs3%2Faws4_request"), &encoded)),
            get(&url.replace("%2F20261121%2Fus-east-1%2Fs3%2Faws4_request", "").replace(KEY_ID, &encoded)),
            get(&url.replace(KEY_ID, &format!("{KEY_ID}%2F{encoded}"))),
            get(&with(&old)),
            get(&format!("{url}&AWSAccessKeyId={encoded}")),
            get(&format!("{url}&u=%3FAWSAccessKeyId%3D{twice}")),
            get("/bucket/k").header("authorization", &in_header),
            get("/bucket/k").header("authorization", &without_scope),
            get(&url).header("user-agent", &format!("https://h/k?AWSAccessKeyId={encoded}")),
        ]
        .into_iter()
        .enumerate()
        {
            let line = log.line_of(&call.answer());
            let line = decoded(&line);
            for part in secret.as_bytes().windows(8).step_by(4) {
                let part = std::str::from_utf8(part).unwrap();
                assert!(!line.contains(part), "{part} of {secret} in {at}: {line}");
            }
        }
    }
    // The id that the store has is told, in either mechanism.
    for target in [&url, &old] {
        let line = log.line_of(&server.call("GET", target).answer());
        assert_holds(&line, &["access_key_id=\"AKIDEXAMPLE\""]);
        assert!(line.matches(KEY_ID).count() == 2, "{line}");
    }
}

/// A wrong signature is explained to whoever reads the log, with names and paths that its sender chose.
#[test]
fn no_line_that_explains_a_wrong_signature_holds_a_live_one() {
    let log = &*LOG;
    let server = TestServer::start();
    let live = server.presign(&PresignRequest::get("other"));
    let signature = live.rsplit('=').next().unwrap().to_owned();
    let escape =
        |text: &str| text.replace('%', "%25").replace('?', "%3F").replace('&', "%26").replace('=', "%3D");
    let once = escape(&live);
    let twice = escape(&once);
    let url = server.presign(&PresignRequest::get("k"));
    let in_key = format!("k?X-Amz-Signature={signature}/");
    let slashed =
        server.presign(&PresignRequest::get(in_key)).replace("/?X-Amz-Algorithm", "?X-Amz-Algorithm");
    let get = |target: String| server.call("GET", &target);
    for (what, shown, call) in [
        ("plain", "`plain` was added", get(format!("{url}&plain=1"))),
        ("a name", "was added", get(format!("{url}&{once}=1"))),
        ("a name, encoded twice", "was added", get(format!("{url}&{twice}=1"))),
        ("a name, encoded ten times", "was added", {
            get(format!("{url}&{}=1", (0..8).fold(twice.clone(), |text, _| text.replace('%', "%25"))))
        }),
        ("the end of a name", "was added", get(format!("{url}&a?X-Amz-Signature={signature}"))),
        ("a path's prefix", "before what was signed", get(format!("{once}{url}"))),
        ("a signed path", "other slashes", get(slashed)),
        ("a host", "a proxy made the Host", {
            get(url.replace("/k?", "/j?")).host(&format!("h&X-Amz-Signature={signature}"))
        }),
    ] {
        let began = Instant::now();
        let line = loop {
            let answer = call.clone().answer();
            assert_eq!(answer.status, 403, "{what}");
            let access = log.line_of(&answer);
            assert!(!decoded(&access).contains(&signature), "{what}: {access}");
            let id = answer.header("x-amz-request-id").unwrap().to_owned();
            let asked = Instant::now();
            let explained = loop {
                let text = log.text();
                let mut lines = text.lines().filter(|line| line.contains(&id));
                match lines.find(|line| line.contains("why the signature is wrong")) {
                    Some(line) => break Some(line.to_owned()),
                    // One is explained at a time: this one may have been passed over.
                    None if asked.elapsed() > Duration::from_millis(500) => break None,
                    None => std::thread::sleep(Duration::from_millis(5)),
                }
            };
            match explained {
                Some(line) => break line,
                None => assert!(began.elapsed() < PATIENCE, "{what} is never explained"),
            }
        };
        assert_holds(&line, &[shown]);
        assert!(!decoded(&line).contains(&signature), "{what}: {line}");
    }
}
