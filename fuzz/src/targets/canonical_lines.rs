//! Canonical requests, as a store prints them and `presign inspect` compares them.

use presign::compare_canonical_requests;

/// Two canonical requests with a line of three dashes between.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (signed, arrived) =
        text.split_once("\n---\n").unwrap_or((text, "GET\n/b/k\n\nhost:h\n\nhost\nUNSIGNED-PAYLOAD"));
    for text in [signed, arrived] {
        assert_eq!(compare_canonical_requests(text, text), [], "a text is like itself");
    }
    let there = compare_canonical_requests(signed, arrived);
    let back = compare_canonical_requests(arrived, signed);
    assert_eq!(there.len(), back.len(), "{signed:?} {arrived:?}");
    for difference in &there {
        assert!(difference.line > 0, "lines count from one");
        let is_told = difference.signed != difference.arrived;
        assert!(is_told || format!("{difference:?}").contains("REDACTED"), "{difference:?}");
        // It can be printed on one line.
        assert!(!difference.to_string().contains('\n'), "{difference:?}");
    }
}
