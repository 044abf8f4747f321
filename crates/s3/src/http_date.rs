//! Times as HTTP headers write them (RFC 9110 §5.6.7).

use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// The three forms a recipient must take: IMF-fixdate, RFC 850's, and the one of C's `asctime`.
const FORMS: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// `Sat, 21 Nov 2026 17:15:42 GMT` (IMF-fixdate).
#[must_use]
pub fn format(time: Timestamp) -> String {
    // The printer is several times as fast, and takes no years before 0.
    let printed = DateTimePrinter::new().timestamp_to_rfc9110_string(&time);
    printed.unwrap_or_else(|_| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// Reads a date in any of the three forms; `None` if it is in none of them, in which case RFC 9110 has the
/// header ignored.
///
/// The two-digit years of RFC 850's form are 1969 to 2068.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let civil = FORMS.iter().find_map(|form| DateTime::strptime(form, text).ok())?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_forms_of_the_rfc() {
        let time: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        for text in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse(text), Some(time), "{text}");
        }
        assert_eq!(format(time), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn ignores_everything_else() {
        for text in [
            "",
            "yesterday",
            "1994-11-06T08:49:37Z",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn drops_the_fraction_of_a_second() {
        let time: Timestamp = "2026-11-21T17:15:42.999Z".parse().unwrap();
        assert_eq!(format(time), "Sat, 21 Nov 2026 17:15:42 GMT");
    }
}
