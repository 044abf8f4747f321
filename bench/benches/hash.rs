//! The hash libraries side by side, on the two texts that a signature hashes.
#![allow(missing_docs, clippy::unwrap_used)]

use divan::{Bencher, black_box};
use hmac::{Hmac, KeyInit, Mac};
use presign_bench::{CANONICAL_REQUEST_BYTES, STRING_TO_SIGN_BYTES};
use sha2::{Digest, Sha256};

fn main() {
    divan::main();
}

const CANONICAL_REQUEST: [u8; CANONICAL_REQUEST_BYTES] = [b'a'; CANONICAL_REQUEST_BYTES];
const STRING_TO_SIGN: [u8; STRING_TO_SIGN_BYTES] = [b'b'; STRING_TO_SIGN_BYTES];
const KEY: [u8; 32] = [7; 32];

mod sha256 {
    use super::*;

    #[divan::bench]
    fn sha2() -> impl Sized {
        Sha256::digest(black_box(CANONICAL_REQUEST))
    }

    #[divan::bench]
    fn aws_lc_rs() -> impl Sized {
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, black_box(&CANONICAL_REQUEST))
    }

    #[divan::bench]
    fn ring() -> impl Sized {
        ring::digest::digest(&ring::digest::SHA256, black_box(&CANONICAL_REQUEST))
    }
}

mod hmac_with_kept_key {
    use super::*;

    #[divan::bench]
    fn hmac_sha2(bencher: Bencher<'_, '_>) {
        let kept = Hmac::<Sha256>::new_from_slice(&KEY).unwrap();
        bencher.bench_local(|| {
            let mut mac = kept.clone();
            mac.update(black_box(&STRING_TO_SIGN));
            mac.finalize()
        });
    }

    #[divan::bench]
    fn aws_lc_rs(bencher: Bencher<'_, '_>) {
        use aws_lc_rs::hmac;
        let kept = hmac::Key::new(hmac::HMAC_SHA256, &KEY);
        bencher.bench_local(|| hmac::sign(&kept, black_box(&STRING_TO_SIGN)));
    }

    #[divan::bench]
    fn ring(bencher: Bencher<'_, '_>) {
        use ring::hmac;
        let kept = hmac::Key::new(hmac::HMAC_SHA256, &KEY);
        bencher.bench_local(|| hmac::sign(&kept, black_box(&STRING_TO_SIGN)));
    }
}
