//! Entity tags.

use std::fmt;

/// An object's entity tag without its quotes, as S3 compares it: the MD5 of the content in lower-case
/// hexadecimal for an object that was uploaded in one piece.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl ETag {
    /// The tag whose text between the quotes is `opaque`.
    #[must_use]
    pub fn new(opaque: impl Into<String>) -> Self {
        Self(opaque.into())
    }

    /// The text between the quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a tag as clients send it: in quotes, without quotes, or as a weak tag (`W/"…"`), blanks around
    /// it allowed. S3's tags are all strong, so that the weakness of the one sent changes nothing.
    pub(crate) fn parse(sent: &str) -> Self {
        let sent = sent.trim_matches([' ', '\t']);
        let sent = sent.strip_prefix("W/").unwrap_or(sent);
        let bare = sent.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(sent);
        Self(bare.to_owned())
    }
}

/// The tag in its quotes, as the `ETag` header carries it.
impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_and_writes_one() {
        for sent in ["\"abc\"", "abc", "W/\"abc\"", " \"abc\"\t"] {
            assert_eq!(ETag::parse(sent), ETag::new("abc"), "{sent}");
        }
        assert_eq!(ETag::new("abc").to_string(), "\"abc\"");
    }

    #[test]
    fn a_lone_quote_is_part_of_the_tag() {
        assert_eq!(ETag::parse("\"abc"), ETag::new("\"abc"));
        assert_eq!(ETag::parse("\""), ETag::new("\""));
    }
}
