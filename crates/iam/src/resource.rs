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
    /// A resource from ARN text that the caller has already built, such as an operation's own.
    #[must_use]
    pub fn from_arn(arn: impl Into<String>) -> Self {
        Self(arn.into())
    }

    /// Every bucket of the account, the resource of service-level actions: `arn:aws:s3:::*`.
    #[must_use]
    pub fn service() -> Self {
        Self("arn:aws:s3:::*".to_owned())
    }

    /// A bucket: `arn:aws:s3:::bucket`.
    #[must_use]
    pub fn bucket(bucket: &str) -> Self {
        Self(format!("arn:aws:s3:::{bucket}"))
    }

    /// An object: `arn:aws:s3:::bucket/key`.
    #[must_use]
    pub fn object(bucket: &str, key: &str) -> Self {
        Self(format!("arn:aws:s3:::{bucket}/{key}"))
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
    fn builds_arns() {
        assert_eq!(Resource::service().as_str(), "arn:aws:s3:::*");
        assert_eq!(Resource::bucket("photos").as_str(), "arn:aws:s3:::photos");
        assert_eq!(Resource::object("photos", "/a//../b c%20").as_str(), "arn:aws:s3:::photos//a//../b c%20");
        assert_eq!(Resource::from_arn("arn:aws:s3:::photos"), Resource::bucket("photos"));
    }
}
