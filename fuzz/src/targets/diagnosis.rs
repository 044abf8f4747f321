//! `presign inspect` with the key at hand: why a URL was refused.

use presign::{Verdict, diagnose_url};

use super::signed::{CREDENTIALS, HOST, NOW, SECRET};

/// The input is a URL.
pub fn run(input: &[u8]) {
    let Ok(url) = std::str::from_utf8(input) else { return };
    let Ok(diagnosis) = diagnose_url(url, None, &[], &CREDENTIALS, NOW, &[HOST]) else { return };
    if matches!(diagnosis.verdict, Verdict::Honoured) {
        assert_eq!(diagnosis.cause, None, "nothing is wrong with it");
        assert!(diagnosis.differing_lines.is_empty());
    }
    let printed = format!("{diagnosis:?}");
    assert!(!printed.contains(SECRET), "the secret is told");
    if let Some(cause) = &diagnosis.cause {
        assert!(!cause.to_string().is_empty() && !cause.to_string().contains(SECRET));
    }
}
