//! Names with values, in the order in which they were made.

use serde::{Serialize, Serializer};

/// Pairs that become one JSON object, in their order.
pub(crate) struct Pairs<'a>(pub(crate) &'a [(String, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Reads `name=value`; without an equals sign the value is empty.
pub(crate) fn parse_equation(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    if name.is_empty() {
        return Err(format!("`{text}` has no name; write name=value"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Reads `name: value`, as a header is written.
pub(crate) fn parse_header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(format!("`{text}` is no header; write 'name: value'")),
    }
}
