//! The `response-*` parameters, with which the signer of a GET decides headers of the answer.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

use crate::S3Error;

/// Each parameter and the header it sets.
const OVERRIDES: [(&str, &str); 6] = [
    ("response-cache-control", "cache-control"),
    ("response-content-disposition", "content-disposition"),
    ("response-content-encoding", "content-encoding"),
    ("response-content-language", "content-language"),
    ("response-content-type", "content-type"),
    ("response-expires", "expires"),
];

/// Headers that replace those the object was stored with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseHeaders(Vec<(&'static str, Vec<u8>)>);

impl ResponseHeaders {
    /// Takes the overrides out of decoded query parameters. Each is there once: the verifier refuses a repeated one.
    ///
    /// # Errors
    /// 400 `InvalidArgument` for a value that ISO-8859-1 cannot represent, or that has a control character: a
    /// line end in it would begin a header of the signer's own invention.
    pub(crate) fn from_query<N: AsRef<str>, V: AsRef<str>>(
        query: impl Iterator<Item = (N, V)>,
    ) -> Result<Self, S3Error> {
        let mut headers = Self::default();
        for (name, value) in query {
            let Some((parameter, header)) =
                OVERRIDES.iter().find(|(parameter, _)| *parameter == name.as_ref())
            else {
                continue;
            };
            if headers.get(header).is_none() {
                headers.0.push((*header, latin_1(parameter, value.as_ref())?));
            }
        }
        Ok(headers)
    }

    /// The value of `header` (lower-case) in ISO-8859-1, if the signer set it.
    #[must_use]
    pub fn get(&self, header: &str) -> Option<&[u8]> {
        self.0.iter().find(|(name, _)| *name == header).map(|(_, value)| value.as_slice())
    }

    /// All headers that the signer set: lower-case names, values in ISO-8859-1.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.0.iter().map(|(name, value)| (*name, value.as_slice()))
    }

    /// Whether the signer set none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn latin_1(parameter: &str, value: &str) -> Result<Vec<u8>, S3Error> {
    let byte = |c: char| {
        let byte =
            u8::try_from(u32::from(c)).map_err(|_| "Header value cannot be represented using ISO-8859-1.")?;
        // RFC 9110 §5.5: visible characters, space and tab; nothing else may stand in a field.
        let allowed = byte == b'\t' || (byte >= b' ' && byte != 0x7f);
        allowed.then_some(byte).ok_or("Header value cannot contain control characters.")
    };
    value
        .chars()
        .map(byte)
        .collect::<Result<_, _>>()
        .map_err(|message| S3Error::invalid_argument(message, parameter, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_the_six_headers_and_no_other() {
        let query = [
            ("response-content-type", "text/plain"),
            ("response-content-disposition", "attachment; filename=\"é.txt\""),
            ("response-cache-control", "no-store"),
            ("response-content-encoding", "gzip"),
            ("response-content-language", "de"),
            ("response-expires", "0"),
            ("response-location", "https://example.org"),
            ("x-id", "GetObject"),
        ];
        let headers = ResponseHeaders::from_query(query.into_iter()).unwrap();
        assert_eq!(headers.iter().count(), 6);
        assert_eq!(headers.get("content-type"), Some(&b"text/plain"[..]));
        assert_eq!(headers.get("content-disposition"), Some(&b"attachment; filename=\"\xe9.txt\""[..]));
        assert_eq!(headers.get("location"), None);
    }

    #[test]
    fn refuses_what_latin_1_cannot_represent() {
        let query = [("response-content-disposition", "attachment; filename=\"€.txt\"")];
        let refusal = ResponseHeaders::from_query(query.into_iter()).unwrap_err();
        assert_eq!(refusal.status(), 400);
        assert_eq!(refusal.message(), "Header value cannot be represented using ISO-8859-1.");
        assert_eq!(
            refusal.fields(),
            [
                ("ArgumentName", "response-content-disposition".to_owned()),
                ("ArgumentValue", "attachment; filename=\"€.txt\"".to_owned())
            ]
        );
    }

    #[test]
    fn refuses_a_value_that_would_begin_another_header() {
        for value in ["a\r\nset-cookie: b", "a\nb", "a\0b", "a\u{7f}b"] {
            assert!(
                ResponseHeaders::from_query([("response-content-type", value)].into_iter()).is_err(),
                "{value:?}"
            );
        }
        assert!(ResponseHeaders::from_query([("response-content-type", "a\tb \u{80}")].into_iter()).is_ok());
    }
}
