//! What is said, and counted, when stored data is not what was written.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::StoreError;

/// How often it is said at most. A damaged page may be met by every request.
const SILENCE: Duration = Duration::from_secs(1);

/// The alarm of one store.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    met: AtomicU64,
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    last: Option<Instant>,
    unsaid: u64,
}

impl Alarm {
    /// Passes an outcome on, and raises the alarm if it is about damage.
    pub(crate) fn watch<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        outcome.inspect_err(|error| self.raise(error))
    }

    /// Raises the alarm if an error is about damage.
    pub(crate) fn raise(&self, error: &StoreError) {
        if !matches!(error, StoreError::Corrupt { .. }) {
            return;
        }
        self.met.fetch_add(1, Ordering::Relaxed);
        if let Some(unsaid) = self.speak(Instant::now()) {
            tracing::error!(%error, unsaid, "stored data is damaged; run presign fsck on it");
        }
    }

    /// How often damage was met.
    pub(crate) fn met(&self) -> u64 {
        self.met.load(Ordering::Relaxed)
    }

    /// Whether it is time to say something, and how often nothing was said since the last time.
    fn speak(&self, now: Instant) -> Option<u64> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.last.is_some_and(|last| now.saturating_duration_since(last) < SILENCE) {
            said.unsaid += 1;
            return None;
        }
        said.last = Some(now);
        Some(std::mem::take(&mut said.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_said_once_a_second() {
        let alarm = Alarm::default();
        let begun = Instant::now();
        assert_eq!(alarm.speak(begun), Some(0));
        for at in 1..100 {
            assert_eq!(alarm.speak(begun + Duration::from_millis(at)), None);
        }
        assert_eq!(alarm.speak(begun + SILENCE), Some(99));
        assert_eq!(alarm.speak(begun + SILENCE * 2), Some(0));
    }

    #[test]
    fn damage_is_counted_and_nothing_else() {
        let alarm = Alarm::default();
        assert_eq!(alarm.watch(Ok(1)), Ok(1));
        assert_eq!(alarm.watch::<()>(Err(StoreError::Closed)), Err(StoreError::Closed));
        assert_eq!(alarm.met(), 0);
        let damage = StoreError::Corrupt { what: "blob".into(), detail: "a flip".into() };
        assert_eq!(alarm.watch::<()>(Err(damage.clone())), Err(damage));
        assert_eq!(alarm.met(), 1);
    }
}
