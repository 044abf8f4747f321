//! Times as S3's listings write them (ISO 8601, always UTC).

use jiff::Timestamp;

/// `2026-11-21T17:15:42.000Z`. S3 keeps whole seconds and always prints zero
/// milliseconds, so that the time in a listing equals the one in `Last-Modified`.
pub(crate) fn in_listing(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_whole_seconds() {
        let time: Timestamp = "2026-11-21T17:15:42.987Z".parse().unwrap();
        assert_eq!(in_listing(time), "2026-11-21T17:15:42.000Z");
    }
}
