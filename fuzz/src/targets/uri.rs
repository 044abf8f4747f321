//! Percent-encoding, which the canonical request is made of.

use presign::{decode_path, encode_path};

/// The input is a path.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let decoded = decode_path(text);
    assert_eq!(decoded.as_deref().map(str::as_bytes), plain_decode(input).as_deref(), "{text:?}");
    // What is encoded comes back, whatever it was, and is spelt in the one way that signatures know.
    let encoded = encode_path(text);
    assert_eq!(encoded, plain_encode(text), "{text:?}");
    assert_eq!(decode_path(&encoded).as_deref(), Some(text));
    if let Some(decoded) = decoded {
        let canonical = encode_path(&decoded);
        assert_eq!(decode_path(&canonical).as_deref(), Some(&*decoded));
    }
}

/// As the text of RFC 3986 says, byte by byte.
fn plain_decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'%' {
            let digits = std::str::from_utf8(text.get(at + 1..at + 3)?).ok()?;
            if digits.starts_with('+') {
                return None;
            }
            out.push(u8::from_str_radix(digits, 16).ok()?);
            at += 3;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    std::str::from_utf8(&out).ok()?;
    Some(out)
}

fn plain_encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte as char);
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
