//! The HTTP methods that S3 signs.

use std::fmt;
use std::str::FromStr;

/// An HTTP method that an S3 operation can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Read an object, or a sub-resource of one.
    Get,
    /// Read an object's metadata.
    Head,
    /// Write an object, a part, or a sub-resource.
    Put,
    /// Start or complete a multipart upload, restore, select, delete many; browser forms.
    Post,
    /// Delete an object, abort a multipart upload, or remove a sub-resource.
    Delete,
    /// Ask what cross-origin requests are allowed. Never signed by a browser.
    Options,
}

impl Method {
    /// The method's name as it stands in a request line and in a canonical request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Put => "PUT",
            Method::Post => "POST",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not one of the methods that S3 knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a method of S3; use GET, HEAD, PUT, POST, DELETE or OPTIONS")]
pub struct UnknownMethod(pub String);

/// Method names are case-sensitive (RFC 9110 §9.1).
impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(name: &str) -> Result<Self, UnknownMethod> {
        Ok(match name {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "PUT" => Method::Put,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            _ => return Err(UnknownMethod(name.to_owned())),
        })
    }
}
