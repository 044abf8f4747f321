//! Signs or verifies one URL again and again, for a profiler: `repeat sign 100000`, `repeat verify 100000`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::hint::black_box;
use std::time::Duration;

use presign::{PresignRequest, Request, Signer, Unverified, VerificationKey, VerifyPolicy};
use presign_bench::{KEY, LIFE_SECONDS, REGION, bucket, credentials, now};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().expect("sign or verify");
    let times: u32 = arguments.next().expect("how often").parse().expect("a number");
    let (signer, bucket) = (Signer::new(credentials(), REGION).unwrap(), bucket().unwrap());
    let request = || PresignRequest::get(black_box(KEY)).expires_in(Duration::from_secs(LIFE_SECONDS));
    let sign = || signer.presign(&bucket, &request(), black_box(now())).unwrap();
    let url = sign();
    let target = url.as_str().strip_prefix(bucket.origin()).unwrap();
    let headers = [("host", bucket.host()), ("user-agent", "curl/8.14.1"), ("accept", "*/*")];
    let key = VerificationKey::new(credentials());
    let policy = VerifyPolicy::new(REGION);
    for _ in 0..times {
        match what.as_str() {
            "sign" => drop(black_box(sign())),
            "verify" => {
                let unverified = Unverified::parse(Request::new("GET", black_box(target), &headers)).unwrap();
                black_box(unverified.verify(Some(&key), now(), &policy).unwrap().expires_at());
            }
            other => panic!("`{other}` is neither sign nor verify"),
        }
    }
}
