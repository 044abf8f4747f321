//! What is kept with an object besides its bytes: the content headers and the user's own metadata.

use std::{borrow::Cow, fmt::Write as _};

use crate::{S3Error, limits};

/// The prefix of the headers that carry user metadata.
pub const USER_METADATA_PREFIX: &str = "x-amz-meta-";

/// The headers that S3 keeps with an object and gives back with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContentHeaders {
    /// `Content-Type`; an object without one is served as [`DEFAULT_CONTENT_TYPE`].
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding` without `aws-chunked`, which is how the upload travelled and not what it is.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Expires`, as it was sent.
    pub expires: Option<String>,
}

/// What an object without a `Content-Type` is served as.
pub const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

impl ContentHeaders {
    /// Takes the headers that `value_of` finds under their lower-case names.
    ///
    /// # Errors
    /// 400 `InvalidArgument` for a control character, which a signed query can hold and a header cannot: a
    /// line end would begin another header in every later answer.
    pub(crate) fn read<'a>(value_of: impl Fn(&str) -> Option<Cow<'a, str>>) -> Result<Self, S3Error> {
        let read = |name: &str| match value_of(name) {
            Some(value) if value.chars().any(|c| c.is_control() && c != '\t') => Err(
                S3Error::invalid_argument("Header value cannot contain control characters.", name, &value),
            ),
            value => Ok(value.map(Cow::into_owned)),
        };
        Ok(Self {
            content_type: read("content-type")?.filter(|value| !value.is_empty()),
            cache_control: read("cache-control")?,
            content_disposition: read("content-disposition")?,
            content_encoding: read("content-encoding")?.and_then(|value| without_aws_chunked(&value)),
            content_language: read("content-language")?,
            expires: read("expires")?,
        })
    }
}

/// `None` if nothing else is left.
fn without_aws_chunked(encodings: &str) -> Option<String> {
    let kept: Vec<&str> = encodings
        .split(',')
        .map(str::trim)
        .filter(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

/// The `x-amz-meta-*` headers: lower-case names without that prefix, and values, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserMetadata(Vec<(String, String)>);

impl UserMetadata {
    /// Takes names, without the prefix, and values.
    ///
    /// # Errors
    /// 400 `MetadataTooLarge` past 2 KiB of names and values, in UTF-8; 400 `InvalidArgument` for a name that
    /// no header can have, which a signed query can bring.
    pub(crate) fn collect(entries: impl Iterator<Item = (String, String)>) -> Result<Self, S3Error> {
        let mut entries: Vec<(String, String)> = entries.collect();
        let size = entries.iter().map(|(name, value)| name.len() + value.len()).sum();
        if size > limits::USER_METADATA_BYTES {
            return Err(S3Error::metadata_too_large(size));
        }
        if let Some((name, value)) = entries.iter().find(|(name, _)| !name.bytes().all(is_token_byte)) {
            let header = format!("{USER_METADATA_PREFIX}{name}");
            return Err(S3Error::invalid_argument(
                "The name is not one that a header can have",
                &header,
                value,
            ));
        }
        entries.sort();
        Ok(Self(entries))
    }

    /// Names without the prefix, and values.
    #[must_use]
    pub fn entries(&self) -> &[(String, String)] {
        &self.0
    }

    /// Names without the prefix, and values, for keeping.
    #[must_use]
    pub fn into_entries(self) -> Vec<(String, String)> {
        self.0
    }
}

/// RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A metadata value as it goes out in a header. One that is not plain ASCII is encoded as RFC 2047 has it
/// (`=?UTF-8?Q?…?=`), in words of at most 75 characters with a space between, which decoders join again.
#[must_use]
pub fn encode_value(value: &str) -> String {
    const OPEN: &str = "=?UTF-8?Q?";
    const CLOSE: &str = "?=";
    const ROOM: usize = 75 - OPEN.len() - CLOSE.len();

    if value.bytes().all(|byte| byte == b'\t' || (b' '..0x7f).contains(&byte)) {
        return value.to_owned();
    }
    let mut encoded = OPEN.to_owned();
    let mut used = 0;
    for c in value.chars() {
        let mut word = String::new();
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'!' | b'*' | b'+' | b'-' | b'/' => {
                    word.push(char::from(byte));
                }
                b' ' => word.push('_'),
                _ => {
                    // Writing to a string cannot fail.
                    let _ = write!(word, "={byte:02X}");
                }
            }
        }
        // A character is never divided between two words (RFC 2047 §5).
        if used + word.len() > ROOM {
            encoded.push_str(CLOSE);
            encoded.push(' ');
            encoded.push_str(OPEN);
            used = 0;
        }
        used += word.len();
        encoded.push_str(&word);
    }
    encoded.push_str(CLOSE);
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ascii_goes_out_as_it_is() {
        for value in ["", "plain", "a\tb ~!", "=?UTF-8?Q?already?="] {
            assert_eq!(encode_value(value), value);
        }
    }

    #[test]
    fn the_rest_goes_out_in_encoded_words() {
        assert_eq!(encode_value("café au lait"), "=?UTF-8?Q?caf=C3=A9_au_lait?=");
        assert_eq!(encode_value("a_b=c?é"), "=?UTF-8?Q?a=5Fb=3Dc=3F=C3=A9?=");
        assert_eq!(encode_value("a\r\nb"), "=?UTF-8?Q?a=0D=0Ab?=");
    }

    #[test]
    fn long_values_are_divided_between_characters() {
        let encoded = encode_value(&"é".repeat(20));
        let words: Vec<&str> = encoded.split(' ').collect();
        assert_eq!(words.len(), 2);
        assert!(words.iter().all(|word| word.len() <= 75 && word.ends_with("=A9?=")), "{encoded}");
    }

    #[test]
    fn how_an_upload_travelled_is_not_what_it_is() {
        assert_eq!(without_aws_chunked("aws-chunked"), None);
        assert_eq!(without_aws_chunked("gzip"), Some("gzip".to_owned()));
        assert_eq!(without_aws_chunked("AWS-Chunked,gzip , br"), Some("gzip,br".to_owned()));
    }

    /// Reads encoded words as RFC 2047 has them.
    fn decode(encoded: &str) -> String {
        if !encoded.starts_with("=?UTF-8?Q?") {
            return encoded.to_owned();
        }
        let mut decoded = String::new();
        for word in encoded.split(' ') {
            let text = word.strip_prefix("=?UTF-8?Q?").unwrap().strip_suffix("?=").unwrap();
            let percent = text.replace('_', "%20").replace('=', "%");
            decoded.push_str(&presign::decode_path(&percent).unwrap());
        }
        decoded
    }

    proptest! {
        #[test]
        fn what_goes_out_is_a_header_value_and_comes_back(value in "\\PC{0,200}|[\\x00-\\x7f]{0,50}") {
            let encoded = encode_value(&value);
            prop_assert!(encoded.bytes().all(|byte| byte == b'\t' || (b' '..0x7f).contains(&byte)));
            prop_assert_eq!(decode(&encoded), value);
        }
    }
}
