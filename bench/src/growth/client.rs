//! The requests: signed by the library, which writes boto3's bytes, as there are too many keys for boto3.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use presign::{BucketUrl, Method, Payload, PresignRequest, Signer, Timestamp, UnsignedRequest};

use crate::load::{Body, Exchange, Expected};
use crate::{BUCKET, REGION, credentials};

const LIFE: Duration = Duration::from_secs(3600);

/// Renders requests for one server.
pub(super) struct Client {
    address: SocketAddr,
    signer: Signer,
    bucket: BucketUrl,
    now: Timestamp,
}

impl Client {
    pub(super) fn new(address: SocketAddr) -> anyhow::Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
        Ok(Client {
            address,
            signer: Signer::new(credentials(), REGION)?,
            bucket: BucketUrl::path_style(&format!("http://{address}"), BUCKET)?,
            now: Timestamp::from_unix(i64::try_from(now.as_secs())?),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn get(&self, key: &str, length: u64) -> anyhow::Result<Arc<Exchange>> {
        let target = self.target(&PresignRequest::get(key.to_owned()))?;
        let expected = Expected { statuses: &[200], length: Some(length), bytes: None };
        Ok(Arc::new(Exchange::new("GET", &target, self.address, Body::none(), expected)))
    }

    pub(super) fn put(&self, key: &str, body: Body) -> anyhow::Result<Arc<Exchange>> {
        let target = self.target(&PresignRequest::put(key.to_owned()))?;
        let expected = Expected { statuses: &[200], length: Some(0), bytes: None };
        Ok(Arc::new(Exchange::new("PUT", &target, self.address, body, expected)))
    }

    /// ListObjectsV2 with these parameters.
    pub(super) fn list(&self, parameters: &[(&str, &str)]) -> anyhow::Result<Arc<Exchange>> {
        let mut request = UnsignedRequest::bucket(Method::Get, &self.bucket).payload(Payload::Unsigned);
        for (name, value) in [("list-type", "2"), ("max-keys", "1000")].iter().chain(parameters) {
            request = request.query(name, value);
        }
        let signed = self.signer.authorize(&request, self.now)?;
        let target =
            signed.url().strip_prefix(self.bucket.origin()).context("another host was signed for")?;
        let expected = Expected { statuses: &[200], length: None, bytes: None };
        let exchange = Exchange::new("GET", target, self.address, Body::none(), expected);
        let headers = signed.headers().iter().map(|(name, value)| (*name, value.as_str()));
        Ok(Arc::new(exchange.with_headers(headers.filter(|(name, _)| !name.eq_ignore_ascii_case("host")))))
    }

    fn target(&self, request: &PresignRequest<'_>) -> anyhow::Result<String> {
        let url = self.signer.presign(&self.bucket, &request.clone().expires_in(LIFE), self.now)?;
        Ok(url.as_str().strip_prefix(self.bucket.origin()).context("another host was signed for")?.to_owned())
    }
}

/// Numbers in no order, the same ones in every run.
pub(super) struct Choices(u64);

impl Choices {
    pub(super) fn new(seed: u64) -> Self {
        Choices(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        // xorshift64*: https://doi.org/10.18637/jss.v008.i14
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
}
