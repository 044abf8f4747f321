//! What the error for a wrong signature tells, which anyone can have made: how much, and what not.

use std::io::Write as _;

use presign::PresignRequest;

use crate::support::{Answer, TestServer, read_answer};

/// A URL with a wrong signature that lists `headers`, sent with them.
fn refused(server: &TestServer, headers: &[(&str, &str)]) -> Answer {
    let request = headers
        .iter()
        .fold(PresignRequest::get("k"), |request, (name, _)| request.header((*name).to_owned(), "signed"));
    let call = server.call("GET", &server.presign(&request));
    headers.iter().fold(call, |call, (name, value)| call.header(name, value)).answer()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// Whoever holds a link could list a proxy's own header as signed and be told its value.
#[test]
fn a_header_that_a_proxy_added_is_named_without_its_value() {
    let through_proxy = [("PRESIGN_TRUSTED_PROXIES", "127.0.0.1")];
    let listed = [("PRESIGN_PROXY_HEADERS", "X-Amz-Meta-Inner")];
    for (settings, name) in [
        (&through_proxy[..], "x-origin-verify"),
        (&through_proxy, "x-anything"),
        (&through_proxy, "cookie"),
        (&[], "x-origin-verify"),
        (&[], "x-forwarded-user"),
        (&listed, "x-amz-meta-inner"),
    ] {
        let server = TestServer::with(settings);
        let answer = refused(&server, &[(name, "hidden-value")]);
        answer.assert_code(403, "SignatureDoesNotMatch");
        let text = answer.text();
        assert!(text.contains(&format!("\n{name}:(value withheld)\n")), "{text}");
        assert!(!text.contains("hidden-value") && !text.contains(&hex("hidden-value")), "{text}");
        // Nor can the value be found out by trying, as it could from a hash over it and what else is printed.
        assert!(text.contains("\n(hash withheld, for it covers a withheld value)<"), "{text}");
    }
    // The twin: what the client sends itself is printed.
    for (settings, name) in [(&through_proxy[..], "x-amz-meta-a"), (&[], "x-anything")] {
        let server = TestServer::with(settings);
        let answer = refused(&server, &[(name, "shown-value")]);
        let text = answer.text();
        assert!(text.contains(&format!("\n{name}:shown-value\n")) && !text.contains("withheld"), "{text}");
    }
}

/// The old signature signs every `x-amz-*` header, and its string to sign has their values.
#[test]
fn the_old_signature_tells_no_more() {
    let server = TestServer::with(&[("PRESIGN_PROXY_HEADERS", "x-amz-meta-inner")]);
    let url = server.presign_sigv2(&PresignRequest::get("k"));
    for (name, is_shown) in [("x-amz-meta-inner", false), ("x-amz-meta-other", true)] {
        let answer = server.call("GET", &url).header(name, "some-value").answer();
        answer.assert_code(403, "SignatureDoesNotMatch");
        assert_eq!(answer.text().contains("some-value"), is_shown, "{}", answer.text());
        assert_eq!(answer.text().contains(&hex("some-value")), is_shown);
    }
}

/// A proxy may show itself to the store with an Authorization header of its own.
#[test]
fn a_credential_that_a_proxy_added_is_not_read_out() {
    for (settings, is_shown) in [(&[("PRESIGN_TRUSTED_PROXIES", "127.0.0.1")][..], false), (&[], true)] {
        let server = TestServer::with(settings);
        for target in [server.presign(&PresignRequest::get("k")), "/bucket/k".to_owned()] {
            let answer =
                server.call("GET", &target).header("Authorization", "Basic cHJveHk6c2VjcmV0").answer();
            answer.assert_code(400, "InvalidArgument");
            assert_eq!(answer.text().contains("cHJveHk6c2VjcmV0"), is_shown, "{}", answer.text());
        }
    }
}

/// The longest error that a head within the limits can have made.
fn longest(server: &TestServer) -> Vec<u8> {
    let names: Vec<String> = (0..95).map(|at| format!("x-h{at:03}")).collect();
    let request =
        names.iter().fold(PresignRequest::get("k"), |request, name| request.header(name.clone(), "signed"));
    let call = server.call("GET", &server.presign(&request.query("x-pad", "&<>".repeat(1000))));
    names.iter().fold(call, |call, name| call.header(name, &"&<>".repeat(50))).to_bytes()
}

#[test]
fn what_a_refusal_prints_has_a_bound() {
    let server = TestServer::start();
    let mut stream = server.connect();
    stream.write_all(&longest(&server)).unwrap();
    let answer = read_answer(&mut stream, false);
    answer.assert_code(403, "SignatureDoesNotMatch");
    assert!(answer.body.len() < 48 * 1024, "{}", answer.body.len());
    assert!(answer.text().contains(" more bytes, which are not shown)</CanonicalRequest>"));
    // The twin is printed whole.
    let short = refused(&server, &[("x-a", "b")]);
    assert!(!short.text().contains("not shown") && short.text().contains("\nUNSIGNED-PAYLOAD<"));
}

/// Requests sent one behind the other get their answers one behind the other, also when the client begins late to read.
#[test]
fn answers_wait_one_at_a_time_and_all_arrive() {
    const REQUESTS: usize = 40;
    let server = TestServer::start();
    let mut stream = server.connect_with_small_buffer();
    let head = longest(&server);
    let mut writer = stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        for _ in 0..REQUESTS {
            writer.write_all(&head).unwrap();
        }
    });
    for _ in 0..REQUESTS {
        read_answer(&mut stream, false).assert_code(403, "SignatureDoesNotMatch");
    }
    writing.join().unwrap();
}
