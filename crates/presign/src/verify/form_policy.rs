//! The policy of a browser form: what an upload must be like.
//!
//! Source: "Creating a POST policy", Amazon S3 API Reference.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::timestamp::Timestamp;
use crate::verify::refusal::FormFault;

/// The largest policy taken, in bytes of base64.
const MAX_POLICY_BYTES: usize = 20 * 1024;

/// A policy that was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FormPolicy {
    pub(crate) expiration: Timestamp,
    pub(crate) conditions: Vec<Condition>,
}

/// One condition. Field names are in lower case and without the dollar sign.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The field has just this value.
    Eq { field: String, value: String },
    /// The field begins so.
    StartsWith { field: String, prefix: String },
    /// The upload's size in bytes, both ends included.
    ContentLengthRange { min: u64, max: u64 },
}

fn invalid(why: impl Into<String>) -> FormFault {
    FormFault::InvalidPolicy { why: why.into() }
}

impl FormPolicy {
    /// Reads the form's `policy` field: base64 of JSON.
    pub(crate) fn parse(base64: &str) -> Result<Self, FormFault> {
        if base64.len() > MAX_POLICY_BYTES {
            return Err(invalid(format!("the policy is larger than {MAX_POLICY_BYTES} bytes.")));
        }
        let json = STANDARD.decode(base64.trim()).map_err(|_| invalid("the policy is not base64."))?;
        let policy: Value = serde_json::from_slice(&json).map_err(|_| invalid("Invalid JSON."))?;
        let expiration = policy
            .get("expiration")
            .ok_or_else(|| invalid("Policy missing expiration."))?
            .as_str()
            .and_then(|text| text.parse::<jiff::Timestamp>().ok())
            .ok_or_else(|| invalid("Invalid 'expiration' value; expecting an ISO 8601 time."))?;
        let conditions = policy
            .get("conditions")
            .ok_or_else(|| invalid("Policy missing conditions."))?
            .as_array()
            .ok_or_else(|| invalid("'conditions' must be a list."))?;
        Ok(FormPolicy {
            expiration: Timestamp::from_unix(expiration.as_second()),
            conditions: conditions.iter().map(Condition::parse).collect::<Result<_, _>>()?,
        })
    }
}

impl Condition {
    fn parse(condition: &Value) -> Result<Self, FormFault> {
        match condition {
            Value::Object(pairs) => {
                let mut pairs = pairs.iter();
                let (Some((field, value)), None) = (pairs.next(), pairs.next()) else {
                    return Err(invalid(
                        "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
                    ));
                };
                let value = value
                    .as_str()
                    .ok_or_else(|| invalid("Invalid Simple-Condition: value must be a string."))?;
                Ok(Condition::Eq { field: field.to_ascii_lowercase(), value: value.to_owned() })
            }
            Value::Array(parts) => Condition::parse_array(parts),
            _ => Err(invalid("Invalid condition: expecting an object or a list.")),
        }
    }

    fn parse_array(parts: &[Value]) -> Result<Self, FormFault> {
        let [operator, first, second] = parts else {
            return Err(invalid("Invalid condition: a list must have three items."));
        };
        let operator = operator.as_str().unwrap_or_default().to_ascii_lowercase();
        if operator == "content-length-range" {
            let (min, max) = (size(first)?, size(second)?);
            return Ok(Condition::ContentLengthRange { min, max });
        }
        let field = first.as_str().and_then(|name| name.strip_prefix('$'));
        let field = field
            .ok_or_else(|| invalid("Invalid condition: a field's name must begin with a dollar sign."))?
            .to_ascii_lowercase();
        let text =
            second.as_str().ok_or_else(|| invalid("Invalid condition: value must be a string."))?.to_owned();
        match operator.as_str() {
            "eq" => Ok(Condition::Eq { field, value: text }),
            "starts-with" => Ok(Condition::StartsWith { field, prefix: text }),
            _ => Err(invalid(format!("Invalid condition: unknown operation '{operator}'."))),
        }
    }

    /// The condition as S3 prints it when it fails: the list form, whichever was written.
    pub(crate) fn to_text(&self) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        match self {
            Condition::Eq { field, value } => {
                format!("[\"eq\", {}, {}]", quoted(&format!("${field}")), quoted(value))
            }
            Condition::StartsWith { field, prefix } => {
                format!("[\"starts-with\", {}, {}]", quoted(&format!("${field}")), quoted(prefix))
            }
            Condition::ContentLengthRange { min, max } => {
                format!("[\"content-length-range\", {min}, {max}]")
            }
        }
    }
}

/// A limit of a size range: a number, or its digits in a string.
fn size(value: &Value) -> Result<u64, FormFault> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(digits))
        .ok_or_else(|| invalid("Invalid content-length-range: its limits must be whole numbers."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<FormPolicy, FormFault> {
        FormPolicy::parse(&STANDARD.encode(json))
    }

    fn conditions(json: &str) -> Result<Vec<Condition>, FormFault> {
        let policy = parse(&format!(r#"{{"expiration": "2026-11-21T17:15:42Z", "conditions": [{json}]}}"#))?;
        assert_eq!(policy.expiration.to_string(), "2026-11-21T17:15:42Z");
        Ok(policy.conditions)
    }

    #[test]
    fn every_form_of_condition_is_read() {
        let read = conditions(
            r#"{"Bucket": "b"}, ["eq", "$Key", "k"], ["starts-with", "$key", "u/"],
               ["content-length-range", 1, "10"]"#,
        );
        let eq =
            |field: &str, value: &str| Condition::Eq { field: field.to_owned(), value: value.to_owned() };
        assert_eq!(
            read.unwrap(),
            [
                eq("bucket", "b"),
                eq("key", "k"),
                Condition::StartsWith { field: "key".to_owned(), prefix: "u/".to_owned() },
                Condition::ContentLengthRange { min: 1, max: 10 },
            ]
        );
    }

    #[test]
    fn what_is_no_policy_is_told() {
        for bad in ["{}", "[]", "not json", r#"{"expiration": "soon", "conditions": []}"#] {
            assert!(matches!(parse(bad), Err(FormFault::InvalidPolicy { .. })), "{bad}");
        }
        for bad in [
            r#"{"a": "1", "b": "2"}"#,
            "{}",
            r#"["eq", "key", "k"]"#,
            r#"["like", "$key", "k"]"#,
            r#"["eq", "$key"]"#,
            r#"["content-length-range", -1, 5]"#,
            r#"["content-length-range", "", 5]"#,
            r#"{"a": 1}"#,
            "7",
        ] {
            assert!(matches!(conditions(bad), Err(FormFault::InvalidPolicy { .. })), "{bad}");
        }
        assert!(FormPolicy::parse("%%%").is_err());
        assert!(FormPolicy::parse(&"A".repeat(MAX_POLICY_BYTES + 1)).is_err());
    }

    #[test]
    fn conditions_print_as_lists() {
        let condition =
            Condition::Eq { field: "success_action_redirect".into(), value: "http://a/\"b".into() };
        assert_eq!(condition.to_text(), r#"["eq", "$success_action_redirect", "http://a/\"b"]"#);
    }
}
