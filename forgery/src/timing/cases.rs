//! What is compared: requests of one shape that differ only in what a stranger would like to learn.

use std::hint::black_box;

use presign::{
    BucketUrl, Credentials, PresignRequest, Request, Signer, Timestamp, Unverified, VerificationKey,
    VerifyPolicy,
};

use crate::door::Doors;
use crate::good::{ACCESS_KEY_ID, NOON, Place, REGION, SECRET};
use crate::raw::RawRequest;

/// Two kinds of request, told apart by a number.
pub struct Case {
    /// What is compared.
    pub name: &'static str,
    /// Whether it must be found to leak.
    pub is_control: bool,
    pub(super) run: Box<dyn Fn(usize)>,
}

/// A key that nobody has, of the length of the one that there is.
const UNKNOWN_KEY_ID: &str = "AKIDUNKNOWN";
const HOST: &str = "files.example.com";

fn url(access_key_id: &str, is_v2: bool) -> String {
    let credentials = Credentials::new(access_key_id, SECRET);
    let signer = Signer::new(credentials, REGION).unwrap();
    let bucket = BucketUrl::path_style(&format!("https://{HOST}"), "bucket").unwrap();
    let request = PresignRequest::get("photos/2026/november/cat-on-a-table.jpg");
    let now = Timestamp::from_unix(NOON);
    let url = match is_v2 {
        true => signer.presign_sigv2(&bucket, &request, now).unwrap(),
        false => signer.presign(&bucket, &request, now).unwrap(),
    };
    url.as_str().strip_prefix(bucket.origin()).unwrap().to_owned()
}

/// The URL with another digit at that place of its signature, counted from its start or its end.
fn with_wrong_digit(url: &str, is_v2: bool, from_end: bool) -> String {
    let start = url.find("Signature=").unwrap() + "Signature=".len();
    let end = start + url[start..].find('&').unwrap_or(url.len() - start);
    let mut bytes = url.as_bytes().to_vec();
    // Base64 of twenty bytes ends in an escaped equals sign, and the letter before it has bits to spare: the one before.
    let places: Vec<usize> = (start..end).filter(|at| bytes[*at].is_ascii_alphanumeric()).collect();
    let last = if is_v2 { end - "%3D".len() - 2 } else { end - 1 };
    let at = if from_end { last } else { places[0] };
    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    String::from_utf8(bytes).unwrap()
}

/// A case of the verifier alone: two URLs of one shape, neither of which is honoured.
fn verifier(name: &'static str, urls: [String; 2]) -> Case {
    assert_eq!(urls[0].len(), urls[1].len(), "{name}: the shapes differ");
    let key = VerificationKey::new(Credentials::new(ACCESS_KEY_ID, SECRET));
    let policy = VerifyPolicy::new(REGION);
    let headers = [("host", HOST), ("user-agent", "curl/8.14.1"), ("accept", "*/*")];
    let run = move |class: usize| {
        let request = Request::new("GET", black_box(&urls[class]), &headers);
        let unverified = Unverified::parse(request).unwrap();
        // As a ring of keys finds it: by its id, or not at all.
        let known = (unverified.access_key_id() == key.access_key_id()).then_some(&key);
        let now = Timestamp::from_unix(NOON);
        drop(black_box(unverified.verify(known, now, &policy).unwrap_err()));
    };
    Case { name, is_control: false, run: Box::new(run) }
}

/// A case of the whole way through the store, from the parsed head to the typed refusal.
fn server(name: &'static str, urls: [String; 2]) -> Case {
    let doors = Doors::open().unwrap();
    let requests = urls.map(|url| RawRequest {
        method: b"GET".into(),
        target: url.into_bytes(),
        fields: vec![(b"Host".into(), HOST.into()), (b"User-Agent".into(), b"curl/8.14.1".into())],
        now: NOON,
        peer: crate::good::CLIENT,
    });
    let run = move |class: usize| drop(black_box(doors.judge(Place::Plain, black_box(&requests[class]))));
    Case { name, is_control: false, run: Box::new(run) }
}

/// A comparison that stops at the first digit that is wrong, as no verifier may.
fn leaky() -> Case {
    let right = url(ACCESS_KEY_ID, false);
    let guesses = [with_wrong_digit(&right, false, false), with_wrong_digit(&right, false, true)];
    let signature = |url: &str| url.rsplit_once('=').unwrap().1.as_bytes().to_vec();
    let (right, guesses) = (signature(&right), guesses.map(|url| signature(&url)));
    let run = move |class: usize| {
        let (right, guess) = (black_box(&right), black_box(&guesses[class]));
        let mut is_equal = true;
        for (one, other) in right.iter().zip(guess) {
            if black_box(one != other) {
                is_equal = false;
                break;
            }
        }
        black_box(is_equal);
    };
    Case {
        name: "control: a comparison that stops at the first difference",
        is_control: true,
        run: Box::new(run),
    }
}

/// Every case. The server's come last.
pub fn cases() -> Vec<Case> {
    let mut cases = vec![leaky()];
    for (is_v2, known_or_not, first_or_last) in [
        (
            false,
            "SigV4, verify: a known key against an unknown one",
            "SigV4, verify: wrong in the first digit against the last",
        ),
        (
            true,
            "SigV2, verify: a known key against an unknown one",
            "SigV2, verify: wrong in the first letter against the last",
        ),
    ] {
        let known = url(ACCESS_KEY_ID, is_v2);
        let wrong = with_wrong_digit(&known, is_v2, false);
        let unknown = wrong.replace(ACCESS_KEY_ID, UNKNOWN_KEY_ID);
        cases.push(verifier(known_or_not, [wrong.clone(), unknown]));
        cases.push(verifier(first_or_last, [wrong, with_wrong_digit(&known, is_v2, true)]));
    }
    for (is_v2, known_or_not, first_or_last) in [
        (
            false,
            "SigV4, whole store: a known key against an unknown one",
            "SigV4, whole store: wrong in the first digit against the last",
        ),
        (
            true,
            "SigV2, whole store: a known key against an unknown one",
            "SigV2, whole store: wrong in the first letter against the last",
        ),
    ] {
        let known = url(ACCESS_KEY_ID, is_v2);
        let wrong = with_wrong_digit(&known, is_v2, false);
        let unknown = wrong.replace(ACCESS_KEY_ID, UNKNOWN_KEY_ID);
        cases.push(server(known_or_not, [wrong.clone(), unknown]));
        cases.push(server(first_or_last, [wrong, with_wrong_digit(&known, is_v2, true)]));
    }
    cases
}

#[cfg(test)]
mod tests {
    use presign::Refusal;

    use super::*;

    fn refusal(url: &str, key_id: &str) -> Refusal {
        let key = VerificationKey::new(Credentials::new(ACCESS_KEY_ID, SECRET));
        let headers = [("host", HOST)];
        let unverified = Unverified::parse(Request::new("GET", url, &headers)).unwrap();
        assert_eq!(unverified.access_key_id(), key_id);
        let known = (key_id == ACCESS_KEY_ID).then_some(&key);
        unverified.verify(known, Timestamp::from_unix(NOON), &VerifyPolicy::new(REGION)).unwrap_err()
    }

    /// What is measured is what it says: both kinds come as far as the comparison, and are refused for what they differ in.
    #[test]
    fn both_kinds_are_refused_for_their_signature() {
        assert_eq!(ACCESS_KEY_ID.len(), UNKNOWN_KEY_ID.len());
        for is_v2 in [false, true] {
            let right = url(ACCESS_KEY_ID, is_v2);
            let wrong = [false, true].map(|from_end| with_wrong_digit(&right, is_v2, from_end));
            assert_ne!(wrong[0], wrong[1]);
            for url in &wrong {
                assert!(matches!(refusal(url, ACCESS_KEY_ID), Refusal::SignatureMismatch(_)), "{url}");
            }
            let unknown = wrong[0].replace(ACCESS_KEY_ID, UNKNOWN_KEY_ID);
            assert!(matches!(refusal(&unknown, UNKNOWN_KEY_ID), Refusal::UnknownAccessKey { .. }));
        }
        assert_eq!(cases().len(), 9);
    }
}
