//! Endpoints and the URLs of buckets.

use presign::{Addressing, BucketUrl, Endpoint};
use presign_server::PublicEndpoint;

use crate::lines::lines;

/// The endpoint's URL, and the bucket.
pub fn run(input: &[u8]) {
    let Some([endpoint, bucket]) = lines(input) else { return };
    if let Ok(public) = PublicEndpoint::parse(endpoint) {
        assert_eq!(PublicEndpoint::parse(public.url()).as_ref(), Ok(&public), "read again it is the same");
    }
    let Ok(in_path) = BucketUrl::path_style(endpoint, bucket) else {
        assert!(
            BucketUrl::virtual_hosted(endpoint, bucket).is_err(),
            "one style takes what the other refuses"
        );
        return;
    };
    assert_sound(&in_path);
    assert!(in_path.path().ends_with(&format!("/{bucket}")));
    // Scheme and authority, read as an endpoint, are the same place.
    let base = in_path.path().strip_suffix(&format!("/{bucket}")).unwrap();
    let again = BucketUrl::path_style(&format!("{}{base}", in_path.origin()), bucket);
    assert_eq!(again.as_ref(), Ok(&in_path));
    if let Ok(in_host) = BucketUrl::virtual_hosted(endpoint, bucket) {
        assert_sound(&in_host);
        assert_eq!(in_host.host(), format!("{}.{}", bucket.to_ascii_lowercase(), in_path.host()));
        assert_eq!(in_host.path(), base);
    }
    if let Ok(chosen) =
        Endpoint::custom(endpoint).and_then(|endpoint| endpoint.bucket(bucket, Addressing::Auto))
    {
        assert_sound(&chosen);
    }
}

/// Whoever goes to the URL goes to that host, and sends it as Host.
fn assert_sound(url: &BucketUrl) {
    let (scheme, authority) = url.origin().split_once("://").expect("a scheme");
    assert!(matches!(scheme, "http" | "https"), "{scheme}");
    assert!(!authority.contains(['/', '?', '#', '@', ' ', '\\', '%']), "{authority}");
    let authority = authority.to_ascii_lowercase();
    let default = if scheme == "http" { ":80" } else { ":443" };
    assert_eq!(authority.strip_suffix(default).unwrap_or(&authority), url.host());
    assert!(url.path().is_empty() || url.path().starts_with('/'));
    assert!(!url.path().contains(['?', '#', ' ']), "{}", url.path());
}
