//! The token that leads from one page of a listing to the next.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::S3Error;

/// A position in a listing, opaque to clients.
///
/// It is not a secret and carries no right: whoever may list may start anywhere (`start-after`). The first
/// byte of what base64 hides names the version, so that the form of a position may change while clients still
/// hold older tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContinuationToken {
    position: String,
}

impl ContinuationToken {
    const VERSION: char = '1';

    /// The token of a position, which is whatever text the store understands.
    pub fn new(position: impl Into<String>) -> Self {
        Self { position: position.into() }
    }

    /// The position.
    #[must_use]
    pub fn position(&self) -> &str {
        &self.position
    }

    /// Reads a token that a client brings back.
    ///
    /// # Errors
    /// 400 `InvalidArgument` if this server did not write it.
    pub fn parse(token: &str) -> Result<Self, S3Error> {
        Self::decode(token).ok_or_else(|| Self::incorrect(token))
    }

    /// The refusal of a token that this server did not write; also for a position that the store does not
    /// understand.
    pub fn incorrect(token: &str) -> S3Error {
        S3Error::invalid_argument("The continuation token provided is incorrect", "continuation-token", token)
    }

    fn decode(token: &str) -> Option<Self> {
        let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
        text.strip_prefix(Self::VERSION).map(Self::new)
    }
}

/// The token as the client sees it.
impl fmt::Display for ContinuationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(format!("{}{}", Self::VERSION, self.position)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorCode;

    #[test]
    fn refuses_what_it_did_not_write() {
        let other_version = STANDARD.encode("2kphotos/cat.jpg");
        for token in ["", "x", "kphotos/cat.jpg", "////", &other_version] {
            let refusal = ContinuationToken::parse(token).unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::InvalidArgument, "{token}");
            assert_eq!(refusal.message(), "The continuation token provided is incorrect");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_wrote(position in any::<String>()) {
            let token = ContinuationToken::new(position);
            prop_assert_eq!(ContinuationToken::parse(&token.to_string()), Ok(token));
        }
    }
}
