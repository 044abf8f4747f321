//! The `Date` of an answer (RFC 9110, section 6.6.1), written once a second for each thread.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::header::HeaderValue;
use jiff::Timestamp;
use presign_s3::http_date;

/// A second and its header. Known by equality: a clock that is set back is followed at once, as one that goes on is.
struct Known {
    second: Option<u64>,
    header: HeaderValue,
}

thread_local! {
    static KNOWN: RefCell<Known> =
        const { RefCell::new(Known { second: None, header: HeaderValue::from_static("") }) };
}

/// The header at that time.
pub(super) fn header(now: SystemTime) -> HeaderValue {
    let second = seconds(now);
    KNOWN.with_borrow_mut(|known| {
        if known.second != Some(second) {
            known.header = HeaderValue::try_from(text(now)).unwrap_or(HeaderValue::from_static(""));
            known.second = Some(second);
        }
        known.header.clone()
    })
}

/// Its text.
pub(super) fn text(now: SystemTime) -> String {
    // Only a clock that is off by thousands of years is past what a calendar holds.
    http_date::format(Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH))
}

fn seconds(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_was_set_forward_and_back_is_followed() {
        let noon = UNIX_EPOCH + Duration::from_secs(1_795_262_400);
        let hour = Duration::from_secs(3600);
        for (now, expected) in [
            (noon, "Sat, 21 Nov 2026 12:00:00 GMT"),
            (noon + Duration::from_millis(999), "Sat, 21 Nov 2026 12:00:00 GMT"),
            (noon + hour, "Sat, 21 Nov 2026 13:00:00 GMT"),
            (noon, "Sat, 21 Nov 2026 12:00:00 GMT"),
        ] {
            assert_eq!(header(now), expected);
        }
    }
}
