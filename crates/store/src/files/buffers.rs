//! Buffers that files are read into, kept for the next read.
//!
//! A buffer of this size, made anew for every read, is memory that the system has to find, to clear and to take back
//! each time; and the next one is never in the processor's cache. Each is a mapping of its own, since malloc would keep what a
//! crowd of readers needed once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use memmap2::MmapMut;

/// The length of a buffer that is kept.
pub(super) const BUFFER_BYTES: usize = 256 * 1024;
/// Reads shorter than this get memory of their own: a small answer must not hold on to a large buffer.
const LEAST_BYTES: usize = 32 * 1024;
/// How many are kept for later: 8 MiB.
const KEPT: usize = 32;
/// How many may be in use before readers are to take less at once: 64 MiB. Who does not read his answer holds one.
const CROWD: usize = 256;

/// Buffers that are not in use. Cloning it makes another handle on the same ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers(Arc<Pool>);

#[derive(Debug, Default)]
struct Pool {
    kept: Mutex<Vec<MmapMut>>,
    in_use: AtomicUsize,
}

/// A buffer in use. When the last [`Bytes`] of it is dropped it goes back.
pub(super) struct Buffer {
    memory: Memory,
    length: usize,
}

enum Memory {
    /// Of its own length.
    Own(Vec<u8>),
    /// One that is kept afterwards; it is there until it is dropped.
    Lent(Option<MmapMut>, Buffers),
}

impl Buffers {
    /// A buffer of that length, with anything in it.
    pub(super) fn take(&self, length: usize) -> Buffer {
        let is_for_a_crowd = length < BUFFER_BYTES && self.are_scarce();
        let lent = match (LEAST_BYTES..=BUFFER_BYTES).contains(&length) && !is_for_a_crowd {
            true => self.kept().pop().or_else(|| MmapMut::map_anon(BUFFER_BYTES).ok()),
            false => None,
        };
        let memory = match lent {
            Some(lent) => {
                self.0.in_use.fetch_add(1, Ordering::Relaxed);
                Memory::Lent(Some(lent), self.clone())
            }
            None => Memory::Own(vec![0; length]),
        };
        Buffer { memory, length }
    }

    /// Whether so many are in use that a reader is to take less at once than a whole one.
    pub(super) fn are_scarce(&self) -> bool {
        self.0.in_use.load(Ordering::Relaxed) >= CROWD
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<MmapMut>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buffer {
    /// The bytes to be written over.
    pub(super) fn as_mut(&mut self) -> &mut [u8] {
        let all: &mut [u8] = match &mut self.memory {
            Memory::Own(bytes) => bytes,
            Memory::Lent(lent, _) => lent.as_deref_mut().unwrap_or_default(),
        };
        all.get_mut(..self.length).unwrap_or_default()
    }

    /// The first `length` of the bytes.
    pub(super) fn freeze(mut self, length: usize) -> Bytes {
        self.length = length.min(self.length);
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        let all: &[u8] = match &self.memory {
            Memory::Own(bytes) => bytes,
            Memory::Lent(lent, _) => lent.as_deref().unwrap_or_default(),
        };
        all.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Memory::Lent(lent, home) = &mut self.memory else { return };
        home.0.in_use.fetch_sub(1, Ordering::Relaxed);
        let mut kept = home.kept();
        if kept.len() < KEPT {
            kept.extend(lent.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(buffers: &Buffers) -> usize {
        buffers.kept().len()
    }

    #[test]
    fn a_buffer_comes_back_when_nobody_reads_it_any_more() {
        let buffers = Buffers::default();
        let mut buffer = buffers.take(BUFFER_BYTES);
        buffer.as_mut().fill(7);
        let bytes = buffer.freeze(100_000);
        let part = bytes.slice(99_990..);
        drop(bytes);
        assert_eq!((&part[..], count(&buffers)), (&[7; 10][..], 0));
        drop(part);
        assert_eq!(count(&buffers), 1);
        let mut again = buffers.take(LEAST_BYTES);
        assert_eq!((again.as_mut().len(), count(&buffers)), (LEAST_BYTES, 0));
    }

    #[test]
    fn small_reads_and_a_crowd_keep_nothing() {
        let buffers = Buffers::default();
        for length in [0, LEAST_BYTES - 1, BUFFER_BYTES + 1] {
            let mut buffer = buffers.take(length);
            assert_eq!(buffer.as_mut().len(), length);
            assert_eq!(buffer.freeze(length).len(), length);
        }
        assert_eq!(count(&buffers), 0);
        let crowd: Vec<Buffer> = (0..2 * KEPT).map(|_| buffers.take(BUFFER_BYTES)).collect();
        drop(crowd);
        assert_eq!(count(&buffers), KEPT);
    }

    #[test]
    fn a_crowd_of_readers_gets_no_more_than_it_asks_for() {
        let buffers = Buffers::default();
        let crowd: Vec<Buffer> = (0..CROWD).map(|_| buffers.take(LEAST_BYTES)).collect();
        assert!(buffers.are_scarce());
        let mut one_more = buffers.take(2 * LEAST_BYTES);
        assert!(matches!(&one_more.memory, Memory::Own(bytes) if bytes.len() == 2 * LEAST_BYTES));
        one_more.as_mut().fill(7);
        assert_eq!(one_more.freeze(5)[..], [7; 5]);
        drop(crowd);
        assert!(!buffers.are_scarce());
        assert!(matches!(buffers.take(2 * LEAST_BYTES).memory, Memory::Lent(..)));
    }
}
