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

#[test]
fn a_secret_that_was_taken_for_the_id_is_not_told() {
    let log = &*LOG;
    let server = TestServer::start();
    let encoded = SECRET.replace('/', "%2F").replace('+', "%2B");
    let (url, old) =
        (server.presign(&PresignRequest::get("k")), server.presign_sigv2(&PresignRequest::get("k")));
    let in_header = format!(
        "AWS4-HMAC-SHA256 Credential={SECRET}/20261127/us-east-1/s3/aws4_request, SignedHeaders=host, Signature={}",
        "0".repeat(64)
    );
    for call in [
        server.call("GET", &url.replace(KEY_ID, &encoded)),
        server.call("GET", &url.replace(KEY_ID, &encoded).replace("X-Amz-Expires=", "X-Amz-Expires=x")),
        server.call("GET", &old.replace(KEY_ID, &encoded)),
        server.call("GET", "/bucket/k").header("authorization", &in_header),
    ] {
        let line = log.line_of(&call.answer());
        assert_holds(&line, &["status=40"]);
        // Between its slashes, too, it is nobody else's business.
        for part in SECRET.split('/').filter(|part| part.len() > 4) {
            assert!(!line.contains(part), "{line}");
        }
    }
}
