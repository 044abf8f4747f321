//! What is said when the disk is full, and when it no longer is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use presign::RequestText;
use presign_store::StoreError;
use tokio::time::Instant;

use super::announcement::Announcement;

/// How often a full disk is said at most: each upload may meet it. It is also how long no upload must have met it before it
/// is said to have room again, since small ones may find some where large ones do not.
const SILENCE: Duration = Duration::from_secs(60);

/// Whether the disk of a store is full, going by what happened to its uploads.
#[derive(Debug, Default)]
pub(crate) struct FullDisk {
    /// Whether there is anything to look at. Uploads to a disk with room read this and no more.
    is_full: AtomicBool,
    state: Mutex<Option<Full>>,
}

#[derive(Debug)]
struct Full {
    announcement: Announcement,
    /// When something was last refused.
    refused: Instant,
}

impl FullDisk {
    /// A request was refused for it.
    pub(super) fn refused(&self, error: &StoreError, now: Instant) {
        if let Some(unsaid) = self.note_refusal(now) {
            tracing::error!(error = %RequestText::from(error.to_string()), unsaid, "the disk is full: uploads are refused");
        }
    }

    /// An upload found room.
    pub(super) fn took(&self, now: impl FnOnce() -> Instant) {
        if self.is_full.load(Ordering::Relaxed)
            && let Some(unsaid) = self.note_room(now())
        {
            tracing::info!(unsaid, "the disk has room again");
        }
    }

    /// Whether it is time to say so, and how many refusals were not said since the last time.
    fn note_refusal(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_full.store(true, Ordering::Relaxed);
        let full = state.get_or_insert_with(|| Full { announcement: Announcement::default(), refused: now });
        full.refused = now;
        full.announcement.meet(now, SILENCE)
    }

    /// Whether it is over, and how many refusals were not said.
    fn note_room(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let over = state.take_if(|full| now.duration_since(full.refused) >= SILENCE)?;
        self.is_full.store(false, Ordering::Relaxed);
        Some(over.announcement.unsaid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_said_once_a_minute_with_what_was_left_out() {
        let disk = FullDisk::default();
        let begun = Instant::now();
        assert_eq!(disk.note_refusal(begun), Some(0));
        for second in 1..60 {
            assert_eq!(disk.note_refusal(begun + Duration::from_secs(second)), None);
        }
        assert_eq!(disk.note_refusal(begun + SILENCE), Some(59));
        assert_eq!(disk.note_refusal(begun + SILENCE * 2), Some(0));
    }

    #[test]
    fn it_has_room_again_once_nothing_was_refused_for_a_minute() {
        let disk = FullDisk::default();
        let begun = Instant::now();
        assert_eq!(disk.note_room(begun), None, "it was never full");
        disk.note_refusal(begun);
        disk.note_refusal(begun + Duration::from_secs(1));
        assert_eq!(disk.note_room(begun + SILENCE), None, "a small upload may have found a gap");
        assert_eq!(disk.note_room(begun + SILENCE + Duration::from_secs(1)), Some(1));
        assert_eq!(disk.note_room(begun + SILENCE * 2), None, "said once");
        assert_eq!(disk.note_refusal(begun + SILENCE * 2), Some(0), "full once more");
    }
}
