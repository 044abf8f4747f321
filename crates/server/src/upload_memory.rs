//! The memory that uploads gather their bodies in: one budget for all of them.
//!
//! An upload reserves memory before it takes more of its body, and gives it back when those bytes are on the disk. Where the
//! budget is spent, an upload waits with its bytes still in the kernel's buffers, and the client with it. An upload whose
//! client says nothing meanwhile puts what it has on the disk and gives its memory back: nobody waits for a client that
//! stands still, however many of them there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// What memory is counted in.
const UNIT_BYTES: usize = 4 * 1024;
/// What one upload takes at once: as much as lets the disk work well where there is plenty, and no less than lets an upload
/// get on where there is not.
const MOST_UNITS: usize = (1 << 20) / UNIT_BYTES;
const LEAST_UNITS: usize = (64 * 1024) / UNIT_BYTES;
/// One upload takes no more than this part of what is left.
const SHARE: usize = 8;
/// Smaller pieces of a body are copied together. Each would otherwise hold on to the whole buffer that it was read into.
const COPIED_BELOW: usize = 32 * 1024;
/// What they are copied into.
const COPY_BYTES: usize = 64 * 1024;

/// The budget.
#[derive(Debug)]
pub(crate) struct UploadMemory {
    units: Arc<Semaphore>,
    /// Uploads that wait for memory.
    waiting: AtomicUsize,
    wanted: Notify,
}

/// Memory that is spoken for, until the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Reservation {
    _units: Arc<OwnedSemaphorePermit>,
    bytes: usize,
}

impl UploadMemory {
    /// A budget of that many bytes, and of no less than one upload needs.
    pub(crate) fn new(bytes: u64) -> Self {
        let units = usize::try_from(bytes / UNIT_BYTES as u64).unwrap_or(usize::MAX);
        // A semaphore that is asked for more permits than it can count panics.
        let total = units.clamp(LEAST_UNITS, Semaphore::MAX_PERMITS);
        Self { units: Arc::new(Semaphore::new(total)), waiting: AtomicUsize::new(0), wanted: Notify::new() }
    }

    /// Memory for up to `left` bytes more, if there is some at once.
    pub(crate) fn try_reserve(&self, left: u64) -> Option<Reservation> {
        let share = self.units.available_permits() / SHARE;
        self.take(left, share.clamp(LEAST_UNITS, MOST_UNITS))
    }

    fn take(&self, left: u64, most: usize) -> Option<Reservation> {
        let units = units(left, most);
        let taken = Arc::clone(&self.units).try_acquire_many_owned(units).ok()?;
        Some(Reservation::new(taken))
    }

    /// Memory for up to `left` bytes more, once there is some. Those who came before are served before.
    ///
    /// To be called with no memory in hand, or uploads would wait for each other.
    pub(crate) async fn reserve(&self, left: u64) -> Option<Reservation> {
        let _waiting = Waiting::new(self);
        let units = units(left, LEAST_UNITS);
        // It is never closed.
        let taken = Arc::clone(&self.units).acquire_many_owned(units).await.ok()?;
        Some(Reservation::new(taken))
    }

    /// Waits until somebody waits for memory.
    pub(crate) async fn is_wanted(&self) {
        loop {
            let wanted = self.wanted.notified();
            if self.waiting.load(Ordering::SeqCst) > 0 {
                return;
            }
            wanted.await;
        }
    }

    /// How many bytes are not spoken for.
    #[cfg(test)]
    fn free(&self) -> usize {
        self.units.available_permits() * UNIT_BYTES
    }
}

/// How many units up to `left` bytes take, and no more than `most`.
fn units(left: u64, most: usize) -> u32 {
    let needed = usize::try_from(left.div_ceil(UNIT_BYTES as u64)).unwrap_or(usize::MAX);
    u32::try_from(needed.clamp(1, most)).unwrap_or(u32::MAX)
}

impl Reservation {
    fn new(units: OwnedSemaphorePermit) -> Self {
        let bytes = units.num_permits() * UNIT_BYTES;
        Self { _units: Arc::new(units), bytes }
    }

    /// How many bytes it is for.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Counts one that waits.
struct Waiting<'m>(&'m UploadMemory);

impl<'m> Waiting<'m> {
    fn new(memory: &'m UploadMemory) -> Self {
        memory.waiting.fetch_add(1, Ordering::SeqCst);
        memory.wanted.notify_waiters();
        Self(memory)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Bytes of one body in memory that was reserved for them.
pub(crate) struct Batch {
    memory: Reservation,
    pieces: Vec<Bytes>,
    copied: BytesMut,
    length: usize,
}

impl Batch {
    pub(crate) fn new(memory: Reservation) -> Self {
        Self { memory, pieces: Vec::new(), copied: BytesMut::new(), length: 0 }
    }

    /// The memory that it is in.
    pub(crate) fn memory(&self) -> Reservation {
        self.memory.clone()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether it has no room for more.
    pub(crate) fn is_full(&self) -> bool {
        self.length >= self.memory.bytes()
    }

    /// Adds what was read. The last piece may go past what was reserved, by what one read brings.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        self.length += bytes.len();
        if bytes.len() >= COPIED_BELOW {
            self.close_copied();
            self.pieces.push(bytes);
            return;
        }
        if self.copied.capacity() - self.copied.len() < bytes.len() {
            self.close_copied();
            let room = self.memory.bytes().saturating_sub(self.length);
            self.copied = BytesMut::with_capacity((room + bytes.len()).min(COPY_BYTES));
        }
        self.copied.extend_from_slice(&bytes);
    }

    fn close_copied(&mut self) {
        if !self.copied.is_empty() {
            self.pieces.push(std::mem::take(&mut self.copied).freeze());
        }
    }

    /// The bytes, each piece of which keeps the memory reserved for as long as anybody has a part of it.
    pub(crate) fn into_pieces(mut self) -> Vec<Bytes> {
        self.close_copied();
        let Self { memory, pieces, .. } = self;
        let kept = |bytes| Bytes::from_owner(Kept { bytes, _memory: memory.clone() });
        pieces.into_iter().map(kept).collect()
    }
}

/// Bytes with the memory that was reserved for them.
struct Kept {
    bytes: Bytes,
    _memory: Reservation,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const BUDGET: usize = 1 << 20;

    #[test]
    fn all_uploads_together_have_no_more_than_the_budget() {
        let memory = UploadMemory::new(BUDGET as u64);
        let reserved: Vec<Reservation> = std::iter::from_fn(|| memory.try_reserve(u64::MAX)).collect();
        let together = reserved.iter().map(Reservation::bytes).sum::<usize>();
        assert_eq!(together + memory.free(), BUDGET);
        assert!(memory.free() < 64 * 1024);
        // The first has more than the last, which has enough to get on.
        assert_eq!((reserved[0].bytes(), reserved.last().unwrap().bytes()), (BUDGET / 8, 64 * 1024));
        assert!(memory.try_reserve(64 * 1024).is_none());
        drop(reserved);
        assert_eq!(memory.free(), BUDGET);
        assert_eq!(memory.try_reserve(1).unwrap().bytes(), UNIT_BYTES);
    }

    #[test]
    fn memory_is_reserved_for_as_long_as_its_bytes_are_there() {
        let memory = UploadMemory::new(BUDGET as u64);
        let mut batch = Batch::new(memory.try_reserve(100_000).unwrap());
        let mut sent = Vec::new();
        while !batch.is_full() {
            for length in [1, COPIED_BELOW - 1, COPIED_BELOW, 70] {
                let bytes: Vec<u8> = (0..length).map(|at| ((sent.len() + at) % 251) as u8).collect();
                sent.extend_from_slice(&bytes);
                batch.push(bytes.into());
            }
        }
        let pieces = batch.into_pieces();
        assert_eq!(pieces.concat(), sent);
        let last = pieces.last().unwrap().slice(1..2);
        drop(pieces);
        assert!(memory.free() < BUDGET);
        drop(last);
        assert_eq!(memory.free(), BUDGET);
    }

    #[tokio::test]
    async fn who_waits_is_heard_by_those_who_hold_memory_and_served_in_turn() {
        let memory = Arc::new(UploadMemory::new(LEAST_UNITS as u64 * UNIT_BYTES as u64));
        let held = memory.try_reserve(u64::MAX).unwrap();
        let unheard = tokio::time::timeout(Duration::from_millis(10), memory.is_wanted()).await;
        assert!(unheard.is_err(), "nobody waits");
        let waiting = tokio::spawn({
            let memory = Arc::clone(&memory);
            async move { memory.reserve(1).await.unwrap().bytes() }
        });
        memory.is_wanted().await;
        drop(held);
        assert_eq!(waiting.await.unwrap(), UNIT_BYTES);
        assert_eq!(memory.free(), LEAST_UNITS * UNIT_BYTES);
    }
}
