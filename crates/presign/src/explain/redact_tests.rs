//! What leaving out the secrets of a text costs, and what no text tells.

use proptest::prelude::*;

use super::request_text::RequestText;
use crate::{redact_url, work};

const V4: &str = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
const V2: &str = "1GgixJ+/GtZX9vML7SCLyUqpvoA=";

/// How often each byte of a text is gone over, at most.
const PASSES: usize = 16;

fn work_of(text: &str) -> usize {
    let request_text = RequestText::from(text);
    let ids = [None, Some("AKID")];
    let works = ids.map(|known| work::of(|| request_text.redacted(known)).0);
    let [without, with] = works;
    without.max(with).max(work::of(|| redact_url(text)).0)
}

#[test]
fn a_hostile_text_costs_a_few_passes_over_it() {
    for (start, filling, end) in [
        ("%41", "d=", ""),
        ("/bbb/k?%41", "d=", ""),
        ("/bbb/k/%41", "d=", ""),
        ("?", " ", ":"),
        ("?", "\u{3000}", ":"),
        ("/k?", "%20", ":"),
        ("?", ":", ""),
        ("", ":", ""),
        ("?[", " ", "]:"),
        ("credential", " ", "]="),
        ("", "credential=", ""),
        ("", "&%41credential=", ""),
        ("", "credential%3D", ""),
        ("", "sig ", ""),
        ("", "sig", " "),
        ("", "://a@", ""),
        ("", "://", "%40"),
        ("", "://a:b/", "@"),
        ("://a:b", "://a:b?", ""),
        ("%", "25", ""),
        ("", "%41%3D", ""),
        ("", "a:b", "="),
        ("a=", "signature[", ":"),
        ("", "X-Amz-Signature;", ""),
        ("?", "X-Amz-Signature=;", ""),
        ("?", "AccessKey=?", ""),
        ("", "AWSAccessKeyId=AKID&", ""),
        ("", "AWSAccessKeyId=AKID'", ""),
        ("", "ABCDEFGHIJKLMNOPQRSTUVWXY/", ""),
        ("", "/aA4", ""),
        ("", V4, "="),
        ("", &V2[..27], "="),
    ] {
        let text = |bytes: usize| {
            // An even number, so that both texts end alike.
            let count = (bytes / (filling.len() + end.len())) & !1;
            format!("{start}{}{}", filling.repeat(count), end.repeat(count))
        };
        let (once, twice) = (text(8 << 10), text(16 << 10));
        let (work_once, work_twice) = (work_of(&once), work_of(&twice));
        assert!(work_twice <= PASSES * twice.len(), "{filling:?}: {work_twice} for {} bytes", twice.len());
        assert!(work_twice <= work_once * 5 / 2, "{filling:?}: {work_once}, then {work_twice}");
    }
}

#[test]
fn a_long_text_costs_no_more_than_its_line() {
    let cost = |length: usize| {
        let text = format!("%41{}", "d=".repeat(length));
        work::of(|| RequestText::from(text.as_str()).redacted_words(None, 512)).0
    };
    assert_eq!(cost(4000), cost(8000));
    assert!(cost(8000) < PASSES * 1024);
}

#[test]
fn no_words_tell_a_bare_signature() {
    let (bare, escaped) = (&V2[..27], V2.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"));
    for signature in [V4, V2, bare, &escaped, &escaped.replace('%', "%25"), &V4.to_ascii_uppercase()] {
        for (text, kept) in [
            (signature.to_owned(), "REDACTED".to_owned()),
            (format!("agent ({signature}) https://h"), "agent (REDACTED) https://h".to_owned()),
            (format!("{signature} is not a method of S3"), "REDACTED is not a method of S3".to_owned()),
            (format!("`{signature}` was added; take it off"), "`REDACTED` was added; take it off".to_owned()),
            (format!("/b/k?a=1&{signature}&b=2"), "/b/k?a=1&REDACTED&b=2".to_owned()),
        ] {
            assert_eq!(RequestText::from(text.as_str()).redacted_words(None, 512), kept, "{text}");
            assert_eq!(RequestText::from(text.as_str()).to_string(), kept, "{text}");
        }
        // Words that only look like a path or a URL.
        for text in [format!("/{signature}"), format!("http://h/{signature}")] {
            let told = RequestText::from(text).redacted_words(None, 512);
            assert!(told.contains("REDACTED") && !told.contains(&signature[5..]), "{told}");
        }
    }
    let path = format!("/b/sha256/{V4}?a=1");
    assert_eq!(RequestText::from(path.as_str()).redacted_target(None, 512), path);
}

proptest! {
    /// Wherever a long text is cut, nothing of a secret stands before the cut that would not stand in the whole of it.
    #[test]
    fn a_cut_text_tells_no_part_of_a_secret(before in 0_usize..600, kind in 0_usize..8) {
        let secret = "Zx9kQmDENGbPxRfiCYzzKEYwJalrXUtnFEMIK7mm";
        let v4 = V4.bytes().map(|byte| format!("%25{byte:02x}")).collect::<String>();
        let text = [
            format!("/k?{V4}"),
            format!("/k?{}", &V2[..27]),
            format!("/k?{v4}"),
            format!("/k?Signature={V4}"),
            format!("/k%3FSignature%3D{secret}"),
            format!("/k?X-Amz-Credential={secret}"),
            format!("http://me:{secret}@h/"),
            format!("{{\"SecretAccessKey\": \"{secret}\"}}"),
        ];
        // What shrinks brings the cut into view.
        let text = format!("X-Amz-Signature={}&{} {}", "a".repeat(500), "b ".repeat(before / 2), text[kind]);
        let long = format!("{text} {}", "c".repeat(2000));
        let told = RequestText::from(long).redacted_words(None, 400);
        let plain = crate::explain::decoded::fully_decoded(&told).into_owned();
        for secret in [V4, V2, secret] {
            prop_assert!(!secret.as_bytes().windows(8).any(|part| plain.as_bytes().windows(8).any(|told| told == part)), "{}", told);
        }
    }
}
