//! Any single change to a signed request is refused, but for the forms that are declared to mean the same:
//! parameters in another order, escapes that decode to the same text, and `?a` for `?a=`.
//!
//! Each test shows the untouched request accepted before it touches it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod meaning;
mod signed;
mod sigv2;

use meaning::Meaning;
use presign::{MAX_CLOCK_SKEW_SECONDS, Refusal};
use proptest::prelude::*;
use proptest::sample::Index;
use signed::{Arrived, METHODS, signed_url};

/// One change to a text: a byte put in, taken out, or put in the place of another; or a letter's case.
#[derive(Clone, Copy, Debug)]
enum Edit {
    Insert(Index, u8),
    Remove(Index),
    Replace(Index, u8),
    OtherCase(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    // What a request line can carry, the characters with a meaning in URLs more often than the rest.
    let byte =
        prop_oneof![0x21..=0x7e_u8, prop::sample::select(b"%&=+/?.;0123456789abcdefABCDEF".as_slice())];
    prop_oneof![
        (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Edit::Insert(at, byte)),
        any::<Index>().prop_map(Edit::Remove),
        (any::<Index>(), byte).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        any::<Index>().prop_map(Edit::OtherCase),
    ]
}

impl Edit {
    /// The edited text; `None` where the edit changes nothing, or leaves no text.
    fn apply(self, text: &str) -> Option<String> {
        let mut bytes = text.as_bytes().to_vec();
        match self {
            Edit::Insert(at, byte) => bytes.insert(at.index(bytes.len() + 1), byte),
            Edit::Remove(at) => drop(bytes.remove(at.index(bytes.len()))),
            Edit::Replace(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            Edit::OtherCase(at) => {
                let at = at.index(bytes.len());
                bytes[at] ^= if bytes[at].is_ascii_alphabetic() { 0x20 } else { 0 };
            }
        }
        String::from_utf8(bytes).ok().filter(|edited| edited != text)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Accepted if and only if it still means the same.
    #[test]
    fn one_byte_of_the_url(url in signed_url(), edit in edit()) {
        prop_assert_eq!(url.arrived().outcome(), Ok(()));
        if let Some(target) = edit.apply(&url.target) {
            let same = Meaning::read(&target).is_some_and(|now| Some(now) == Meaning::read(&url.target));
            let outcome = Arrived { target: target.clone(), ..url.arrived() }.outcome();
            prop_assert_eq!(outcome.is_ok(), same, "{} became {}: {:?}", url.target, target, outcome);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn another_method(url in signed_url(), method in prop::sample::select(&METHODS)) {
        let outcome = Arrived { method: method.as_str().to_owned(), ..url.arrived() }.outcome();
        prop_assert_eq!(outcome.is_ok(), method == url.method, "{:?}", outcome);
    }

    #[test]
    fn another_host(url in signed_url(), edit in edit()) {
        let mut arrived = url.arrived();
        prop_assert_eq!(arrived.outcome(), Ok(()));
        let (name, host) = arrived.headers[0].clone();
        prop_assert_eq!(name.as_str(), "Host");
        if let Some(other) = edit.apply(&host) {
            arrived.headers[0].1 = other;
            prop_assert!(matches!(arrived.outcome(), Err(Refusal::SignatureMismatch(_))));
        }
        arrived.headers[0].1 = host;
        arrived.headers.remove(0);
        prop_assert!(arrived.outcome().is_err(), "there is no host at all");
    }

    /// A signed header dropped, changed, or sent a second time.
    #[test]
    fn another_header(url in signed_url(), which in any::<Index>(), edit in edit()) {
        prop_assume!(!url.headers.is_empty());
        let at = 1 + which.index(url.headers.len());
        let mut arrived = url.arrived();
        prop_assert_eq!(arrived.outcome(), Ok(()));
        let (name, value) = arrived.headers[at].clone();
        let folded = |value: &str| value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(other) = edit.apply(&value) {
            arrived.headers[at].1 = other.clone();
            prop_assert_eq!(arrived.outcome().is_ok(), folded(&other) == folded(&value), "{:?} {:?}", value, other);
        }
        arrived.headers[at].1 = value.clone();
        arrived.headers.push((name, value));
        prop_assert!(arrived.outcome().is_err(), "sent twice");
        arrived.headers.pop();
        arrived.headers.remove(at);
        prop_assert!(arrived.outcome().is_err(), "not sent");
    }

    /// An `x-amz-*` header that was not signed is refused by name; any other may be added.
    #[test]
    fn one_more_header(url in signed_url(), name in "x-amz-[a-z]{1,12}", free in "[a-w][a-z]{8,12}", value in "[ -~]{0,20}") {
        let with = |name: &str| {
            let mut arrived = url.arrived();
            arrived.headers.push((name.to_owned(), value.clone()));
            arrived.outcome()
        };
        prop_assert_eq!(with(&free), Ok(()));
        prop_assert_eq!(with(&name), Err(Refusal::HeadersNotSigned { names: vec![name] }));
    }

    /// A parameter dropped, added, repeated or given another's value; but their order is nobody's business.
    #[test]
    fn another_parameter(url in signed_url(), which in any::<[Index; 2]>(), name in "[A-Za-z-]{0,12}", value in "[A-Za-z0-9]{0,9}") {
        let (path, query) = url.target.split_once('?').unwrap();
        let pairs: Vec<String> = query.split('&').map(str::to_owned).collect();
        let [one, other] = which.map(|at| at.index(pairs.len()));
        let outcome = |pairs: &[String]| {
            Arrived { target: format!("{path}?{}", pairs.join("&")), ..url.arrived() }.outcome()
        };
        let changed = |change: &dyn Fn(&mut Vec<String>)| {
            let mut pairs = pairs.clone();
            change(&mut pairs);
            outcome(&pairs)
        };
        prop_assert_eq!(changed(&|pairs| pairs.swap(one, other)), Ok(()));
        prop_assert_eq!(changed(&|pairs| pairs.rotate_left(one)), Ok(()));
        prop_assert!(changed(&|pairs| drop(pairs.remove(one))).is_err(), "dropped");
        prop_assert!(changed(&|pairs| pairs.insert(one, pairs[other].clone())).is_err(), "repeated");
        prop_assert!(changed(&|pairs| pairs.insert(one, format!("{name}={value}"))).is_err(), "added");
        prop_assert!(changed(&|pairs| pairs.insert(one, name.clone())).is_err(), "added without a value");
        let exchanged = changed(&|pairs| {
            let [a, b] = [one, other].map(|at| pairs[at].split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned())));
            if let (Some(a), Some(b)) = (a, b) {
                pairs[one] = format!("{}={}", a.0, b.1);
                pairs[other] = format!("{}={}", b.0, a.1);
            }
        });
        let value_of = |at: usize| pairs[at].split_once('=').map(|(_, value)| value);
        prop_assert_eq!(exchanged.is_ok(), value_of(one) == value_of(other));
    }

    /// More escapes than needed, in small letters even, decode to the same text; so does a missing `=`.
    #[test]
    fn the_same_text_in_other_escapes(url in signed_url(), which in prop::collection::vec(any::<bool>(), 1..64)) {
        let (path, query) = url.target.split_once('?').unwrap();
        let mut choice = which.iter().cycle();
        let mut escape = |text: &str, kept: &str| -> String {
            let mut out = String::new();
            let mut rest = text.chars();
            while let Some(c) = rest.next() {
                if c == '%' {
                    // An escape that is there already.
                    out.extend(['%'].into_iter().chain(rest.by_ref().take(2)));
                } else if !kept.contains(c) && *choice.next().unwrap() {
                    out.push_str(&format!("%{:02x}", u32::from(c)));
                } else {
                    out.push(c);
                }
            }
            out
        };
        let target = format!("{}?{}", escape(path, "/"), escape(query, "&="));
        prop_assert_eq!(Arrived { target, ..url.arrived() }.outcome(), Ok(()));
        let bare: Vec<&str> = query.split('&').map(|pair| pair.strip_suffix('=').unwrap_or(pair)).collect();
        let target = format!("{path}?{}", bare.join("&"));
        prop_assert_eq!(Arrived { target, ..url.arrived() }.outcome(), Ok(()));
    }

    /// Good to its last second, and from a quarter of an hour before its date: clocks differ.
    #[test]
    fn the_time(url in signed_url(), more in 0..10_000_000_i64) {
        let at = |now: i64| Arrived { now, ..url.arrived() }.outcome();
        let end = url.signed_at + url.life;
        prop_assert_eq!(at(end - 1), Ok(()));
        let expired = matches!(at(end + more), Err(Refusal::Expired { .. }));
        prop_assert!(expired);
        prop_assert_eq!(at(url.signed_at - MAX_CLOCK_SKEW_SECONDS), Ok(()));
        let early = matches!(at(url.signed_at - MAX_CLOCK_SKEW_SECONDS - 1 - more), Err(Refusal::NotYetValid { .. }));
        prop_assert!(early);
    }

    /// Another secret, another region, another token, or nobody's key.
    #[test]
    fn another_signer(url in signed_url(), secret in "[A-Za-z0-9/+]{40}", region in "[a-z]{2}-[a-z]{4,9}-[1-9]") {
        let mut arrived = url.arrived();
        prop_assert_eq!(arrived.outcome(), Ok(()));
        arrived.secret = Some(secret);
        prop_assert!(matches!(arrived.outcome(), Err(Refusal::SignatureMismatch(_))));
        let arrived = Arrived { secret: None, ..url.arrived() };
        let unknown = matches!(arrived.outcome(), Err(Refusal::UnknownAccessKey { .. }));
        prop_assert!(unknown);
        let arrived = Arrived { region, ..url.arrived() };
        let wrong_region = matches!(arrived.outcome(), Err(Refusal::Scope { .. }));
        prop_assert!(wrong_region);
        let token = if url.token.is_some() { None } else { Some("another".to_owned()) };
        let arrived = Arrived { token, ..url.arrived() };
        prop_assert_eq!(arrived.outcome(), Err(Refusal::InvalidToken));
    }
}
