//! A length of time in words.

use std::fmt;

/// Seconds, written as people say them: in the two largest units that they fill.
pub(super) struct Span(pub(super) u64);

impl Span {
    /// The length of a difference, whichever way it goes.
    pub(super) fn of(seconds: i64) -> Self {
        Span(seconds.unsigned_abs())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
        let mut rest = self.0;
        let mut written = 0;
        for (seconds, unit) in UNITS {
            let count = rest / seconds;
            if count > 0 {
                let space = if written > 0 { " " } else { "" };
                let plural = if count > 1 { "s" } else { "" };
                write!(f, "{space}{count} {unit}{plural}")?;
                written += 1;
                rest %= seconds;
            }
            if written == 2 {
                break;
            }
        }
        if written == 0 { f.write_str("0 seconds") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_at_most() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (61, "1 minute 1 second"),
            (3_600, "1 hour"),
            (604_799, "6 days 23 hours"),
            (86_460, "1 day 1 minute"),
        ] {
            assert_eq!(Span(seconds).to_string(), words);
        }
        assert_eq!(Span::of(-90).to_string(), "1 minute 30 seconds");
    }
}
