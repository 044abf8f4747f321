//! URLs made fit for a log.

use presign::{RequestText, redact_url};

/// What a signature looks like in the inputs.
const SECRET: &str = "5ec4e75ec4e7";

/// The input is a URL, or what somebody took for one.
pub fn run(input: &[u8]) {
    let Ok(url) = std::str::from_utf8(input) else { return };
    let redacted = redact_url(url);
    assert_eq!(redact_url(&redacted), redacted, "{url:?}");
    hides_at_every_depth(url);
    hides_bare_signatures(url);
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

/// Whatever text stands before it, and however often it is encoded, neither a signature nor a secret in the place of an access key
/// id is printed.
fn hides_at_every_depth(text: &str) {
    if text.contains(SECRET) {
        return;
    }
    for name in ["X-Amz-Signature", "Signature", "X-Amz-Credential", "AWSAccessKeyId"] {
        let mut link = format!("?{name}={SECRET}");
        for _ in 0..4 {
            let printed = RequestText::from(format!("{text}{link}")).to_string();
            assert!(!printed.contains(SECRET), "{printed}");
            link = link.replace('%', "%25").replace('?', "%3F").replace('=', "%3D");
        }
    }
}

/// Whatever stands around it, a signature is not printed, whole and under no name.
fn hides_bare_signatures(text: &str) {
    const V4: &str = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    const V2: &str = "1GgixJ+/GtZX9vML7SCLyUqpvoA";
    for signature in [V4, V2] {
        if text.contains(signature) {
            continue;
        }
        for told in [
            format!("{text} {signature}"),
            format!("{signature}&{text}"),
            format!("{text}?{signature}={text}"),
        ] {
            for bytes in [told.len() / 4, told.len() / 2, told.len()] {
                let printed = RequestText::from(told.as_str()).redacted_words(None, bytes);
                assert!(!printed.contains(signature), "{printed}");
                assert!(printed.len() <= bytes, "{printed}");
            }
        }
    }
}
