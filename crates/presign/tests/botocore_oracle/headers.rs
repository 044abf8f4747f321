//! Requests signed in their headers.

use std::collections::BTreeMap;

use presign::{Payload, Request, UnsignedRequest, Unverified};
use serde::Deserialize;

use crate::case::{Operation, Signing};

#[derive(Deserialize)]
pub(crate) struct HeaderCase {
    #[serde(flatten)]
    signing: Signing,
    #[serde(flatten)]
    operation: Operation,
    body: String,
    /// The headers that botocore added, by their lower-case names.
    added: BTreeMap<String, String>,
}

pub(crate) fn sigv4(case: &HeaderCase) -> Result<(), String> {
    let (signing, Operation { key, query, headers, .. }) = (&case.signing, &case.operation);
    let request = UnsignedRequest::object(case.operation.method(), &signing.bucket(), key).unwrap();
    let request = query.iter().fold(request, |request, (name, value)| request.query(name, value));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    let request = request.payload(Payload::of(case.body.as_bytes()));
    let signed = signing.signer().authorize(&request, signing.now()).map_err(|error| error.to_string())?;

    let added: BTreeMap<_, _> =
        signed.headers().iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    if added != case.added {
        return Err(format!("botocore {:?}\npresign  {added:?}", case.added));
    }
    case.verifies(signed.url())
}

impl HeaderCase {
    /// Sends what botocore signed.
    fn verifies(&self, url: &str) -> Result<(), String> {
        let bucket = self.signing.bucket();
        let target = url.strip_prefix(bucket.origin()).expect("the URL begins with its origin");
        let mut headers = vec![("Host", bucket.host())];
        headers.extend(self.operation.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        headers.extend(self.added.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let request = Request::new(&self.operation.method, target, &headers);
        let key = self.signing.verification_key();
        Unverified::parse(request)
            .and_then(|unverified| unverified.verify(Some(&key), self.signing.now(), &self.signing.policy()))
            .map(|_| ())
            .map_err(|refusal| format!("botocore's request is refused: {refusal:?}"))
    }
}
