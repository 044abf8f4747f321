//! Points in time, as they are stored.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z. The store never reads a clock for one: times come from the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMillis(pub i64);

impl From<SystemTime> for UnixMillis {
    /// Rounds towards the epoch; a time past the range of `i64` becomes its end.
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
            Err(before) => Self(i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms)),
        }
    }
}

impl From<UnixMillis> for SystemTime {
    fn from(time: UnixMillis) -> Self {
        let distance = Duration::from_millis(time.0.unsigned_abs());
        if time.0 < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_time_and_back() {
        for millis in [0, 1, -1, 1_795_284_000_123] {
            assert_eq!(UnixMillis::from(SystemTime::from(UnixMillis(millis))), UnixMillis(millis));
        }
    }
}
