//! Percent-encoding of paths and of listed keys (RFC 3986 §2.1).

/// A `%` that two hexadecimal digits do not follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadEscape;

/// Decodes every `%XX` once. `+` stays a plus: a path is not a form.
pub(crate) fn decode(encoded: &[u8]) -> Result<Vec<u8>, BadEscape> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&byte, tail)) = rest.split_first() {
        if byte != b'%' {
            decoded.push(byte);
            rest = tail;
            continue;
        }
        let [high, low, after @ ..] = tail else { return Err(BadEscape) };
        decoded.push(hex_digit(*high)? << 4 | hex_digit(*low)?);
        rest = after;
    }
    Ok(decoded)
}

fn hex_digit(digit: u8) -> Result<u8, BadEscape> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(BadEscape),
    }
}

/// Encodes everything but `A-Za-z0-9-_.~` and `/`, upper-case hexadecimal, space as `%20`.
///
/// A listing with `encoding-type=url` writes keys so. `%20` and not `+`, because clients decode with either
/// rule and only `%20` comes out right under both.
pub(crate) fn encode_key(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len() + key.len() / 4);
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => {
                encoded.push('%');
                encoded.push(hex_char(byte >> 4));
                encoded.push(hex_char(byte & 15));
            }
        }
    }
    encoded
}

/// The upper-case hexadecimal digit of a number below 16.
pub(crate) fn hex_char(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decodes_once() {
        assert_eq!(decode(b"a%2520b%2Bc+%c3%A9").unwrap(), "a%20b+c+é".as_bytes());
        assert_eq!(decode(b"").unwrap(), b"");
    }

    #[test]
    fn refuses_broken_escapes() {
        for broken in ["%", "a%2", "%zz", "%2g", "%%41"] {
            assert_eq!(decode(broken.as_bytes()), Err(BadEscape), "{broken}");
        }
        assert_eq!(decode(b"%25%41").unwrap(), b"%A");
    }

    proptest! {
        #[test]
        fn encoded_keys_decode_to_themselves(key in any::<String>()) {
            let encoded = encode_key(&key);
            prop_assert!(encoded.is_ascii());
            prop_assert_eq!(decode(encoded.as_bytes()).unwrap(), key.as_bytes());
        }
    }
}
