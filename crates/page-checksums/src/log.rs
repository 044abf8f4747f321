//! What this process wrote into write-ahead logs.

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::num::NonZeroU64;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock, Weak};

use crc_fast::CrcAlgorithm;

/// Lengths in a log. <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>
const HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// The checksums of the pages in one log, shared by all connections to its database.
#[derive(Debug, Default)]
pub(crate) struct LogSums {
    sums: RwLock<Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    page_size: usize,
    /// By frame; `None`: not written by this process. 8 bytes each.
    frames: Vec<Option<NonZeroU64>>,
}

impl LogSums {
    /// The sums of the log at this path, the same ones for every connection that has it open.
    pub(crate) fn of(path: &CStr) -> Arc<Self> {
        static OPEN: LazyLock<Mutex<HashMap<CString, Weak<LogSums>>>> = LazyLock::new(Mutex::default);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sums) = open.get(path).and_then(Weak::upgrade) {
            return sums;
        }
        open.retain(|_, sums| sums.strong_count() > 0);
        let sums = Arc::new(Self::default());
        open.insert(path.to_owned(), Arc::downgrade(&sums));
        sums
    }

    /// Remembers what is written at this offset.
    pub(crate) fn wrote(&self, offset: u64, bytes: &[u8]) {
        let is_header = bytes.len() as u64 == if offset == 0 { HEADER_BYTES } else { FRAME_HEADER_BYTES };
        let Some(frame) = frame(offset, bytes.len()) else {
            // Nothing else is written in one piece; whatever it was, nothing is known for sure any more.
            if !is_header {
                self.forget();
            }
            return;
        };
        let sum = checksum(bytes);
        let mut sums = self.sums.write().unwrap_or_else(PoisonError::into_inner);
        if sums.page_size != bytes.len() {
            *sums = Sums { page_size: bytes.len(), frames: Vec::new() };
        }
        if sums.frames.len() <= frame {
            sums.frames.resize(frame + 1, None);
        }
        if let Some(place) = sums.frames.get_mut(frame) {
            *place = Some(sum);
        }
    }

    /// Compares what was read at this offset with what was written there, as far as that is known. `Err`: the number of the
    /// frame that is not what was written, counted from 1.
    pub(crate) fn verify(&self, offset: u64, bytes: &[u8]) -> Result<(), u64> {
        let Some(frame) = frame(offset, bytes.len()) else { return Ok(()) };
        let sums = self.sums.read().unwrap_or_else(PoisonError::into_inner);
        let known = sums.frames.get(frame).copied().flatten().filter(|_| sums.page_size == bytes.len());
        drop(sums);
        match known {
            Some(sum) if sum != checksum(bytes) => Err(frame as u64 + 1),
            _ => Ok(()),
        }
    }

    /// Knows nothing any more, as after the log was cut off.
    pub(crate) fn forget(&self) {
        *self.sums.write().unwrap_or_else(PoisonError::into_inner) = Sums::default();
    }
}

/// Which frame's page is at this offset, if one of this size can be.
fn frame(offset: u64, size: usize) -> Option<usize> {
    let first = HEADER_BYTES + FRAME_HEADER_BYTES;
    let behind = offset.checked_sub(first)?;
    let stride = size as u64 + FRAME_HEADER_BYTES;
    let is_page = size >= 512 && size.is_power_of_two() && behind.is_multiple_of(stride);
    is_page.then(|| usize::try_from(behind / stride).ok())?
}

/// The checksum, with 1 for 0: of 2^64 sums two are one, and "unknown" needs no byte of its own.
fn checksum(bytes: &[u8]) -> NonZeroU64 {
    NonZeroU64::new(crc_fast::checksum(CrcAlgorithm::Crc64Nvme, bytes)).unwrap_or(NonZeroU64::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(frame: u64) -> u64 {
        56 + frame * (24 + 4096)
    }

    #[test]
    fn what_was_written_is_known_until_it_is_forgotten() {
        let sums = LogSums::default();
        let (one, other) = (vec![1; 4096], vec![2; 4096]);
        sums.wrote(0, &[9; 32]);
        for (frame, page) in [(0, &one), (1, &other)] {
            sums.wrote(at(frame) - 24, &[9; 24]);
            sums.wrote(at(frame), page);
        }
        assert_eq!(sums.verify(at(0), &one), Ok(()));
        assert_eq!(sums.verify(at(1), &one), Err(2));
        assert_eq!(sums.verify(at(1), &other), Ok(()));
        // What was not written by this process, and what is no page.
        assert_eq!(sums.verify(at(7), &one), Ok(()));
        assert_eq!(sums.verify(32, &[5; 24]), Ok(()));
        // Written over.
        sums.wrote(at(1), &one);
        assert_eq!(sums.verify(at(1), &one), Ok(()));
        sums.wrote(at(0) + 100, &[1; 300]);
        assert_eq!(sums.verify(at(1), &other), Ok(()));
    }

    #[test]
    fn a_page_costs_8_bytes() {
        let sums = LogSums::default();
        sums.wrote(at(999), &[1; 4096]);
        let frames = &sums.sums.read().unwrap().frames;
        assert_eq!(size_of_val(frames.as_slice()), 1000 * 8);
    }

    #[test]
    fn all_connections_share_what_is_known() {
        let path = c"/data/metadata.sqlite-wal";
        let first = LogSums::of(path);
        first.wrote(at(0), &[1; 4096]);
        let second = LogSums::of(path);
        assert_eq!(second.verify(at(0), &[2; 4096]), Err(1));
        assert_eq!(LogSums::of(c"/other/metadata.sqlite-wal").verify(at(0), &[2; 4096]), Ok(()));
        drop((first, second));
        assert_eq!(LogSums::of(path).verify(at(0), &[2; 4096]), Ok(()));
    }
}
