//! Who asks.

use std::fmt;

/// The one account that owns every bucket of a store.
pub const ACCOUNT_ID: &str = "presign";

/// The identity behind a verified access key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// The owner of the account, who may do everything.
    Root,
    /// A named user of the account.
    User {
        /// The user's name, unique in the account.
        name: String,
    },
}

impl Principal {
    /// The root principal of the account.
    #[must_use]
    pub const fn root() -> Self {
        Self::Root
    }

    /// The user called `name`.
    #[must_use]
    pub fn user(name: impl Into<String>) -> Self {
        Self::User { name: name.into() }
    }
}

/// The ARN, as access logs and refusals print it: `arn:aws:iam::presign:root` or
/// `arn:aws:iam::presign:user/alice`.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => write!(f, "arn:aws:iam::{ACCOUNT_ID}:root"),
            Self::User { name } => write!(f, "arn:aws:iam::{ACCOUNT_ID}:user/{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_arn() {
        assert_eq!(Principal::root().to_string(), "arn:aws:iam::presign:root");
        assert_eq!(Principal::user("alice").to_string(), "arn:aws:iam::presign:user/alice");
    }

    #[test]
    fn a_user_called_root_is_not_root() {
        assert_ne!(Principal::user("root"), Principal::root());
        assert_ne!(Principal::user("root").to_string(), Principal::root().to_string());
    }
}
