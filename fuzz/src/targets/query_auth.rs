//! Signatures in the query, SigV4 and SigV2: the target of a request line, its method, and headers.

use presign::{Refusal, Request, Unverified};

use super::signed::{ANOTHER_KEY, NOW, POLICY};
use crate::lines::lines;

/// The first line is the target, the second the method, the third the Host, the fourth an `x-amz-*` header's value.
pub fn run(input: &[u8]) {
    let Some([target, method, host, token]) = lines(input) else { return };
    let headers = [("host", host), ("x-amz-security-token", token)];
    let sent = if token.is_empty() { &headers[..1] } else { &headers[..] };
    refuse_forgery(Request::new(if method.is_empty() { "GET" } else { method }, target, sent));
}

/// Nothing that a stranger makes up is honoured, with or without an access key of that id.
pub(super) fn refuse_forgery(request: Request<'_>) {
    let Ok(unverified) = Unverified::parse(request) else { return };
    let id = unverified.access_key_id().to_owned();
    let mechanism = unverified.mechanism();
    let forged = unverified.verify(Some(&ANOTHER_KEY), NOW, &POLICY);
    let refusal = forged.expect_err("nobody signed this");
    if let Refusal::SignatureMismatch(mismatch) = &refusal {
        assert_eq!(mismatch.access_key_id, id);
        // Only now a second reading: of the few that come as far as a signature.
        let again = Unverified::parse(request).expect("it was read before");
        assert_eq!((again.access_key_id(), again.mechanism()), (id.as_str(), mechanism));
        let unknown = again.verify(None, NOW, &POLICY).expect_err("there is no such key");
        assert_eq!(unknown, Refusal::UnknownAccessKey { access_key_id: id.into() });
    }
}
