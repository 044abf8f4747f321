//! Points in time, in the two spellings that S3 signatures use.

use std::fmt;
use std::str;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::Offset;

/// A point in time, in whole seconds since the Unix epoch.
///
/// Signatures know nothing finer than a second, and this crate never reads a clock: a time is always an
/// argument. The range is that of years 0000 to 9999, the only ones the signature's date format can spell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 0000-01-01T00:00:00Z.
const EARLIEST: i64 = -62_167_219_200;
/// 9999-12-30T22:00:00Z, the last instant that every calendar step below can hold.
const LATEST: i64 = 253_402_207_200;

impl Timestamp {
    /// The time that many seconds after the epoch, brought into the range of this type.
    pub const fn from_unix(seconds: i64) -> Self {
        if seconds < EARLIEST {
            Timestamp(EARLIEST)
        } else if seconds > LATEST {
            Timestamp(LATEST)
        } else {
            Timestamp(seconds)
        }
    }

    /// Seconds since the Unix epoch.
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// Reads the ISO 8601 long basic form, `20130524T000000Z`, the only one that `X-Amz-Date` may have.
    pub fn parse_basic(text: &str) -> Option<Self> {
        let bytes: &[u8; 16] = text.as_bytes().try_into().ok()?;
        let [y0, y1, y2, y3, mo0, mo1, d0, d1, b'T', h0, h1, mi0, mi1, s0, s1, b'Z'] = *bytes else {
            return None;
        };
        let two = |tens: u8, ones: u8| -> Option<i8> {
            (tens.is_ascii_digit() && ones.is_ascii_digit())
                .then(|| ((tens - b'0') * 10 + (ones - b'0')) as i8)
        };
        let year = i16::from(two(y0, y1)?) * 100 + i16::from(two(y2, y3)?);
        let civil = jiff::civil::DateTime::new(
            year,
            two(mo0, mo1)?,
            two(d0, d1)?,
            two(h0, h1)?,
            two(mi0, mi1)?,
            two(s0, s1)?,
            0,
        )
        .ok()?;
        Some(Timestamp::from_unix(Offset::UTC.to_timestamp(civil).ok()?.as_second()))
    }

    /// Like [`Timestamp::parse_basic`], with the text kept for what is signed.
    pub(crate) fn parse_basic_text(text: &str) -> Option<(Self, BasicTime)> {
        let time = Timestamp::parse_basic(text)?;
        Some((time, BasicTime(text.as_bytes().try_into().ok()?)))
    }

    /// The ISO 8601 long basic form, `20130524T000000Z`.
    pub fn basic(self) -> BasicTime {
        let mut text = *b"00000000T000000Z";
        if let Ok(at) = jiff::Timestamp::from_second(self.0) {
            let civil = Offset::UTC.to_datetime(at);
            let year = civil.year().unsigned_abs();
            let fields = [
                (0, (year / 100) as u8),
                (2, (year % 100) as u8),
                (4, civil.month() as u8),
                (6, civil.day() as u8),
                (9, civil.hour() as u8),
                (11, civil.minute() as u8),
                (13, civil.second() as u8),
            ];
            for (at, value) in fields {
                if let Some([tens, ones]) = text.get_mut(at..at + 2) {
                    *tens = b'0' + value / 10;
                    *ones = b'0' + value % 10;
                }
            }
        }
        BasicTime(text)
    }

    /// This time moved forward.
    pub fn plus(self, life: Duration) -> Self {
        Timestamp::from_unix(self.0.saturating_add(i64::try_from(life.as_secs()).unwrap_or(i64::MAX)))
    }

    /// Seconds from `earlier` to this time; negative when this time is the earlier one.
    pub const fn seconds_since(self, earlier: Timestamp) -> i64 {
        self.0 - earlier.0
    }

    /// This time rounded down to a multiple of `window` since the epoch; a window under a second changes
    /// nothing.
    pub fn rounded_down(self, window: Duration) -> Self {
        match i64::try_from(window.as_secs()) {
            Ok(window) if window > 0 => Timestamp::from_unix(self.0 - self.0.rem_euclid(window)),
            _ => self,
        }
    }
}

/// The extended form, `2013-05-24T00:00:00Z`, which S3's error bodies and POST policies use.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let basic = self.basic();
        let text = basic.as_str();
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        write!(
            f,
            "{}-{}-{}T{}:{}:{}Z",
            part(0, 4),
            part(4, 6),
            part(6, 8),
            part(9, 11),
            part(11, 13),
            part(13, 15)
        )
    }
}

/// Fractions of a second are dropped.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Timestamp::from_unix(i64::try_from(after.as_secs()).unwrap_or(i64::MAX)),
            Err(before) => {
                let before = before.duration();
                let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                Timestamp::from_unix(-whole - i64::from(before.subsec_nanos() > 0))
            }
        }
    }
}

/// A time as `20130524T000000Z`, kept on the stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BasicTime([u8; 16]);

impl BasicTime {
    /// The sixteen characters.
    pub fn as_str(&self) -> &str {
        // Only ASCII digits, `T` and `Z` are ever written.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The day alone, `20130524`, as the credential scope has it.
    pub fn date(&self) -> &str {
        self.as_str().get(..8).unwrap_or_default()
    }
}

impl fmt::Debug for BasicTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings() {
        let time = Timestamp::from_unix(1_369_353_600);
        assert_eq!(time.basic().as_str(), "20130524T000000Z");
        assert_eq!(time.basic().date(), "20130524");
        assert_eq!(time.to_string(), "2013-05-24T00:00:00Z");
        assert_eq!(Timestamp::parse_basic("20130524T000000Z"), Some(time));
    }

    #[test]
    fn only_real_times_parse() {
        assert!(Timestamp::parse_basic("20240229T235959Z").is_some());
        for bad in [
            "20230229T000000Z",
            "20240229T240000Z",
            "20240229T235960Z",
            "20240229t235959Z",
            "20240229T235959",
            "+0240229T235959Z",
            "2024-02-29T23:59:59Z",
            "",
        ] {
            assert_eq!(Timestamp::parse_basic(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_spelt_and_read_back() {
        for end in [i64::MIN, i64::MAX] {
            let time = Timestamp::from_unix(end);
            assert_eq!(Timestamp::parse_basic(time.basic().as_str()), Some(time));
        }
    }

    #[test]
    fn rounding_goes_down_on_both_sides_of_the_epoch() {
        let hour = Duration::from_secs(3600);
        assert_eq!(Timestamp::from_unix(7199).rounded_down(hour).as_unix(), 3600);
        assert_eq!(Timestamp::from_unix(7200).rounded_down(hour).as_unix(), 7200);
        assert_eq!(Timestamp::from_unix(-1).rounded_down(hour).as_unix(), -3600);
        assert_eq!(Timestamp::from_unix(7199).rounded_down(Duration::ZERO).as_unix(), 7199);
    }

    #[test]
    fn system_times_round_down() {
        let before = UNIX_EPOCH - Duration::from_millis(1500);
        assert_eq!(Timestamp::from(before).as_unix(), -2);
        assert_eq!(Timestamp::from(UNIX_EPOCH + Duration::from_millis(1500)).as_unix(), 1);
    }
}
