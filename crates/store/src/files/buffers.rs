//! Buffers that files are read into, kept for the next read.
//!
//! A buffer of this size, made anew for every read, is memory that the system has to find, to clear and to take back
//! each time; and the next one is never in the processor's cache.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// The length of a buffer that is kept.
pub(super) const BUFFER_BYTES: usize = 256 * 1024;
/// Reads shorter than this get memory of their own: a small answer must not hold on to a large buffer.
const LEAST_BYTES: usize = 32 * 1024;
/// How many are kept for later: 8 MiB.
const KEPT: usize = 32;

/// Buffers that are not in use. Cloning it makes another handle on the same ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers(Arc<Mutex<Vec<Box<[u8]>>>>);

/// A buffer in use. When the last [`Bytes`] of it is dropped it goes back.
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    length: usize,
    /// `None`: it is not kept.
    home: Option<Buffers>,
}

impl Buffers {
    /// A buffer of that length, with anything in it.
    pub(super) fn take(&self, length: usize) -> Buffer {
        if !(LEAST_BYTES..=BUFFER_BYTES).contains(&length) {
            return Buffer { bytes: vec![0; length].into(), length, home: None };
        }
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let bytes = kept.unwrap_or_else(|| vec![0; BUFFER_BYTES].into());
        Buffer { bytes, length, home: Some(self.clone()) }
    }
}

impl Buffer {
    /// The bytes to be written over.
    pub(super) fn as_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.length).unwrap_or_default()
    }

    /// The first `length` of the bytes.
    pub(super) fn freeze(mut self, length: usize) -> Bytes {
        self.length = length.min(self.length);
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Some(home) = self.home.take() else { return };
        let mut kept = home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(buffers: &Buffers) -> usize {
        buffers.0.lock().unwrap().len()
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
}
