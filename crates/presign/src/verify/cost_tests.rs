//! What the check of a request costs that nobody signed, beside one that somebody did.
//!
//! Anybody can have these checks made, as often as the network carries requests. So whatever a head says within the limits
//! of a head, the work must be a small multiple of what an honest request of the largest size takes. It is counted in bytes
//! that are gone over ([`work`](crate::work)), so that the test says the same on every machine.

use proptest::prelude::*;

use super::*;
use crate::{BucketUrl, Credentials, PresignRequest, Signer, Timestamp, work};

/// The limits of the store that this crate is for.
const TARGET_BYTES: usize = 16 * 1024;
const HEADER_BYTES: usize = 16 * 1024;
const HEADER_FIELDS: usize = 100;

const NOW: i64 = 1_795_282_542;
const HOST: &str = "files.example.com";
const KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const METHODS: &str = "GET,HEAD,PUT,POST,DELETE,OPTIONS";

/// The head of a request.
#[derive(Clone)]
struct Head {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    is_key_known: bool,
}

/// The target alone, which tells enough and is long enough.
impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}, {} headers", self.method, self.target, self.headers.len())
    }
}

/// Checks it as a store with ten public endpoints does.
fn check(head: &Head) -> (usize, Result<(), Refusal>) {
    let names: Vec<String> = (0..10).map(|at| format!("s{at}.example.com")).collect();
    let hosts = names.iter().map(|host| SignedHost { host, bucket: host.split('.').next() });
    let hosts: Vec<SignedHost<'_>> = hosts.collect();
    let arrival = Arrival { other_hosts: &hosts, withheld: WithheldHeaders::from_proxy(&[]) };
    let headers: Vec<(&str, &str)> =
        head.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let key = VerificationKey::new(Credentials::new(KEY_ID, SECRET));
    let key = head.is_key_known.then_some(&key);
    let policy = VerifyPolicy::new("us-east-1");
    work::of(|| {
        let unverified = Unverified::parse(Request::new(head.method, &head.target, &headers))?;
        unverified.verify_arrived(key, Timestamp::from_unix(NOW), &policy, &arrival).map(|_| ())
    })
}

/// What an honest download costs whose head is as large as a head may be, in plain characters.
fn honest() -> usize {
    let signer = Signer::new(Credentials::new(KEY_ID, SECRET), "us-east-1").unwrap();
    let bucket = BucketUrl::path_style("https://files.example.com", "b").unwrap();
    let header = "v".repeat(HEADER_BYTES - 100);
    let url = |pad: usize| {
        let request =
            PresignRequest::get("k").query("x-pad", "p".repeat(pad)).header("x-pad", header.clone());
        let url = signer.presign(&bucket, &request, Timestamp::from_unix(NOW)).unwrap().into_string();
        url.strip_prefix("https://files.example.com").unwrap().to_owned()
    };
    let target = url(TARGET_BYTES - url(0).len());
    assert_eq!(target.len(), TARGET_BYTES);
    let headers = vec![("host".to_owned(), HOST.to_owned()), ("x-pad".to_owned(), header.clone())];
    let (work, outcome) = check(&Head { method: "GET", target, headers, is_key_known: true });
    assert_eq!(outcome, Ok(()));
    work
}

/// How the many parameters, headers and listed names of a head are written: so that each costs as much as it can.
#[derive(Clone, Copy, Debug)]
enum Style {
    /// As many as there can be.
    Short,
    /// Differing in their last characters only.
    AlikeAndLong,
    /// In characters that have to be escaped.
    Unescaped,
    /// In escapes that are none in the canonical form.
    Escaped,
    /// The same again and again, one that SigV2 signs.
    Subresource,
    /// Headers' names.
    AmzHeader,
}

fn piece(style: Style, at: usize, length: usize) -> String {
    let start = match style {
        Style::Short => return format!("{at:x}"),
        Style::Subresource => return format!("acl={}", "a".repeat(length.saturating_sub(4))),
        Style::AlikeAndLong => "a".repeat(length.saturating_sub(4)),
        Style::Unescaped => "!".repeat(length.saturating_sub(4)),
        Style::Escaped => "%41".repeat(length.saturating_sub(4) / 3),
        Style::AmzHeader => format!("x-amz-{}", "a".repeat(length.saturating_sub(12))),
    };
    format!("{start}{at:04}")
}

/// Pieces of that style, separated and together no more than so many bytes.
fn pieces(style: Style, count: usize, bytes: usize) -> Vec<String> {
    let length = (bytes / count.max(1)).saturating_sub(1);
    let mut left = bytes;
    let all = (0..count).map(|at| piece(style, at, length));
    all.take_while(|piece| {
        left = left.saturating_sub(piece.len() + 1);
        left > 0
    })
    .collect()
}

prop_compose! {
    /// Any head within the limits that comes as far as a signature, or nearly: a good one with much more in it.
    fn hostile()(
        mechanism in prop::sample::select(&[Mechanism::QueryV4, Mechanism::HeaderV4, Mechanism::QueryV2]),
        [in_query, in_headers, in_list] in prop::array::uniform3(prop::sample::select(&[
            Style::Short, Style::AlikeAndLong, Style::Unescaped, Style::Escaped, Style::Subresource, Style::AmzHeader,
        ])),
        parameters in prop_oneof![Just(0), Just(60), Just(92), 0..92_usize, Just(8000)],
        fields in prop_oneof![Just(0), Just(90), 0..90_usize],
        listed in prop_oneof![Just(0), Just(90), Just(99), 0..99_usize, Just(4000)],
        lists_its_fields in any::<bool>(),
        has_methods in any::<bool>(),
        has_payload in any::<bool>(),
        is_key_known in any::<bool>(),
    ) -> Head {
        let list_bytes = if listed > 0 && !lists_its_fields { TARGET_BYTES / 2 } else { 0 };
        let mut names: Vec<String> =
            pieces(in_headers, fields, HEADER_BYTES / 2).iter().map(|name| name.replace('=', "-")).collect();
        names.sort();
        names.dedup();
        let mut list = vec!["host".to_owned()];
        match lists_its_fields {
            true => list.extend(names.iter().take(99).cloned()),
            false => list.extend(pieces(in_list, listed, list_bytes / 2)),
        }
        let list = list.join(";");
        let mut headers = vec![("host".to_owned(), HOST.to_owned())];
        headers.extend(names.iter().map(|name| (name.clone(), " a  b ".repeat(8192 / 7 / fields.max(1)))));
        if has_payload {
            headers.push(("x-amz-content-sha256".to_owned(), "0".repeat(64)));
        }
        let scope = format!("{KEY_ID}/20261121/us-east-1/s3/aws4_request");
        let mut query = Vec::new();
        match mechanism {
            Mechanism::QueryV2 => query.extend([
                format!("AWSAccessKeyId={KEY_ID}"),
                format!("Expires={}", NOW + 60),
                "Signature=AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D".to_owned(),
            ]),
            Mechanism::HeaderV4 => {
                let value = format!(
                    "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={list}, Signature={}", "0".repeat(64)
                );
                headers.push(("authorization".to_owned(), value));
                headers.push(("x-amz-date".to_owned(), "20261121T173542Z".to_owned()));
            }
            _ => query.extend([
                "X-Amz-Algorithm=AWS4-HMAC-SHA256".to_owned(),
                format!("X-Amz-Credential={}", scope.replace('/', "%2F")),
                "X-Amz-Date=20261121T173542Z".to_owned(),
                "X-Amz-Expires=60".to_owned(),
                format!("X-Amz-SignedHeaders={list}"),
                format!("X-Amz-Signature={}", "0".repeat(64)),
            ]),
        }
        if has_methods {
            query.push(format!("x-presign-methods={METHODS}"));
        }
        let used: usize = query.iter().map(|parameter| parameter.len() + 1).sum();
        let room = (TARGET_BYTES - "/b/k?".len()).saturating_sub(used);
        query.extend(pieces(in_query, parameters, room));
        Head { method: "GET", target: format!("/b/k?{}", query.join("&")), headers, is_key_known }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_request_that_nobody_signed_costs_a_few_honest_ones_at_most(head in hostile()) {
        let bytes: usize = head.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        prop_assert!(head.target.len() <= TARGET_BYTES && head.headers.len() <= HEADER_FIELDS);
        // An Authorization header may have as much as all others.
        prop_assert!(bytes <= HEADER_BYTES + TARGET_BYTES / 2, "{}", bytes);
        let (work, outcome) = check(&head);
        prop_assert!(outcome.is_err());
        let honest = honest();
        prop_assert!(work <= 4 * honest, "{} for {}: {:?}", work, honest, outcome);
    }
}

/// The worst that is known, so that the figure is to be seen: `cargo nextest run -p presign --lib cost_tests --no-capture`.
#[test]
fn the_worst_known_request_beside_an_honest_one() {
    let list: Vec<String> = (0..92).map(|at| format!("x-presign-methods{at}={}", "!".repeat(160))).collect();
    let target = format!(
        "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY_ID}%2F20261121%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20261121T173542Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-a&X-Amz-Signature={}\
         &x-presign-methods={METHODS}&{}",
        "0".repeat(64),
        list.join("&")
    );
    let target = target.get(..TARGET_BYTES).unwrap_or(&target).to_owned();
    let headers = vec![
        ("host".to_owned(), HOST.to_owned()),
        ("x-a".to_owned(), "a b ".repeat(HEADER_BYTES / 4 - 32)),
        ("x-amz-content-sha256".to_owned(), "0".repeat(64)),
    ];
    let (work, outcome) = check(&Head { method: "GET", target, headers, is_key_known: true });
    assert!(matches!(outcome, Err(Refusal::SignatureMismatch(_))), "{outcome:?}");
    let honest = honest();
    println!("{work} bytes gone over, {honest} for an honest request of the same size");
    assert!(work <= 4 * honest, "{work} for {honest}");
}
