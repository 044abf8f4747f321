//! Blobs that were set aside long ago, as the times of their files say, and since when that has been seen.
//!
//! A clock that is set forward by mistake makes all files old at once. So nothing is deleted before it has been old enough for
//! an hour by a clock that nobody sets. If the other one is set right meanwhile, the hour begins anew.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::BlobId;

const HOUR: Duration = Duration::from_secs(60 * 60);
/// How many are remembered. The others have their turn when these are deleted.
const MAX: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct OldEnough {
    since: Mutex<HashMap<BlobId, Instant>>,
}

impl OldEnough {
    /// Whether a blob that is at least `min_age` old by the time of its file has been so for an hour, or for `min_age` where that is
    /// shorter.
    pub(super) fn for_an_hour(&self, id: BlobId, min_age: Duration) -> bool {
        if min_age.is_zero() {
            return true;
        }
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        match since.get(&id) {
            Some(since) => since.elapsed() >= HOUR.min(min_age),
            None => {
                if since.len() < MAX {
                    since.insert(id, Instant::now());
                }
                false
            }
        }
    }

    /// It is younger, or is not there any more.
    pub(super) fn forget(&self, id: BlobId) {
        self.since.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[tokio::test(start_paused = true)]
    async fn an_hour_has_to_pass_by_a_clock_that_nobody_sets() {
        let (old_enough, id, other) = (OldEnough::default(), BlobId([1; 16]), BlobId([2; 16]));
        assert!(!old_enough.for_an_hour(id, DAY));
        tokio::time::advance(HOUR.checked_sub(Duration::from_secs(1)).unwrap()).await;
        assert!(!old_enough.for_an_hour(id, DAY) && !old_enough.for_an_hour(other, DAY));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(old_enough.for_an_hour(id, DAY) && !old_enough.for_an_hour(other, DAY));
        old_enough.forget(id);
        assert!(!old_enough.for_an_hour(id, DAY));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(old_enough.for_an_hour(id, Duration::from_secs(60)), "no longer than it is kept");
        assert!(old_enough.for_an_hour(BlobId([3; 16]), Duration::ZERO));
    }
}
