//! Presigned URLs, SigV4's and SigV2's.

use std::time::Duration;

use presign::{PresignRequest, PresignedUrl, Request, SignError, Unverified};
use serde::Deserialize;

use crate::case::{Operation, Signing};

#[derive(Deserialize)]
pub(crate) struct UrlCase {
    #[serde(flatten)]
    signing: Signing,
    #[serde(flatten)]
    operation: Operation,
    /// Seconds.
    life: u64,
    /// What botocore made.
    url: String,
    /// What SigV2 does not sign of it.
    #[serde(default)]
    unsigned: Vec<String>,
}

pub(crate) fn sigv4(case: &UrlCase) -> Result<(), String> {
    let signing = &case.signing;
    let made = signing.signer().presign(&signing.bucket(), &case.request(), signing.now());
    case.is_botocores(&made.map_err(|error| error.to_string())?)?;
    case.verifies(&case.operation.headers)
}

/// botocore signs less than it is given, without a word; this library refuses that, and verifies it.
pub(crate) fn sigv2(case: &UrlCase) -> Result<(), String> {
    let signing = &case.signing;
    match signing.signer().presign_sigv2(&signing.bucket(), &case.request(), signing.now()) {
        Ok(made) => case.is_botocores(&made)?,
        Err(SignError::UnsignedInSigV2(name))
            if case.unsigned.iter().any(|n| n.eq_ignore_ascii_case(&name)) => {}
        Err(error) => return Err(error.to_string()),
    }
    // All that SigV2 signs is in the URL already, Content-Type among it, which clients send all the same.
    let is_content = |name: &str| name.to_ascii_lowercase().starts_with("content-");
    let sent: Vec<_> = case.operation.headers.iter().filter(|(name, _)| is_content(name)).cloned().collect();
    case.verifies(&sent)
}

impl UrlCase {
    fn request(&self) -> PresignRequest<'_> {
        let Operation { key, query, headers, .. } = &self.operation;
        let request = PresignRequest::object(self.operation.method(), key.as_str());
        let request = query.iter().fold(request, |request, (name, value)| request.query(name, value));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.expires_in(Duration::from_secs(self.life))
    }

    fn is_botocores(&self, made: &PresignedUrl) -> Result<(), String> {
        let (botocores, ours) = (self.url.as_str(), made.as_str());
        if botocores == ours {
            return Ok(());
        }
        let same = botocores.bytes().zip(ours.bytes()).take_while(|(theirs, ours)| theirs == ours).count();
        Err(format!(
            "from byte {same} on: botocore {:?}, presign {:?}",
            botocores.get(same..),
            ours.get(same..)
        ))
    }

    /// Sends botocore's URL as its holder would, with these headers, in the last second of its life.
    fn verifies(&self, headers: &[(String, String)]) -> Result<(), String> {
        let bucket = self.signing.bucket();
        let target = self.url.strip_prefix(bucket.origin()).ok_or("the URL begins with another origin")?;
        let mut sent = vec![("Host", bucket.host())];
        sent.extend(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let mut request = Request::new(&self.operation.method, target, &sent);
        request.host_bucket = self.signing.host_bucket();
        let last = self.signing.now().plus(Duration::from_secs(self.life - 1));
        let key = self.signing.verification_key();
        let verified = Unverified::parse(request)
            .and_then(|unverified| unverified.verify(Some(&key), last, &self.signing.policy()))
            .map_err(|refusal| format!("botocore's URL is refused: {refusal:?}"))?;
        let path_ends_with_key = verified.path().ends_with(&format!("/{}", self.operation.key));
        if path_ends_with_key { Ok(()) } else { Err(format!("the path reads {:?}", verified.path())) }
    }
}
