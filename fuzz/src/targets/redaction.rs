//! URLs made fit for a log.

use presign::redact_url;

/// What a signature looks like in the inputs.
const SECRET: &str = "5ec4e75ec4e7";

/// The input is a URL, or what somebody took for one.
pub fn run(input: &[u8]) {
    let Ok(url) = std::str::from_utf8(input) else { return };
    let redacted = redact_url(url);
    assert_eq!(redact_url(&redacted), redacted, "{url:?}");
    // Whatever stands before it, a secret parameter's value is not in what is logged.
    for name in ["X-Amz-Signature", "Signature", "X-Amz-Security-Token", "x-amz-security-token", "sig"] {
        for separator in ["?", "&"] {
            if url.contains(SECRET) || (separator == "&" && !url.contains('?')) {
                continue;
            }
            // As it should be, and as it is never honoured, but was written with a signature that is.
            for (before, after) in [("", "="), ("", ":"), ("", "[]="), ("", "%00="), ("%00", "=")] {
                let signed = redact_url(&format!("{url}{separator}{before}{name}{after}{SECRET}&x=1"));
                assert!(!signed.contains(SECRET), "{signed}");
            }
        }
    }
}
