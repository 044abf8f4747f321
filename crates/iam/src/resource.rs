//! What is asked for, and on what.

use std::fmt;

/// An action as policies name it: `s3:GetObject`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action(&'static str);

impl Action {
    /// The action called `name`, with its service prefix.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name with its service prefix.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The thing that is acted on, as ARN text. An object's key stands in it byte for byte, never encoded and
/// never normalised.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource(String);

impl Resource {
    /// The resource of that ARN, as an operation names its own: `arn:aws:s3:::bucket/key`, `arn:aws:s3:::bucket`, or
    /// `arn:aws:s3:::*` for every bucket of the account.
    #[must_use]
    pub fn from_arn(arn: impl Into<String>) -> Self {
        Self(arn.into())
    }

    /// The ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_kept_byte_for_byte() {
        for arn in ["arn:aws:s3:::*", "arn:aws:s3:::photos", "arn:aws:s3:::photos//a//../b c%20"] {
            assert_eq!(Resource::from_arn(arn).as_str(), arn);
            assert_eq!(Resource::from_arn(arn).to_string(), arn);
        }
        assert_ne!(Resource::from_arn("arn:aws:s3:::photos"), Resource::from_arn("arn:aws:s3:::photos/"));
    }
}
