//! One case of the oracle's: a request, where and when and by whom it is signed, and what botocore made.

use presign::{
    Addressing, BucketUrl, Credentials, Endpoint, EndpointError, Method, Signer, Timestamp, VerificationKey,
    VerifyPolicy,
};
use serde::Deserialize;

/// What every kind of case has.
#[derive(Deserialize)]
pub(crate) struct Signing {
    #[serde(flatten)]
    address: Address,
    region: String,
    now: i64,
    credentials: Keys,
}

#[derive(Deserialize)]
struct Address {
    /// A custom endpoint; none is AWS's own in the region.
    endpoint: Option<String>,
    style: Style,
    bucket: String,
    #[serde(default)]
    dualstack: bool,
    #[serde(default)]
    fips: bool,
    #[serde(default)]
    accelerate: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Style {
    Auto,
    Path,
    Virtual,
}

#[derive(Deserialize)]
struct Keys {
    access_key_id: String,
    secret: String,
    token: Option<String>,
}

/// What is asked of the object.
#[derive(Deserialize)]
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) key: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
}

impl Signing {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.now)
    }

    pub(crate) fn signer(&self) -> Signer {
        Signer::new(self.credentials(), self.region.clone()).unwrap()
    }

    fn credentials(&self) -> Credentials {
        let Keys { access_key_id, secret, token } = &self.credentials;
        let credentials = Credentials::new(access_key_id, secret);
        match token {
            Some(token) => credentials.with_session_token(token),
            None => credentials,
        }
    }

    pub(crate) fn verification_key(&self) -> VerificationKey {
        VerificationKey::new(self.credentials())
    }

    pub(crate) fn policy(&self) -> VerifyPolicy {
        VerifyPolicy::new(&self.region)
    }

    pub(crate) fn bucket(&self) -> BucketUrl {
        self.address.bucket(&self.region).unwrap()
    }

    pub(crate) fn bucket_name(&self) -> &str {
        &self.address.bucket
    }

    /// The bucket that a server would find in the Host of a request to this address.
    pub(crate) fn host_bucket(&self) -> Option<&str> {
        let in_host = self.bucket().host().starts_with(&format!("{}.", self.address.bucket));
        in_host.then_some(self.address.bucket.as_str())
    }
}

impl Address {
    fn bucket(&self, region: &str) -> Result<BucketUrl, EndpointError> {
        let mut endpoint = match &self.endpoint {
            Some(url) => Endpoint::custom(url)?,
            None => Endpoint::aws(region)?,
        };
        if self.dualstack {
            endpoint = endpoint.dualstack();
        }
        if self.fips {
            endpoint = endpoint.fips();
        }
        if self.accelerate {
            endpoint = endpoint.accelerate();
        }
        let addressing = match self.style {
            // With no style configured boto3 leaves the region out of the host.
            Style::Auto => {
                endpoint = endpoint.global();
                Addressing::Auto
            }
            Style::Path => Addressing::Path,
            Style::Virtual => Addressing::Virtual,
        };
        endpoint.bucket(&self.bucket, addressing)
    }
}

impl Operation {
    pub(crate) fn method(&self) -> Method {
        self.method.parse().unwrap()
    }
}
