//! Times: the three forms of HTTP, and the one of signatures.

use presign::Timestamp;
use presign_s3::http_date;

/// The input is a date.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(time) = Timestamp::parse_basic(text) {
        let again = time.basic();
        assert_eq!(Timestamp::parse_basic(again.as_str()), Some(time));
        // A leap second is the second after it; the last hours of 9999 are past what can be held.
        let is_ordinary = !text.ends_with("60Z") && !text.starts_with("9999123");
        assert!(!is_ordinary || again.as_str() == text, "{text:?} is printed {:?}", again.as_str());
    }
    if let Some(time) = http_date::parse(text) {
        let printed = http_date::format(time);
        let year = time.strftime("%Y").to_string();
        // HTTP has years of four digits.
        if year.len() == 4 && !year.starts_with('-') {
            assert_eq!(http_date::parse(&printed), Some(time), "{text:?} is printed {printed:?}");
        }
    }
}
