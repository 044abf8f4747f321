//! botocore as byte oracle: what it makes of random requests, this library makes too, byte for byte; and
//! what it signs, this library's verifier takes.
//!
//! The requests come from `conformance/oracle`, seeded, so that a run can be repeated. Another seed, for a
//! search of one's own: `PRESIGN_ORACLE_SEED=7 cargo nextest run -p presign --test botocore_oracle`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod case;
mod forms;
mod headers;
mod oracle;
mod urls;

use oracle::Tally;

/// How many requests of each kind are compared. Together they are no fewer than [`ALL`].
const COUNTS: [(&str, usize); 7] = [
    ("raw-sigv4-query", 12_000),
    ("raw-sigv4-header", 6_000),
    ("raw-sigv2-query", 5_000),
    ("client-sigv4", 6_000),
    ("client-sigv2", 3_000),
    ("post-sigv4", 3_000),
    ("post-sigv2", 1_000),
];

/// What the project promises.
const ALL: usize = 30_000;

fn count(kind: &str) -> usize {
    COUNTS.iter().find(|(known, _)| *known == kind).unwrap().1
}

#[test]
fn there_are_as_many_cases_as_promised() {
    assert!(COUNTS.iter().map(|(_, count)| count).sum::<usize>() >= ALL);
}

#[test]
fn presigned_urls_are_botocores() {
    oracle::compare("raw-sigv4-query", count("raw-sigv4-query"), urls::sigv4);
}

#[test]
fn sigv2_urls_are_botocores() {
    oracle::compare("raw-sigv2-query", count("raw-sigv2-query"), urls::sigv2);
}

#[test]
fn client_urls_are_botocores() {
    oracle::compare("client-sigv4", count("client-sigv4"), urls::sigv4);
}

#[test]
fn client_sigv2_urls_are_botocores() {
    oracle::compare("client-sigv2", count("client-sigv2"), urls::sigv2);
}

#[test]
fn signed_headers_are_botocores() {
    oracle::compare("raw-sigv4-header", count("raw-sigv4-header"), headers::sigv4);
}

#[test]
fn post_forms_are_botocores() {
    oracle::compare("post-sigv4", count("post-sigv4"), forms::sigv4);
}

#[test]
fn sigv2_post_forms_are_botocores() {
    oracle::compare("post-sigv2", count("post-sigv2"), forms::sigv2);
}

/// The comparison itself must be able to fail.
#[test]
fn a_difference_is_noticed() {
    let mut tally = Tally::default();
    tally.note("the same", Ok(()));
    assert_eq!(tally.differing(), 0);
    tally.note("not the same", Err("a is not b".to_owned()));
    assert_eq!(tally.differing(), 1);
}
