//! What `presign inspect` says of a URL without its key.

use presign::{Explanation, Request, decode_path, redact_url};

use super::signed::NOW;

/// The input is a URL or the target of a request line.
pub fn run(input: &[u8]) {
    let Ok(url) = std::str::from_utf8(input) else { return };
    let start = url.split('?').next().unwrap();
    if let Ok(explanation) = Explanation::of_url(url, NOW) {
        let behind_scheme = start.split_once("://").map_or(start, |(_, rest)| rest);
        let path = behind_scheme.find('/').map_or("", |slash| &behind_scheme[slash..]);
        hold(&explanation, url.trim(), path);
    }
    let headers = [("host", "bucket.s3.example.org")];
    if let Ok(explanation) = Explanation::of_request(&Request::new("GET", url, &headers), NOW) {
        hold(&explanation, url, start);
    }
}

fn hold(explanation: &Explanation, url: &str, path: &str) {
    assert_eq!(explanation.url, redact_url(url), "what is told is fit for a log");
    if let Some(key) = &explanation.key {
        // The key is the end of the path, decoded once.
        assert!(decode_path(path).is_some_and(|path| path.ends_with(key.as_str())), "{key:?} of {url:?}");
    }
    for notice in &explanation.notices {
        assert!(!notice.to_string().is_empty());
    }
}
