//! Durations as people write them: `3600`, `15m`, `24h`, `7d`.

use std::time::Duration;

/// Reads a number of seconds, or numbers with the units `s`, `m`, `h`, `d` and `w`, as in `1h30m`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let refuse = || format!("`{text}` is no duration; write seconds (3600), or 90s, 15m, 24h, 7d, 1h30m");
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(Duration::from_secs).map_err(|_| refuse());
    }
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let mut units = tail.chars();
        let unit = match units.next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            _ => return Err(refuse()),
        };
        let number: u64 = number.parse().map_err(|_| refuse())?;
        total = number.checked_mul(unit).and_then(|part| total.checked_add(part)).ok_or_else(refuse)?;
        rest = units.as_str();
    }
    Ok(Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_duration() {
        for (text, seconds) in [
            ("0", 0),
            ("3600", 3600),
            ("45s", 45),
            ("15m", 900),
            ("24h", 86_400),
            ("7d", 604_800),
            ("1w", 604_800),
            ("1h30m", 5400),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_told() {
        for text in
            ["-5", "1.5h", "h", "10x", "15 m", "m15", "99999999999999999999", "99999999999999w", "5m3"]
        {
            assert!(parse(text).is_err_and(|why| why.contains(text) && why.contains("15m")), "{text}");
        }
    }

    #[test]
    fn an_empty_text_is_no_duration() {
        assert!(parse("").is_err());
    }
}
