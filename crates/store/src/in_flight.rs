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

    /// Those of these blobs that are not protected.
    pub(crate) fn without(&self, ids: &[BlobId]) -> Vec<BlobId> {
        let protected = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.iter().copied().filter(|id| !protected.contains(id)).collect()
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
        assert_eq!(set.without(&[ends, kept]), [kept]);
        drop(mark);
        assert_eq!(set.without(&[ends, kept]), [ends, kept]);
        set.mark(kept).keep();
        assert_eq!(set.without(&[ends, kept]), [ends]);
    }
}
