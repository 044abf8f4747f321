//! Words for a POSIX shell.

use std::borrow::Cow;

/// The text as one word of a shell command: as it is where that is safe, else in single quotes.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@,+".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_safe) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_quotes_gets_them() {
        assert_eq!(quoted("a-b_c.txt"), "a-b_c.txt");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b$(id)"), "'a b$(id)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("https://h/k?a=b&c"), "'https://h/k?a=b&c'");
    }
}
