//! Bucket and key, from Host and path.

use std::sync::LazyLock;

use presign::{decode_path, encode_path};
use presign_s3::{BaseHosts, Target};

use crate::lines::lines;

static BASES: LazyLock<BaseHosts> =
    LazyLock::new(|| BaseHosts::new(["s3.example.org", "eu.s3.example.org", "localhost:9000"]));

/// The Host, and the path.
pub fn run(input: &[u8]) {
    let Some([host, path]) = lines(input) else { return };
    let Ok(target) = Target::parse(host, path.as_bytes(), &BASES) else { return };
    let in_host = BASES.bucket_in(host);
    match &target {
        Target::Service => assert_eq!((in_host, path), (None, "/")),
        Target::Bucket(bucket) => {
            assert_same(&format!("/{bucket}"), &target);
            if let Some(named) = in_host {
                assert_eq!((named.as_str(), path), (bucket.as_str(), "/"));
            }
        }
        Target::Object { bucket, key } => {
            // The key is what stands behind the bucket, decoded once, and nothing else: no dot or slash is taken out.
            let behind = match &in_host {
                Some(named) => {
                    assert_eq!(named, bucket.as_str());
                    path.strip_prefix('/').unwrap()
                }
                None => path.strip_prefix('/').and_then(|path| path.split_once('/')).unwrap().1,
            };
            assert_eq!(decode_path(behind).as_deref(), Some(key.as_str()));
            // Both styles, spelt in full, are the same object.
            let encoded = encode_path(key.as_str());
            assert_same(&format!("/{bucket}/{encoded}"), &target);
            let virtual_host = format!("{bucket}.s3.example.org");
            // A bucket `eu` would be another base.
            if bucket.as_str() != "eu" && !bucket.as_str().ends_with(".eu") {
                let hosted = Target::parse(&virtual_host, format!("/{encoded}").as_bytes(), &BASES);
                assert_eq!(hosted.as_ref(), Ok(&target));
            }
        }
    }
}

fn assert_same(path: &str, target: &Target) {
    assert_eq!(Target::parse("s3.example.org", path.as_bytes(), &BASES).as_ref(), Ok(target), "{path}");
}
