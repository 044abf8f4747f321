//! Times: as people write them on the command line, and as they read them.

use std::time::SystemTime;

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use presign::Timestamp;

use crate::duration;

/// The present.
pub(crate) fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

/// Reads a time: `2026-11-21T17:15:42Z`, `20261121T171542Z`, `2026-11-21` (midnight, UTC), seconds since the
/// epoch, or `+2h` from now on.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    if let Some(span) = text.strip_prefix('+') {
        return Ok(now().plus(duration::parse(span)?));
    }
    let refuse = || {
        format!(
            "`{text}` is no time; write 2026-11-21T17:15:42Z, 20261121T171542Z, 2026-11-21, seconds since \
             1970, or +2h"
        )
    };
    let in_range =
        |seconds: i64| Some(Timestamp::from_unix(seconds)).filter(|time| time.as_unix() == seconds);
    if !text.is_empty() && text.len() != 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().and_then(in_range).ok_or_else(refuse);
    }
    if let Some(time) = Timestamp::parse_basic(text) {
        return Ok(time);
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return in_range(time.as_second()).ok_or_else(refuse);
    }
    // A date alone: jiff would take a time without its zone for one too, and drop the time.
    let midnight = Some(text).filter(|text| text.len() == 10).and_then(|text| text.parse::<Date>().ok());
    let midnight = midnight.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
    midnight.and_then(|midnight| in_range(midnight.timestamp().as_second())).ok_or_else(refuse)
}

/// A time on the clock of whoever reads it: `16:40`, with the date if that is another day than `now`.
pub(crate) fn on_local_clock(time: Timestamp, now: Timestamp) -> String {
    on_clock(time, now, &TimeZone::system())
}

fn on_clock(time: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let zoned = |time: Timestamp| -> Option<Zoned> {
        Some(jiff::Timestamp::from_second(time.as_unix()).ok()?.to_zoned(zone.clone()))
    };
    match (zoned(time), zoned(now)) {
        (Some(time), Some(now)) if time.date() == now.date() => time.strftime("%H:%M").to_string(),
        (Some(time), _) => time.strftime("%Y-%m-%d %H:%M").to_string(),
        (None, _) => time.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_time() {
        let time = Timestamp::from_unix(1_795_281_342);
        for text in ["2026-11-21T17:15:42Z", "2026-11-21T18:15:42+01:00", "20261121T171542Z", "1795281342"] {
            assert_eq!(parse(text), Ok(time), "{text}");
        }
        assert_eq!(parse("2026-11-21"), Ok(Timestamp::from_unix(1_795_219_200)));
    }

    #[test]
    fn a_time_from_now_on() {
        let later = parse("+2h").unwrap();
        assert!((7199..=7201).contains(&later.seconds_since(now())), "{later}");
    }

    #[test]
    fn what_is_no_time_is_told() {
        for text in ["", "soon", "2026-13-01", "2026-11-21T17:15:42", "99999999999999", "+", "+x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_date_is_told_only_where_it_differs() {
        let now = Timestamp::parse_basic("20261121T120000Z").unwrap();
        let told = |text| on_clock(Timestamp::parse_basic(text).unwrap(), now, &TimeZone::UTC);
        assert_eq!(told("20261121T164000Z"), "16:40");
        assert_eq!(told("20261122T004000Z"), "2026-11-22 00:40");
    }
}
