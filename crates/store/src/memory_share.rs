//! Memory for bytes on their way to the disk, shared by all uploads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What all uploads gather together, as long as each has more than the least.
const TOGETHER: usize = 64 << 20;
const LEAST: usize = 64 * 1024;
/// What an upload gathers where there are few.
const MOST: usize = 1 << 20;

/// How many share.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryShare(Arc<AtomicUsize>);

/// A part in it, until it is dropped.
#[derive(Debug)]
pub(crate) struct Member(Arc<AtomicUsize>);

impl MemoryShare {
    pub(crate) fn join(&self) -> Member {
        self.0.fetch_add(1, Ordering::Relaxed);
        Member(Arc::clone(&self.0))
    }
}

impl Member {
    /// How many bytes this one may gather now. A client that stops sending holds them for as long as it is borne with.
    pub(crate) fn bytes(&self) -> usize {
        (TOGETHER / self.0.load(Ordering::Relaxed).max(1)).clamp(LEAST, MOST)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_there_are_the_less_each_has() {
        let share = MemoryShare::default();
        let first = share.join();
        assert_eq!(first.bytes(), MOST);
        let others: Vec<Member> = (1..256).map(|_| share.join()).collect();
        assert_eq!(first.bytes(), TOGETHER / 256);
        let crowd: Vec<Member> = (0..10_000).map(|_| share.join()).collect();
        assert_eq!(first.bytes(), LEAST);
        drop((others, crowd));
        assert_eq!(first.bytes(), MOST);
    }
}
