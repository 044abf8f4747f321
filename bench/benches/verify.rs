//! Nanoseconds to verify one presigned GET request with a kept key, one thread.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use divan::{Bencher, black_box};
use presign::{PresignRequest, Request, Signer, Unverified, VerificationKey, VerifyPolicy};
use presign_bench::{KEY, REGION, bucket, credentials, now};

fn main() {
    divan::main();
}

/// The headers that curl sends.
const HEADERS: [(&str, &str); 3] =
    [("host", "s3.us-east-1.amazonaws.com"), ("user-agent", "curl/8.14.1"), ("accept", "*/*")];

fn target(request: &PresignRequest<'_>) -> String {
    let bucket = bucket().unwrap();
    let signer = Signer::new(credentials(), REGION).unwrap();
    let url = signer.presign(&bucket, request, now()).unwrap().into_string();
    url.strip_prefix(bucket.origin()).unwrap().to_owned()
}

fn verify(bencher: Bencher<'_, '_>, target: &str) {
    let key = VerificationKey::new(credentials());
    let policy = VerifyPolicy::new(REGION);
    bencher.bench_local(|| {
        let unverified = Unverified::parse(Request::new("GET", black_box(target), &HEADERS)).unwrap();
        drop(black_box(unverified.verify(Some(&key), now(), &policy).unwrap()));
    });
}

#[divan::bench(sample_size = 500)]
fn presigned_get(bencher: Bencher<'_, '_>) {
    verify(bencher, &target(&PresignRequest::get(KEY)));
}

#[divan::bench(sample_size = 500)]
fn presigned_get_with_overrides(bencher: Bencher<'_, '_>) {
    let request = PresignRequest::get("a key/with spaces & ümlauts.txt")
        .response_content_disposition("attachment; filename=\"a.txt\"")
        .response_content_type("text/plain");
    verify(bencher, &target(&request));
}

/// A refusal says in full what the store signed, so it makes the canonical request twice.
#[divan::bench(sample_size = 500)]
fn wrong_signature(bencher: Bencher<'_, '_>) {
    let target = target(&PresignRequest::get(KEY)).replacen("/photos/", "/videos/", 1);
    let key = VerificationKey::new(credentials());
    let policy = VerifyPolicy::new(REGION);
    bencher.bench_local(|| {
        let unverified = Unverified::parse(Request::new("GET", black_box(&target), &HEADERS)).unwrap();
        drop(black_box(unverified.verify(Some(&key), now(), &policy).unwrap_err()));
    });
}
