//! Conditions on a write, of which the answer tells what is stored.
//!
//! Whoever holds an upload link may not read what it replaces. If he could add `If-Match` to it, 412 or 200 would tell whether
//! the content has the MD5 that he guessed, and `If-None-Match` whether there is any. How S3 answers is not known; so a
//! condition on a write by URL must be the signer's. On a download it stays free: there the holder may read everything.

use crate::method::Method;
use crate::verify::refusal::Refusal;
use crate::verify::request::Request;

/// RFC 9110, section 13.1; `If-Range` weighs a read only.
const CONDITIONS: [&str; 4] = ["if-match", "if-modified-since", "if-none-match", "if-unmodified-since"];

/// Whether the header of that name, in any case, is a condition on a request of that method which writes or deletes.
pub(crate) fn decides_a_write(method: Method, header: &str) -> bool {
    !matches!(method, Method::Get | Method::Head)
        && CONDITIONS.iter().any(|condition| condition.eq_ignore_ascii_case(header))
}

/// SigV2 signs none of them.
pub(crate) fn refuse_unsigned(request: &Request<'_>, method: Method) -> Result<(), Refusal> {
    let headers = request.headers.iter().filter(|(name, _)| decides_a_write(method, name));
    let mut names: Vec<String> = headers.map(|(name, _)| name.to_ascii_lowercase()).collect();
    if names.is_empty() {
        return Ok(());
    }
    names.sort();
    names.dedup();
    Err(Refusal::HeadersNotSigned { names })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_on_a_write_is_named() {
        let headers =
            [("host", "h"), ("If-None-Match", "*"), ("IF-MATCH", "a"), ("if-match", "b"), ("If-Range", "c")];
        for method in [Method::Put, Method::Post, Method::Delete] {
            let request = Request::new(method.as_str(), "/b/k", &headers);
            let names = vec!["if-match".to_owned(), "if-none-match".to_owned()];
            assert_eq!(refuse_unsigned(&request, method), Err(Refusal::HeadersNotSigned { names }));
            assert_eq!(refuse_unsigned(&Request::new("PUT", "/b/k", &headers[..1]), method), Ok(()));
        }
        for method in [Method::Get, Method::Head] {
            assert_eq!(refuse_unsigned(&Request::new(method.as_str(), "/b/k", &headers), method), Ok(()));
        }
    }
}
