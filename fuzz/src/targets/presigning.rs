//! What is signed is accepted; and of what was changed on the way, nothing but what means the same.

use std::time::Duration;

use presign::{Method, PresignRequest, Request, Unverified, Verified};

use super::signed::{BUCKET, HOST, KEY, NOW, ORIGIN, POLICY, SIGNER};
use crate::lines::lines;

const METHODS: [Method; 5] = [Method::Get, Method::Head, Method::Put, Method::Post, Method::Delete];

/// Three bytes: method and mechanism, where to change a byte of the target, and to which. Then lines: the key, the name of
/// a parameter, its value, the value of a header.
pub fn run(input: &[u8]) {
    let Some((&[choice, at, byte], text)) = input.split_first_chunk::<3>() else { return };
    let Some([key, name, value, header]) = lines(text) else { return };
    let method = METHODS[usize::from(choice) % METHODS.len()];
    let mut wanted = PresignRequest::object(method, key).expires_in(Duration::from_secs(60));
    if !name.is_empty() {
        wanted = wanted.query(name, value);
    }
    let is_v4 = choice < 128;
    let sent = [("host", HOST), ("content-type", header)];
    if is_v4 {
        wanted = wanted.header("content-type", header);
    }
    // A signer who says a header twice, in the URL and beside it, is refused unless both say the same.
    if is_v4 && name.eq_ignore_ascii_case("content-type") && value != header {
        return;
    }
    // SigV2 signs values as they are, so one with an ampersand may read as two parameters, and is refused then.
    if !is_v4 && value.contains('&') {
        return;
    }
    let presigned = match is_v4 {
        true => SIGNER.presign(&BUCKET, &wanted, NOW),
        false => SIGNER.presign_sigv2(&BUCKET, &wanted, NOW),
    };
    // Keys and names that no URL can carry are refused when they are signed.
    let Ok(presigned) = presigned else { return };
    let sent = if is_v4 { &sent[..] } else { &sent[..1] };
    let target = presigned.as_str().strip_prefix(ORIGIN).expect("our own host");
    let meant = meaning(method, target, sent).unwrap_or_else(|| panic!("it was signed: {target}"));
    let mut changed = target.as_bytes().to_vec();
    let at = usize::from(at) * changed.len() / 256;
    changed[at] = byte;
    let Ok(changed) = std::str::from_utf8(&changed) else { return };
    if let Some(other) = meaning(method, changed, sent) {
        assert_eq!(other, meant, "{changed} was taken for {target}");
    }
    let another = METHODS[(usize::from(choice) + 1) % METHODS.len()];
    assert_eq!(meaning(another, target, sent), None, "{another} was not signed");
}

/// All that an operation can see of a request, if it is honoured.
fn meaning(
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
) -> Option<(String, Vec<(String, String)>)> {
    let request = Request::new(method.as_str(), target, headers);
    let verified = Unverified::parse(request).ok()?.verify(Some(&KEY), NOW, &POLICY).ok()?;
    Some((verified.path().to_owned(), seen(&verified)))
}

fn seen(verified: &Verified<'_>) -> Vec<(String, String)> {
    let mut seen: Vec<_> =
        verified.parameters().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    seen.extend(
        verified.header("content-type").map(|value| ("content-type:".to_owned(), value.into_owned())),
    );
    seen.push(("expires".to_owned(), format!("{:?}", verified.expires_at())));
    seen.sort();
    seen
}
