//! The Range header.

use presign_s3::range::{ByteRange, ContentRange};

/// Eight bytes are the object's size, the rest is the header.
pub fn run(input: &[u8]) {
    let Some((size, header)) = input.split_first_chunk::<8>() else { return };
    let Ok(header) = std::str::from_utf8(header) else { return };
    // Small sizes are where ends meet.
    let size = u64::from_le_bytes(*size) >> (size[0] & 63);
    let range = ByteRange::parse(header);
    let expected = plain_range(header, u128::from(size));
    let Some(range) = range else {
        assert_eq!(expected, None, "{header:?}");
        return;
    };
    assert_eq!(ByteRange::parse(&range.to_string()), Some(range), "what is printed is read");
    match range.resolve(size) {
        Ok(ContentRange { first, last, size: whole }) => {
            assert!(first <= last && last < size && whole == size);
            assert_eq!(expected, Some(Some((u128::from(first), u128::from(last)))), "{header:?} of {size}");
        }
        Err(refusal) => {
            assert_eq!(refusal.status(), 416);
            assert_eq!(expected, Some(None), "{header:?} of {size}");
        }
    }
}

/// RFC 9110 §14.1.2 in numbers that cannot overflow. `None`: to be ignored. `Some(None)`: there is no such byte.
#[expect(clippy::option_option, reason = "no range and no byte are two things")]
fn plain_range(header: &str, size: u128) -> Option<Option<(u128, u128)>> {
    let number = |text: &str| -> Option<u128> {
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit()) {
            return None;
        }
        // More digits than any number of bytes has: as large as can be.
        Some(text.parse::<u128>().unwrap_or(u128::MAX).min(u128::from(u64::MAX)))
    };
    let (unit, rest) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = rest.trim().split_once('-')?;
    let (first, last) = (first.trim_end(), last.trim_start());
    let (from, to) = if first.is_empty() {
        let length = number(last)?;
        (size - length.min(size), size)
    } else if last.is_empty() {
        (number(first)?, size)
    } else {
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return None;
        }
        (first, (last + 1).min(size))
    };
    Some((from < to).then(|| (from, to - 1)))
}
