//! Nanoseconds to make one presigned GET URL and let it go, one thread: this library, its peers, and the bare
//! hashes. Each closure drops what it made, as a program that hands the URL on would.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::time::{Duration, SystemTime};

use divan::{Bencher, black_box};
use hmac::{Hmac, KeyInit, Mac};
use presign::{PresignRequest, Signer};
use presign_bench::{
    ACCESS_KEY_ID, BUCKET, CANONICAL_REQUEST_BYTES, ENDPOINT, KEY, LIFE_SECONDS, REGION, SECRET_ACCESS_KEY,
    STRING_TO_SIGN_BYTES, bucket, credentials, now,
};
use sha2::{Digest, Sha256};

fn main() {
    divan::main();
}

const LIFE: Duration = Duration::from_secs(LIFE_SECONDS);

#[divan::bench(sample_size = 500)]
fn presign(bencher: Bencher<'_, '_>) {
    let (signer, bucket) = (Signer::new(credentials(), REGION).unwrap(), bucket().unwrap());
    bencher.bench_local(|| {
        let request = PresignRequest::get(black_box(KEY)).expires_in(LIFE);
        drop(black_box(signer.presign(&bucket, &request, black_box(now())).unwrap()));
    });
}

/// A page of a listing, per URL.
#[divan::bench(sample_size = 500)]
fn presign_many(bencher: Bencher<'_, '_>) {
    let (signer, bucket) = (Signer::new(credentials(), REGION).unwrap(), bucket().unwrap());
    let request = PresignRequest::get("").expires_in(LIFE);
    let prepared = signer.prepare(&bucket, &request, now()).unwrap();
    bencher.bench_local(|| drop(black_box(prepared.url(black_box(KEY)).unwrap())));
}

/// The hashes alone that such a URL takes: SHA-256 of the canonical request, HMAC of the string to sign.
#[divan::bench(sample_size = 500)]
fn floor_bare_hashes(bencher: Bencher<'_, '_>) {
    let (canonical_request, string_to_sign) = ([b'a'; CANONICAL_REQUEST_BYTES], [b'b'; STRING_TO_SIGN_BYTES]);
    let kept = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
    bencher.bench_local(|| {
        let hash = Sha256::digest(black_box(&canonical_request));
        let mut mac = kept.clone();
        mac.update(black_box(&string_to_sign));
        (hash, mac.finalize().into_bytes())
    });
}

#[divan::bench(sample_size = 500)]
fn rusty_s3(bencher: Bencher<'_, '_>) {
    use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
    let bucket = Bucket::new(ENDPOINT.parse().unwrap(), UrlStyle::Path, BUCKET, REGION).unwrap();
    let credentials = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY);
    bencher.bench_local(|| drop(black_box(bucket.get_object(Some(&credentials), black_box(KEY)).sign(LIFE))));
}

#[divan::bench(sample_size = 500)]
fn aws_sigv4(bencher: Bencher<'_, '_>) {
    use aws_credential_types::Credentials;
    use aws_sigv4::http_request::{
        PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
        UriPathNormalizationMode, sign,
    };
    use aws_sigv4::sign::v4;
    let identity = Credentials::from_keys(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None).into();
    bencher.bench_local(|| {
        let url = format!("{ENDPOINT}/{BUCKET}/{}", black_box(KEY));
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(LIFE);
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name("s3")
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let body = SignableBody::UnsignedPayload;
        let signable = SignableRequest::new("GET", url.as_str(), std::iter::empty(), body).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        let mut request = http::Request::get(&url).body(()).unwrap();
        instructions.apply_to_request_http1x(&mut request);
        drop(black_box(request.uri().to_string()));
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[divan::bench(sample_size = 500)]
fn object_store(bencher: Bencher<'_, '_>) {
    use object_store::aws::AmazonS3Builder;
    use object_store::path::Path;
    use object_store::signer::Signer;
    let store = AmazonS3Builder::new()
        .with_region(REGION)
        .with_bucket_name(BUCKET)
        .with_access_key_id(ACCESS_KEY_ID)
        .with_secret_access_key(SECRET_ACCESS_KEY)
        .build()
        .unwrap();
    let runtime = runtime();
    bencher.bench_local(|| {
        let path = Path::from(black_box(KEY));
        drop(black_box(runtime.block_on(store.signed_url(http::Method::GET, &path, LIFE)).unwrap()));
    });
}

#[divan::bench(sample_size = 500)]
fn opendal(bencher: Bencher<'_, '_>) {
    let service = opendal::services::S3::default()
        .bucket(BUCKET)
        .region(REGION)
        .endpoint(ENDPOINT)
        .access_key_id(ACCESS_KEY_ID)
        .secret_access_key(SECRET_ACCESS_KEY)
        .disable_config_load();
    let runtime = runtime();
    let operator = opendal::Operator::new(service).unwrap();
    bencher.bench_local(|| {
        drop(black_box(runtime.block_on(operator.presign_read(black_box(KEY), LIFE)).unwrap()));
    });
}
