//! Metadata values as they go out in a header.

use presign_s3::metadata::encode_value;

/// The input is a value.
pub fn run(input: &[u8]) {
    let Ok(value) = std::str::from_utf8(input) else { return };
    let encoded = encode_value(value);
    assert!(encoded.bytes().all(|byte| byte == b'\t' || (0x20..0x7f).contains(&byte)), "{encoded:?}");
    if encoded == value {
        return;
    }
    let mut decoded = Vec::new();
    for word in encoded.split(' ') {
        assert!(word.len() <= 75, "RFC 2047 §2: {word:?}");
        let text = word.strip_prefix("=?UTF-8?Q?").and_then(|word| word.strip_suffix("?=")).expect("a word");
        let bytes = plain_decode(text);
        assert!(std::str::from_utf8(&bytes).is_ok(), "a character is divided: {word:?}");
        decoded.extend(bytes);
    }
    assert_eq!(decoded, value.as_bytes());
}

/// RFC 2047 §4.2.
fn plain_decode(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[1..];
        match c {
            '_' => out.push(b' '),
            '=' => {
                out.push(u8::from_str_radix(&rest[..2], 16).expect("two digits"));
                rest = &rest[2..];
            }
            c => out.push(u8::try_from(c).expect("ASCII")),
        }
    }
    out
}
