//! Rows that are read often, kept in memory.
//!
//! The rule: no read that begins after a write was answered sees the row from before it. The writer takes the row out
//! before it commits and forbids its return until the commit is over; a reader that looked at the database before or
//! during that time cannot put back what it saw.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use super::operation::Touched;
use crate::{AccessKeyRow, Bucket, Content, ObjectRow};

/// How many locks the keys are spread over.
const SHARDS: usize = 256;

/// A row's name: bucket and key. Rows that have one name only leave the other empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name {
    space: Box<str>,
    key: Box<str>,
}

#[derive(PartialEq, Eq, Hash)]
struct NameRef<'a> {
    space: &'a str,
    key: &'a str,
}

impl Equivalent<Name> for NameRef<'_> {
    fn equivalent(&self, name: &Name) -> bool {
        *self.space == *name.space && *self.key == *name.key
    }
}

/// What a row in memory costs beyond its struct.
pub(super) trait Weight {
    /// Bytes on the heap.
    fn heap_bytes(&self) -> usize;
}

#[derive(Clone)]
struct RowWeight;

impl<V: Weight> Weighter<Name, V> for RowWeight {
    fn weight(&self, name: &Name, row: &V) -> u64 {
        // The names of this entry, the row, and what the cache keeps beside them.
        const ENTRY: usize = 128;
        (ENTRY + size_of::<V>() + name.space.len() + name.key.len() + row.heap_bytes()) as u64
    }
}

/// Rows of one kind.
pub(super) struct HotRows<V> {
    rows: Cache<Name, V, RowWeight>,
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
}

#[derive(Default)]
struct Shard {
    /// Grows with every write to a row of this shard.
    version: u64,
    /// Writes that may be committed at this moment.
    committing: u32,
}

/// Permission to put a row back, if nothing was written to it since it was given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    /// `None`: a write was on its way already.
    version: Option<u64>,
}

impl<V: Clone + Weight> HotRows<V> {
    /// Keeps rows of about `bytes` in all.
    pub(super) fn new(bytes: u64) -> Self {
        const TYPICAL_ROW: u64 = 1024;
        let expected = usize::try_from(bytes / TYPICAL_ROW).unwrap_or(usize::MAX).max(16);
        Self {
            rows: Cache::with_weighter(expected, bytes, RowWeight),
            shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
            hasher: RandomState::new(),
        }
    }

    /// The row, if it is in memory.
    pub(super) fn get(&self, space: &str, key: &str) -> Option<V> {
        self.rows.get(&NameRef { space, key })
    }

    /// To be taken before the database is read.
    pub(super) fn ticket(&self, space: &str, key: &str) -> Ticket {
        self.with_shard(space, key, |shard| Ticket {
            version: (shard.committing == 0).then_some(shard.version),
        })
    }

    /// Keeps a row that was read after the ticket was taken, unless it may be out of date.
    pub(super) fn keep(&self, ticket: Ticket, space: &str, key: &str, row: V) {
        self.with_shard(space, key, |shard| {
            if shard.committing == 0 && ticket.version == Some(shard.version) {
                self.rows.insert(Name { space: space.into(), key: key.into() }, row);
            }
        });
    }

    /// Takes a row out and keeps it out until [`end_write`](Self::end_write). To be called before the commit.
    pub(super) fn begin_write(&self, space: &str, key: &str) {
        self.with_shard(space, key, |shard| {
            shard.committing += 1;
            shard.version += 1;
            self.rows.remove(&NameRef { space, key });
        });
    }

    /// To be called when the commit is over, whatever became of it, and before it is answered.
    pub(super) fn end_write(&self, space: &str, key: &str) {
        self.with_shard(space, key, |shard| {
            shard.committing = shard.committing.saturating_sub(1);
            shard.version += 1;
        });
    }

    fn with_shard<T>(&self, space: &str, key: &str, act: impl FnOnce(&mut Shard) -> T) -> T {
        let hash = self.hasher.hash_one(NameRef { space, key });
        let at = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        match self.shards.get(at) {
            Some(shard) => act(&mut shard.lock().unwrap_or_else(PoisonError::into_inner)),
            // There are SHARDS of them. A shard that says a write is on its way keeps nothing in memory.
            None => act(&mut Shard { version: 0, committing: 1 }),
        }
    }
}

/// Everything that is kept in memory.
pub(super) struct Hot {
    pub(super) objects: HotRows<ObjectRow>,
    pub(super) buckets: HotRows<Bucket>,
    pub(super) access_keys: HotRows<AccessKeyRow>,
}

impl Hot {
    /// Keeps rows of about `bytes` in all.
    pub(super) fn new(bytes: u64) -> Self {
        // Buckets and access keys are few, and every request needs one of each.
        let few = (bytes / 8).min(4 << 20);
        Self {
            objects: HotRows::new(bytes - 2 * few),
            buckets: HotRows::new(few),
            access_keys: HotRows::new(few),
        }
    }

    /// Takes a row out and keeps it out until [`end_write`](Self::end_write).
    pub(super) fn begin_write(&self, touched: Touched<'_>) {
        match touched {
            Touched::Bucket(name) => self.buckets.begin_write(name, ""),
            Touched::Object { bucket, key } => self.objects.begin_write(bucket, key),
            Touched::AccessKey(id) => self.access_keys.begin_write("", id),
        }
    }

    /// Lets a row back in, as it is now.
    pub(super) fn end_write(&self, touched: Touched<'_>) {
        match touched {
            Touched::Bucket(name) => self.buckets.end_write(name, ""),
            Touched::Object { bucket, key } => self.objects.end_write(bucket, key),
            Touched::AccessKey(id) => self.access_keys.end_write("", id),
        }
    }
}

impl Weight for ObjectRow {
    fn heap_bytes(&self) -> usize {
        let object = &self.object;
        let headers = &object.headers;
        let optional = [
            &headers.content_type,
            &headers.cache_control,
            &headers.content_disposition,
            &headers.content_encoding,
            &headers.content_language,
            &headers.expires,
            &object.storage_class,
        ];
        let optional: usize = optional.iter().map(|value| value.as_ref().map_or(0, String::len)).sum();
        let user =
            object.user_metadata.iter().map(|(name, value)| 48 + name.len() + value.len()).sum::<usize>();
        let content = if let Content::Inline(bytes) = &self.content { bytes.len() } else { 0 };
        size_of_val(&**object) + object.key.len() + object.etag.len() + optional + user + content
    }
}

impl Weight for Bucket {
    fn heap_bytes(&self) -> usize {
        self.name.len() + self.owner.len() + self.region.len()
    }
}

impl Weight for AccessKeyRow {
    fn heap_bytes(&self) -> usize {
        self.access_key_id.len() + self.sealed_secret.len() + self.principal.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weight for u32 {
        fn heap_bytes(&self) -> usize {
            0
        }
    }

    #[test]
    fn a_row_that_was_read_is_kept() {
        let hot = HotRows::new(1 << 20);
        let ticket = hot.ticket("b", "k");
        hot.keep(ticket, "b", "k", 1u32);
        assert_eq!(hot.get("b", "k"), Some(1));
        assert_eq!(hot.get("bk", ""), None);
        assert_eq!(hot.get("", "bk"), None);
    }

    #[test]
    fn a_write_takes_it_out_and_a_later_read_brings_it_back() {
        let hot = HotRows::new(1 << 20);
        hot.keep(hot.ticket("b", "k"), "b", "k", 1u32);
        hot.begin_write("b", "k");
        assert_eq!(hot.get("b", "k"), None);
        hot.end_write("b", "k");
        hot.keep(hot.ticket("b", "k"), "b", "k", 2);
        assert_eq!(hot.get("b", "k"), Some(2));
    }

    #[test]
    fn what_was_read_before_or_during_a_write_is_not_kept() {
        let hot = HotRows::new(1 << 20);
        let before = hot.ticket("b", "k");
        hot.begin_write("b", "k");
        let during = hot.ticket("b", "k");
        hot.keep(before, "b", "k", 1u32);
        hot.keep(during, "b", "k", 1);
        assert_eq!(hot.get("b", "k"), None);
        hot.end_write("b", "k");
        hot.keep(before, "b", "k", 1);
        hot.keep(during, "b", "k", 1);
        assert_eq!(hot.get("b", "k"), None);
    }

    #[test]
    fn memory_is_bounded() {
        let hot = HotRows::new(100_000);
        for at in 0..10_000u32 {
            let key = at.to_string();
            hot.keep(hot.ticket("b", &key), "b", &key, at);
        }
        assert!(hot.rows.weight() <= 100_000, "{}", hot.rows.weight());
        assert!(hot.rows.len() > 100, "{}", hot.rows.len());
    }
}
