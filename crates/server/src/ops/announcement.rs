//! What many requests meet, and what is said once for all of them.

use std::time::Duration;

use tokio::time::Instant;

/// One thing that is said from time to time.
#[derive(Debug, Default)]
pub(crate) struct Announcement {
    said: Option<Instant>,
    unsaid: u64,
}

impl Announcement {
    /// A request met it. Whether it is time to say so, which it is once in each `silence`, and how many that met it since the
    /// last time went unsaid.
    pub(crate) fn meet(&mut self, now: Instant, silence: Duration) -> Option<u64> {
        if self.said.is_some_and(|said| now.saturating_duration_since(said) < silence) {
            self.unsaid += 1;
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }

    /// How many that met it went unsaid.
    pub(super) fn unsaid(&self) -> u64 {
        self.unsaid
    }
}
