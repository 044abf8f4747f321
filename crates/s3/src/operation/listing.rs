//! The parameters that listings share.

use super::request::SignedRequest;
use crate::{BucketName, S3Error, limits};

/// Which keys of a bucket are listed, and how: what both versions of the listing ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySelection {
    /// The bucket to list.
    pub bucket: BucketName,
    /// Only keys that begin with this; empty for all.
    pub prefix: String,
    /// Keys that have this after the prefix are rolled up into one common prefix.
    pub delimiter: Option<String>,
    /// The most keys and common prefixes on the page, 0 to 1,000.
    pub max_keys: u32,
    /// How names are written.
    pub encoding_type: Option<EncodingType>,
}

impl KeySelection {
    pub(super) fn read(bucket: BucketName, request: &impl SignedRequest) -> Result<Self, S3Error> {
        Ok(Self {
            bucket,
            prefix: request.parameter("prefix").unwrap_or_default().to_owned(),
            delimiter: text(request, "delimiter"),
            max_keys: max_keys(request)?,
            encoding_type: EncodingType::read(request)?,
        })
    }
}

/// How a listing writes keys, prefixes and delimiters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodingType {
    /// Percent-encoded, so that a key with any character survives XML.
    Url,
}

impl EncodingType {
    pub(super) fn read(request: &impl SignedRequest) -> Result<Option<Self>, S3Error> {
        match request.parameter("encoding-type") {
            None | Some("") => Ok(None),
            Some("url") => Ok(Some(Self::Url)),
            Some(other) => Err(S3Error::invalid_argument(
                "Invalid Encoding Method specified in Request",
                "encoding-type",
                other,
            )),
        }
    }
}

/// `max-keys`, cut to what one page holds; without it, a whole page.
fn max_keys(request: &impl SignedRequest) -> Result<u32, S3Error> {
    let Some(value) = request.parameter("max-keys").filter(|value| !value.is_empty()) else {
        return Ok(limits::LIST_KEYS);
    };
    match value.parse::<i32>() {
        // The sign that Rust would take is no part of a number to S3.
        Ok(keys) if keys >= 0 && !value.starts_with(['+', '-']) => {
            Ok(keys.unsigned_abs().min(limits::LIST_KEYS))
        }
        _ => Err(S3Error::invalid_argument(
            "Argument maxKeys must be an integer between 0 and 2147483647",
            "maxKeys",
            value,
        )),
    }
}

/// A text parameter, `None` if it is empty too.
pub(super) fn text(request: &impl SignedRequest, name: &str) -> Option<String> {
    request.parameter(name).filter(|value| !value.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::memory_request::MemoryRequest;

    #[test]
    fn max_keys_is_cut_to_a_page() {
        let keys = |value: &str| max_keys(&MemoryRequest::new("GET /bucket").parameter("max-keys", value));
        assert_eq!(max_keys(&MemoryRequest::new("GET /bucket")), Ok(1000));
        for (value, expected) in
            [("", 1000), ("0", 0), ("1", 1), ("1000", 1000), ("1001", 1000), ("2147483647", 1000)]
        {
            assert_eq!(keys(value), Ok(expected), "{value}");
        }
        for value in ["-1", "-0", "+1", "2147483648", "many", "1.5", " 1"] {
            let refusal = keys(value).unwrap_err();
            assert_eq!(refusal.message(), "Argument maxKeys must be an integer between 0 and 2147483647");
            assert_eq!(refusal.fields()[1], ("ArgumentValue", value.to_owned()));
        }
    }

    #[test]
    fn url_is_the_only_encoding() {
        let read = |value: &str| {
            EncodingType::read(&MemoryRequest::new("GET /bucket").parameter("encoding-type", value))
        };
        assert_eq!(read("url"), Ok(Some(EncodingType::Url)));
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("base64").unwrap_err().message(), "Invalid Encoding Method specified in Request");
    }
}
