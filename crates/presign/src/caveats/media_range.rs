//! Media types, and ranges of them such as `image/*` (RFC 9110 §8.3.1, §12.5.1).

/// Whether the text is a media type or a range of them, without parameters.
pub(super) fn is_range(text: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    match text.split_once('/') {
        Some(("*", "*")) => true,
        Some((kind, "*")) => is_token(kind),
        Some((kind, subtype)) => is_token(kind) && is_token(subtype),
        None => false,
    }
}

/// Whether a media type, its parameters aside, lies in a range such as `image/*`.
pub(super) fn contains(range: &str, media_type: &str) -> bool {
    let (media_type, parameters) =
        media_type.split_at_checked(media_type.find(';').unwrap_or(media_type.len())).unwrap_or_default();
    if !are_parameters(parameters) {
        return false;
    }
    let media_type = media_type.trim();
    let (Some((kind, subtype)), Some((given_kind, given_subtype))) =
        (range.split_once('/'), media_type.split_once('/'))
    else {
        return false;
    };
    is_range(media_type)
        && given_subtype != "*"
        && (kind == "*" || kind.eq_ignore_ascii_case(given_kind))
        && (subtype == "*" || subtype.eq_ignore_ascii_case(given_subtype))
}

/// Whether what follows a media type is parameters and nothing else (RFC 9110 §5.6.6). Of `image/png;,text/html`
/// browsers take the part behind the comma, and show a page where an image was allowed.
fn are_parameters(text: &str) -> bool {
    let mut rest = text.trim();
    while let Some(parameter) = rest.strip_prefix(';') {
        let parameter = parameter.trim_start();
        let name = token(parameter);
        let Some(value) = parameter.strip_prefix(name).filter(|_| !name.is_empty()) else {
            rest = parameter;
            continue;
        };
        let Some(value) = value.strip_prefix('=') else { return false };
        let length = match value.strip_prefix('"') {
            Some(quoted) => quoted_string_end(quoted).map(|end| end + 1),
            None => Some(token(value).len()).filter(|length| *length > 0),
        };
        let Some(after) = length.and_then(|length| value.get(length..)) else { return false };
        rest = after.trim_start();
    }
    rest.is_empty()
}

/// The token that a text begins with (RFC 9110 §5.6.2).
fn token(text: &str) -> &str {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let end = text.bytes().position(|byte| !is_token(byte)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Where a quoted string ends whose first quote is left out; the end is behind the last one.
fn quoted_string_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Browsers split a Content-Type at its commas, as if it came in several fields, and go by the last type.
    #[test]
    fn a_type_does_not_hide_another_behind_its_parameters() {
        for hidden in [
            "image/png,text/html",
            "image/png;,text/html",
            "image/png; a=b,text/html",
            "image/png; a=\"b\",text/html",
            "image/png; a=\"\\\\\",text/html",
            "image/png; a=\"b",
            "image/png; a=\"\\\"",
            "image/png; a b",
            "image/png; a=",
            "image/png; =b",
        ] {
            assert!(!contains("image/*", hidden), "{hidden}");
        }
        for honest in [
            "image/png",
            "image/png;",
            "image/png ; charset=utf-8 ;; b=c; ",
            "IMAGE/png;a=\"b,c;\\\"d\"; e=f",
            "image/png; a=\"é\"",
        ] {
            assert!(contains("image/*", honest), "{honest}");
        }
    }
}
