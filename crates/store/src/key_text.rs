//! An object's key in an error.

/// The beginning of a key, up to where the query of a link may begin, for errors, which are logged: clients store under keys of
/// their own making, and the key may be a link with a signature in it.
pub(crate) fn key_text(key: &str) -> String {
    match key.find(['?', '&', '=', '%']) {
        Some(cut) => format!("{:?}\u{2026}", key.get(..cut).unwrap_or_default()),
        None => format!("{key:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_and_a_link_in_it_is_not() {
        assert_eq!(key_text("2026/quarter 4: \n"), "\"2026/quarter 4: \\n\"");
        for key in ["b/k?X-Amz-Signature=hidden", "b/k%3FX-Amz-Signature%3Dhidden"] {
            assert_eq!(key_text(key), "\"b/k\"\u{2026}");
        }
    }
}
