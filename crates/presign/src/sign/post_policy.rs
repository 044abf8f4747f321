//! The policy of a POST form: what a browser may upload with it.
//!
//! It is signed as the bytes that were sent, so any JSON would do. This writes it byte for byte as Python does,
//! and therefore as boto3 does: a space after each colon and comma, everything but ASCII escaped.
//! Source: "POST Policy", Amazon S3 API Reference.

use std::fmt::Write as _;

use crate::timestamp::Timestamp;

/// One condition that an upload by form must meet. Field names are compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PostCondition {
    /// The field has this very value: `{"acl": "private"}`.
    Equals {
        /// The field's name.
        field: String,
        /// The value it must have.
        value: String,
    },
    /// The same, in the form `["eq", "$acl", "private"]`.
    Eq {
        /// The field's name, without the dollar sign.
        field: String,
        /// The value it must have.
        value: String,
    },
    /// The field's value begins so; an empty prefix allows any value: `["starts-with", "$key", "users/7/"]`.
    StartsWith {
        /// The field's name, without the dollar sign.
        field: String,
        /// What its value must begin with.
        prefix: String,
    },
    /// The file is of such a size: `["content-length-range", 1, 1048576]`.
    ContentLengthRange {
        /// The smallest size allowed, in bytes.
        min: u64,
        /// The largest size allowed, in bytes.
        max: u64,
    },
}

impl PostCondition {
    /// The field has this very value.
    pub fn equals(field: impl Into<String>, value: impl Into<String>) -> Self {
        PostCondition::Equals { field: field.into(), value: value.into() }
    }

    /// The field's value begins with a prefix.
    pub fn starts_with(field: impl Into<String>, prefix: impl Into<String>) -> Self {
        PostCondition::StartsWith { field: field.into(), prefix: prefix.into() }
    }

    /// The form field it speaks of; a size is no field's.
    pub(super) fn field(&self) -> Option<&str> {
        match self {
            PostCondition::Equals { field, .. }
            | PostCondition::Eq { field, .. }
            | PostCondition::StartsWith { field, .. } => Some(field),
            PostCondition::ContentLengthRange { .. } => None,
        }
    }

    fn write_json(&self, out: &mut String) {
        match self {
            PostCondition::Equals { field, value } => {
                out.push('{');
                push_string(out, "", field);
                out.push_str(": ");
                push_string(out, "", value);
                out.push('}');
            }
            PostCondition::Eq { field, value } => push_match(out, "eq", field, value),
            PostCondition::StartsWith { field, prefix } => push_match(out, "starts-with", field, prefix),
            PostCondition::ContentLengthRange { min, max } => {
                // Writing to a String cannot fail.
                let _ = write!(out, "[\"content-length-range\", {min}, {max}]");
            }
        }
    }
}

/// The policy as JSON.
pub(super) fn policy_json(expiration: Timestamp, conditions: &[PostCondition]) -> String {
    let mut json = String::with_capacity(64 + 64 * conditions.len());
    let _ = write!(json, "{{\"expiration\": \"{expiration}\", \"conditions\": [");
    for (at, condition) in conditions.iter().enumerate() {
        if at > 0 {
            json.push_str(", ");
        }
        condition.write_json(&mut json);
    }
    json.push_str("]}");
    json
}

fn push_match(out: &mut String, operator: &str, field: &str, value: &str) {
    let _ = write!(out, "[\"{operator}\", ");
    push_string(out, "$", field);
    out.push_str(", ");
    push_string(out, "", value);
    out.push(']');
}

/// Appends a JSON string of ASCII alone; characters past U+FFFF are two escapes.
fn push_string(out: &mut String, before: &str, text: &str) {
    out.push('"');
    out.push_str(before);
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected text is what Python's `json.dumps` makes of the same text.
    #[test]
    fn strings_are_escaped_as_python_does() {
        let mut json = String::new();
        push_string(&mut json, "$", "a\"b\\c/\n\r\t\u{8}\u{c}\u{0}\u{1f}\u{7f}é\u{ffff}😀");
        assert_eq!(json, r#""$a\"b\\c/\n\r\t\b\f\u0000\u001f\u007f\u00e9\uffff\ud83d\ude00""#);
    }

    #[test]
    fn every_kind_of_condition() {
        let conditions = [
            PostCondition::equals("acl", "private"),
            PostCondition::Eq { field: "key".to_owned(), value: "k".to_owned() },
            PostCondition::starts_with("Content-Type", ""),
            PostCondition::ContentLengthRange { min: 0, max: u64::MAX },
        ];
        assert_eq!(
            policy_json(Timestamp::from_unix(0), &conditions),
            r#"{"expiration": "1970-01-01T00:00:00Z", "conditions": [{"acl": "private"}, ["eq", "$key", "k"], ["starts-with", "$Content-Type", ""], ["content-length-range", 0, 18446744073709551615]]}"#
        );
        assert_eq!(
            policy_json(Timestamp::from_unix(0), &[]),
            r#"{"expiration": "1970-01-01T00:00:00Z", "conditions": []}"#
        );
    }
}
