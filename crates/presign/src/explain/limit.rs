//! A URL's caveats, in words.

use std::fmt;

use serde::Serialize;

use crate::caveats;
use crate::timestamp::Timestamp;

/// One `x-presign-*` parameter; its `Display` says what it limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// The parameter's name in lower case.
    pub name: String,
    /// Its value, decoded.
    pub value: String,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = &self.value;
        match self.name.as_str() {
            caveats::MAX_SIZE => write!(f, "uploads of at most {value} bytes"),
            caveats::MIN_SIZE => write!(f, "uploads of at least {value} bytes"),
            caveats::CONTENT_TYPE => write!(f, "uploads of type {value} only"),
            caveats::IP => write!(f, "only from {}", value.replace(',', ", ")),
            caveats::NOT_BEFORE => match Timestamp::parse_basic(value) {
                Some(time) => write!(f, "not before {time}"),
                None => write!(f, "not before {value}"),
            },
            caveats::METHODS => write!(f, "serves {}", value.replace(',', ", ")),
            caveats::LINK => write!(f, "counted and revocable in the store as link {value}"),
            name => write!(f, "{name}={value}, which is not known here"),
        }
    }
}

/// Whether a parameter is a caveat, known or not, in any case.
pub(super) fn is_caveat(name: &str) -> bool {
    name.get(..caveats::PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(caveats::PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_caveat_that_is_written_has_its_words() {
        let limit = |name: &str, value: &str| Limit { name: name.to_owned(), value: value.to_owned() };
        assert_eq!(limit("x-presign-max-size", "10").to_string(), "uploads of at most 10 bytes");
        assert_eq!(limit("x-presign-min-size", "1").to_string(), "uploads of at least 1 bytes");
        assert_eq!(limit("x-presign-ip", "10.0.0.0/8,::1").to_string(), "only from 10.0.0.0/8, ::1");
        assert_eq!(limit("x-presign-methods", "GET,HEAD").to_string(), "serves GET, HEAD");
        let from = limit("x-presign-not-before", "20130524T000000Z");
        assert_eq!(from.to_string(), "not before 2013-05-24T00:00:00Z");
        assert!(limit("x-presign-content-type", "image/*").to_string().contains("image/*"));
        assert!(limit("x-presign-link", "l1").to_string().ends_with("l1"));
        assert!(limit("x-presign-moon", "full").to_string().contains("not known"));
    }
}
