//! SigV2 signs less: no host, no parameter that it does not know. What it does not sign must not be seen, so
//! whatever is done to such a URL, it is refused or says what it said before.

use std::time::Duration;

use presign::{
    BucketUrl, PresignRequest, Refusal, Request, Signer, Timestamp, Unverified, VerificationKey, VerifyPolicy,
};
use proptest::prelude::*;

use crate::signed::{HOST, METHODS, ORIGIN, REGION, SECRET, credentials, key};
use crate::{Edit, edit};

const NOW: i64 = 1_795_282_542;

/// All that a server may learn from a verified request.
type Said = (String, String, Vec<(String, String)>, Vec<(String, String)>);

fn said(method: &str, target: &str, now: i64) -> Result<Said, Refusal> {
    let headers = [("Host", HOST)];
    let key = VerificationKey::new(credentials(SECRET, None));
    let unverified = Unverified::parse(Request::new(method, target, &headers))?;
    let verified = unverified.verify(Some(&key), Timestamp::from_unix(now), &VerifyPolicy::new(REGION))?;
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut parameters: Vec<_> = verified.parameters().map(owned).collect();
    parameters.sort();
    let names = ["content-type", "content-md5", "x-amz-meta-colour", "x-amz-acl", "x-amz-copy-source"];
    let headers = names.iter().filter_map(|name| Some(owned((name, &verified.header(name)?)))).collect();
    Ok((verified.method().to_string(), verified.path().to_owned(), parameters, headers))
}

fn url(method: presign::Method, key: &str, version: Option<&str>, colour: Option<&str>) -> String {
    let signer = Signer::new(credentials(SECRET, None), REGION).unwrap();
    let bucket = BucketUrl::path_style(ORIGIN, "bucket").unwrap();
    let mut request = PresignRequest::object(method, key).expires_in(Duration::from_secs(3600));
    if let Some(version) = version {
        request = request.version_id(version);
    }
    if let Some(colour) = colour {
        request = request.header("x-amz-meta-colour", colour);
    }
    let url = signer.presign_sigv2(&bucket, &request, Timestamp::from_unix(NOW)).unwrap();
    url.as_str().strip_prefix(ORIGIN).unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn one_byte_of_a_sigv2_url(
        method in prop::sample::select(&METHODS),
        key in key(),
        version in prop::option::of("[A-Za-z0-9._-]{1,20}"),
        colour in prop::option::of("[a-z]{1,9}"),
        edit in edit(),
    ) {
        let target = url(method, &key, version.as_deref(), colour.as_deref());
        let before = said(method.as_str(), &target, NOW).unwrap();
        if let Some(edited) = Edit::apply(edit, &target)
            && let Ok(after) = said(method.as_str(), &edited, NOW)
        {
            prop_assert_eq!(after, before, "{} became {}", target, edited);
        }
    }

    #[test]
    fn another_method_or_time_of_a_sigv2_url(
        method in prop::sample::select(&METHODS),
        other in prop::sample::select(&METHODS),
        more in 0..10_000_000_i64,
    ) {
        let target = url(method, "k", None, None);
        prop_assert_eq!(said(other.as_str(), &target, NOW).is_ok(), method == other);
        prop_assert!(said(method.as_str(), &target, NOW + 3599).is_ok());
        let expired = matches!(said(method.as_str(), &target, NOW + 3600 + more), Err(Refusal::Expired { .. }));
        prop_assert!(expired);
    }
}
