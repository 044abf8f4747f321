//! The memory that uploads gather their bodies in: one budget for all of them.
//!
//! An upload has memory for the bytes that it has in hand, and for about as many more. It gives the memory back when those bytes
//! are on the disk. So a client that sends a byte at a time takes the smallest unit, and not what its whole body would need.
//!
//! Where the budget is spent, an upload waits with its bytes still in the kernel's buffers, and the client with it. Meanwhile an
//! upload whose client has sent nothing more puts what it has on the disk and gives its memory back: nobody waits for a client
//! that stands still, however many of them there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// What memory is counted in.
const UNIT_BYTES: usize = 4 * 1024;
/// What one upload takes for itself: as much as lets the disk work well where there is plenty, and no less than lets an upload
/// get on where there is not.
const MOST_UNITS: usize = (1 << 20) / UNIT_BYTES;
const LEAST_UNITS: usize = (64 * 1024) / UNIT_BYTES;
/// One upload takes no more than this part of what is left.
const SHARE: usize = 8;
/// An upload that waited gets memory for this many times the bytes that it has in hand, as far as that is the least that lets an
/// upload get on: a client whose bytes come in fast has more of them in the socket, and one that trickles has not.
const TIMES_IN_HAND: usize = 4;
/// Smaller pieces of a body are copied together. Each would otherwise hold on to the whole buffer that it was read into.
const COPIED_BELOW: usize = 32 * 1024;
/// What they are copied into.
const COPY_BYTES: usize = 64 * 1024;

/// The budget.
#[derive(Debug)]
pub(crate) struct UploadMemory {
    units: Arc<Semaphore>,
    total: usize,
    /// Uploads that wait for memory.
    waiting: AtomicUsize,
    wanted: Notify,
}

/// Memory that is spoken for, until the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Reservation {
    _units: Arc<OwnedSemaphorePermit>,
}

impl UploadMemory {
    /// A budget of that many bytes, and of no less than one upload needs.
    pub(crate) fn new(bytes: u64) -> Self {
        let units = usize::try_from(bytes / UNIT_BYTES as u64).unwrap_or(usize::MAX);
        // A semaphore that is asked for more permits than it can count panics.
        let total = units.clamp(LEAST_UNITS, Semaphore::MAX_PERMITS);
        Self {
            units: Arc::new(Semaphore::new(total)),
            total,
            waiting: AtomicUsize::new(0),
            wanted: Notify::new(),
        }
    }

    /// An empty batch with one unit, if there is one at once. It gets more with [`Batch::make_room`].
    pub(crate) fn try_begin(&self) -> Option<Batch> {
        self.try_take(1).map(Batch::new)
    }

    /// A batch that begins with the bytes in hand, once there is memory for them. Those who came before are served before.
    ///
    /// To be called with no other memory in hand, or uploads would wait for each other.
    pub(crate) async fn begin_with(&self, first: Bytes, left: u64) -> Option<Batch> {
        let in_hand = units(first.len());
        let in_all = units(first.len().saturating_add(usize::try_from(left).unwrap_or(usize::MAX)));
        let wanted =
            units(first.len().saturating_mul(TIMES_IN_HAND)).min(LEAST_UNITS).min(in_all).max(in_hand);
        let memory = self.take(wanted.min(self.total)).await?;
        let mut batch = Batch::new(memory);
        batch.push(first);
        Some(batch)
    }

    async fn take(&self, units: usize) -> Option<OwnedSemaphorePermit> {
        // While somebody waits, what becomes free is his, so this passes nobody by.
        if let Some(taken) = self.try_take(units) {
            return Some(taken);
        }
        let _waiting = Waiting::new(self);
        let units = u32::try_from(units).ok()?;
        // It is never closed.
        Arc::clone(&self.units).acquire_many_owned(units).await.ok()
    }

    fn try_take(&self, units: usize) -> Option<OwnedSemaphorePermit> {
        let units = u32::try_from(units).ok()?;
        Arc::clone(&self.units).try_acquire_many_owned(units).ok()
    }

    /// What one upload may take of what is left.
    fn share(&self) -> usize {
        (self.units.available_permits() / SHARE).clamp(LEAST_UNITS, MOST_UNITS)
    }

    /// Whether somebody waits for memory.
    pub(crate) fn is_wanted_now(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// Waits until somebody waits for memory.
    pub(crate) async fn is_wanted(&self) {
        loop {
            let wanted = self.wanted.notified();
            if self.is_wanted_now() {
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

/// How many units that many bytes take.
fn units(bytes: usize) -> usize {
    bytes.div_ceil(UNIT_BYTES).max(1)
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
#[derive(Debug)]
pub(crate) struct Batch {
    memory: OwnedSemaphorePermit,
    pieces: Vec<Bytes>,
    copied: BytesMut,
    length: usize,
}

impl Batch {
    fn new(memory: OwnedSemaphorePermit) -> Self {
        Self { memory, pieces: Vec::new(), copied: BytesMut::new(), length: 0 }
    }

    fn reserved(&self) -> usize {
        self.memory.num_permits() * UNIT_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Sees to it that there is room for that many bytes, of which up to `left` follow, and says whether there is.
    ///
    /// It takes memory for as many bytes again as there are already, up to its share: a batch that fills fast grows fast.
    pub(crate) fn make_room(&mut self, budget: &UploadMemory, bytes: usize, left: u64) -> bool {
        let needed = self.length.saturating_add(bytes);
        if needed <= self.reserved() {
            return true;
        }
        let (held, needed) = (self.memory.num_permits(), units(needed));
        let in_all = units(self.length.saturating_add(usize::try_from(left).unwrap_or(usize::MAX)));
        let doubled = held.saturating_mul(2).min(budget.share()).min(in_all);
        if needed > MOST_UNITS {
            return false;
        }
        let more = [doubled.max(needed), needed].into_iter().find_map(|units| budget.try_take(units - held));
        match more {
            Some(more) => {
                self.memory.merge(more);
                true
            }
            None => false,
        }
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
            let room = self.reserved().saturating_sub(self.length);
            self.copied = BytesMut::with_capacity((room + bytes.len()).min(COPY_BYTES));
        }
        self.copied.extend_from_slice(&bytes);
    }

    fn close_copied(&mut self) {
        if !self.copied.is_empty() {
            self.pieces.push(std::mem::take(&mut self.copied).freeze());
        }
    }

    /// The bytes, each piece of which keeps the memory reserved for as long as anybody has a part of it, and the memory.
    pub(crate) fn into_pieces(mut self) -> (Vec<Bytes>, Reservation) {
        self.close_copied();
        let Self { memory, pieces, .. } = self;
        let memory = Reservation { _units: Arc::new(memory) };
        let kept = |bytes| Bytes::from_owner(Kept { bytes, _memory: memory.clone() });
        (pieces.into_iter().map(kept).collect(), memory)
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
    const LONG: u64 = 1 << 30;

    /// Takes bytes as long as there is room for them, and says how many.
    fn fill(batch: &mut Batch, memory: &UploadMemory, piece: usize) -> usize {
        while batch.make_room(memory, piece, LONG) {
            batch.push(Bytes::from(vec![7; piece]));
        }
        batch.length
    }

    #[test]
    fn all_uploads_together_have_no_more_than_the_budget() {
        let memory = UploadMemory::new(BUDGET as u64);
        let batch = || {
            let mut batch = memory.try_begin()?;
            fill(&mut batch, &memory, UNIT_BYTES);
            Some(batch)
        };
        let batches: Vec<Batch> = std::iter::from_fn(batch).collect();
        let together = batches.iter().map(|batch| batch.length).sum::<usize>();
        assert_eq!((together, memory.free()), (BUDGET, 0));
        // The first has more than the last ones, which had enough to get on until there was nothing left.
        assert!(batches[0].length >= BUDGET / 10, "{}", batches[0].length);
        assert!(batches.iter().rev().skip(1).all(|batch| batch.length >= 64 * 1024));
        drop(batches);
        assert_eq!(memory.free(), BUDGET);
    }

    #[test]
    fn a_batch_has_memory_for_what_it_holds_and_about_as_much_again() {
        let memory = UploadMemory::new(64 * BUDGET as u64);
        let mut batch = memory.try_begin().unwrap();
        assert_eq!(batch.reserved(), UNIT_BYTES);
        for piece in [1, UNIT_BYTES - 1, 1, 16 * 1024, 300 * 1024] {
            assert!(batch.make_room(&memory, piece, LONG));
            batch.push(Bytes::from(vec![7; piece]));
            assert!(batch.reserved() >= batch.length);
            assert!(batch.reserved() < 2 * batch.length + 2 * UNIT_BYTES, "{batch:?}");
        }
        // No more than what is left of the body, and no more than its share.
        let mut short = memory.try_begin().unwrap();
        assert!(short.make_room(&memory, UNIT_BYTES + 1, UNIT_BYTES as u64 + 1));
        assert_eq!(short.reserved(), 2 * UNIT_BYTES);
        assert!(fill(&mut memory.try_begin().unwrap(), &memory, 16 * 1024) <= MOST_UNITS * UNIT_BYTES);
    }

    /// One byte of a large body took memory for 64 KiB of it, so 1,024 such clients took 64 MiB, and everybody else waited behind
    /// them for each 64 KiB.
    #[tokio::test]
    async fn clients_that_send_a_byte_at_a_time_leave_memory_for_the_others() {
        let memory = UploadMemory::new(64 << 20);
        let mut trickling = Vec::new();
        for _ in 0..10_000 {
            let waited = memory.begin_with(Bytes::from_static(b"z"), LONG);
            trickling.push(
                tokio::time::timeout(Duration::from_secs(30), waited).await.expect("nobody waits").unwrap(),
            );
        }
        for _ in 0..100 {
            for batch in &mut trickling {
                assert!(batch.make_room(&memory, 1, LONG));
                batch.push(Bytes::from_static(b"z"));
            }
        }
        assert!(!memory.is_wanted_now());
        let mut honest = memory.try_begin().expect("memory at once");
        assert_eq!(fill(&mut honest, &memory, 16 * 1024), MOST_UNITS * UNIT_BYTES);
    }

    #[tokio::test]
    async fn an_upload_whose_bytes_come_in_fast_gets_more_than_it_has_in_hand() {
        let memory = UploadMemory::new(BUDGET as u64);
        for (in_hand, left, reserved) in [
            (1, LONG, UNIT_BYTES),
            (UNIT_BYTES, LONG, 4 * UNIT_BYTES),
            (16 * 1024, LONG, 64 * 1024),
            (16 * 1024, 0, 16 * 1024),
            (32 * 1024, LONG, 64 * 1024),
            (256 * 1024, LONG, 256 * 1024),
            (2 * BUDGET, LONG, BUDGET),
        ] {
            let batch = memory.begin_with(Bytes::from(vec![7; in_hand]), left).await.unwrap();
            assert_eq!((batch.reserved(), batch.length), (reserved, in_hand));
        }
    }

    #[test]
    fn memory_is_reserved_for_as_long_as_its_bytes_are_there() {
        let memory = UploadMemory::new(BUDGET as u64);
        let mut batch = memory.try_begin().unwrap();
        let mut sent = Vec::new();
        for length in [1, COPIED_BELOW - 1, COPIED_BELOW, 70, 1, 5000] {
            let bytes: Vec<u8> = (0..length).map(|at| ((sent.len() + at) % 251) as u8).collect();
            sent.extend_from_slice(&bytes);
            assert!(batch.make_room(&memory, length, LONG));
            batch.push(bytes.into());
        }
        let (pieces, reservation) = batch.into_pieces();
        drop(reservation);
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
        let mut held = memory.try_begin().unwrap();
        assert_eq!(fill(&mut held, &memory, UNIT_BYTES), LEAST_UNITS * UNIT_BYTES);
        let unheard = tokio::time::timeout(Duration::from_millis(10), memory.is_wanted()).await;
        assert!(unheard.is_err(), "nobody waits");
        let waiting = tokio::spawn({
            let memory = Arc::clone(&memory);
            async move { memory.begin_with(Bytes::from_static(b"z"), 0).await.unwrap().reserved() }
        });
        memory.is_wanted().await;
        drop(held);
        assert_eq!(waiting.await.unwrap(), UNIT_BYTES);
        assert_eq!(memory.free(), LEAST_UNITS * UNIT_BYTES);
    }
}
