//! Blobs that are visible and have no row yet, because their commit is on its way.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::BlobId;

/// The set of them. The orphan collector leaves them alone, however old their bytes are.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlight {
    ids: Arc<Mutex<HashSet<BlobId>>>,
}

impl InFlight {
    /// Protects a blob until the mark is dropped. To be called before the blob becomes visible.
    pub(crate) fn mark(&self, id: BlobId) -> Mark {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        Mark { set: self.clone(), id, keep: false }
    }

    /// Whether the blob is protected.
    pub(crate) fn contains(&self, id: BlobId) -> bool {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }
}

/// The protection of one blob.
#[derive(Debug)]
pub(crate) struct Mark {
    set: InFlight,
    id: BlobId,
    keep: bool,
}

impl Mark {
    /// Protects the blob for as long as this process runs: its commit failed in a way that leaves it open whether the
    /// row will be there at the next start.
    pub(crate) fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if !self.keep {
            self.set.ids.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_ends_unless_it_is_kept() {
        let set = InFlight::default();
        let (ends, kept) = (BlobId([1; 16]), BlobId([2; 16]));
        let mark = set.mark(ends);
        assert!(set.contains(ends));
        drop(mark);
        assert!(!set.contains(ends));
        set.mark(kept).keep();
        assert!(set.contains(kept));
    }
}
