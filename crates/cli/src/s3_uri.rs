//! `s3://bucket/key`, and `bucket/key` as the AWS CLI takes it too.

use std::str::FromStr;

/// A bucket and what follows it: a key, a prefix, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct S3Uri {
    /// The bucket's name.
    pub(crate) bucket: String,
    /// All after the slash that follows the bucket, as it is: nothing in it is decoded.
    pub(crate) key: String,
}

impl FromStr for S3Uri {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("s3://").unwrap_or(text);
        if let Some((scheme, _)) = path.split_once("://") {
            return Err(format!("`{text}` begins with {scheme}://; write s3://bucket/key"));
        }
        if path.starts_with("arn:") {
            return Err(format!("`{text}` is an ARN; name the bucket itself, as in s3://bucket/key"));
        }
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        // A bucket becomes a part of the host's name, where nothing may be escaped.
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if bucket.is_empty() || !bucket.bytes().all(is_name) {
            return Err(format!(
                "`{text}` names no bucket; write s3://bucket/key, the bucket in letters, digits, dots and \
                 hyphens"
            ));
        }
        Ok(S3Uri { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, String) {
        let uri: S3Uri = text.parse().unwrap();
        (uri.bucket, uri.key)
    }

    #[test]
    fn with_and_without_the_scheme() {
        let expected = ("my-bucket".to_owned(), "a/b c+%20.txt".to_owned());
        assert_eq!(parsed("s3://my-bucket/a/b c+%20.txt"), expected);
        assert_eq!(parsed("my-bucket/a/b c+%20.txt"), expected);
    }

    #[test]
    fn slashes_of_the_key_stay() {
        assert_eq!(parsed("s3://b//k//x/").1, "/k//x/");
        assert_eq!(parsed("s3://b").1, "");
        assert_eq!(parsed("b/a?b#c").1, "a?b#c");
    }

    #[test]
    fn what_names_no_bucket_is_told() {
        for bad in
            ["", "s3://", "s3:///key", "/key", "https://b.s3.amazonaws.com/k", "arn:aws:s3:::b/k", "a@b/k"]
        {
            assert!(bad.parse::<S3Uri>().is_err_and(|why| why.contains("s3://bucket/key")), "{bad}");
        }
    }
}
