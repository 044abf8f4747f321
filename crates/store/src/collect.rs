//! The collector of blobs that no row names.
//!
//! A crash between two steps of a write leaves one now and then. It looks the same when the database is not the one that belongs
//! to the blobs: an older copy of it names none that came since. So nothing that is found is deleted at once. It is set
//! aside first, where a database that names it finds it, and for longer where something speaks for the other case.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use crate::store::{Inner, Store};
use crate::{Aside, BlobId, StoreError};

/// How many blobs are looked for at once, so that other reads have their turn.
const AT_ONCE: usize = 4096;
/// How many are set aside in one round at most: 1 MiB of ids. The next round goes on.
const MAX_ROUND: usize = 65_536;

/// What share of all blobs is too much for a crash to have left, and from how many blobs on.
const LARGE_SHARE: u64 = 10;
const LARGE_COUNT: u64 = 10;
/// How much later than the last commit that the database knows of a blob may have been written. The database knows it to about
/// a minute.
const SLACK: Duration = Duration::from_secs(5 * 60);

/// How long blobs that no row names are kept, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long ago the last byte of a blob must have been written before it is set aside. Uploads need none of it, for they
    /// are known.
    pub min_age: Duration,
    /// How long a blob is then kept in [`Aside::Trash`]. An hour more, or twice this time if that is shorter, in case the clock was
    /// set forward.
    pub trash: Duration,
    /// How long it is kept in [`Aside::Held`], where the database may be the wrong one.
    pub held: Duration,
}

impl Retention {
    /// Nothing is kept. For stores whose database is known to be the one that belongs to the blobs.
    pub const NONE: Self = Self { min_age: Duration::ZERO, trash: Duration::ZERO, held: Duration::ZERO };
}

/// Why the database may not be the one that belongs to the blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// No row names a large share of all blobs.
    LargeShare,
    /// Blobs without a row were written after the last commit that the database knows of.
    NewerBlobs,
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LargeShare => "no object names a large share of all blobs",
            Self::NewerBlobs => "they were written after the last commit in the database",
        })
    }
}

/// What [`Store::collect_orphans`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Blobs looked at, those that were set aside before included.
    pub examined: u64,
    /// Blobs set aside, because no row names them.
    pub set_aside: u64,
    /// Why they were set aside in [`Aside::Held`], if they were.
    pub doubt: Option<Doubt>,
    /// Blobs put back, because a row names them.
    pub put_back: u64,
    /// Blobs deleted, for they were set aside long enough.
    pub deleted: u64,
    /// Blobs that are left in [`Aside::Held`].
    pub held: u64,
}

impl Store {
    /// Sets blobs aside that no row names, puts those back that a row names again, and deletes what was set aside long
    /// enough. Safe beside uploads.
    ///
    /// It reads the names of all blobs and the index of those that rows name, side by side, and no more.
    ///
    /// # Errors
    /// Those of the engines; [`StoreError::Stopped`] when the store takes no writes. What was done before stays done.
    pub async fn collect_orphans(&self, retention: &Retention) -> Result<Collected, StoreError> {
        self.inner.alarm.watch(collect(&self.inner, retention, MAX_ROUND).await)
    }
}

async fn collect(inner: &Inner, retention: &Retention, max_round: usize) -> Result<Collected, StoreError> {
    let blobs = &*inner.blobs;
    blobs.check().await?;
    blobs.watch_backups().await?;
    let mut collected = Collected { deleted: blobs.delete_postponed().await?, ..Collected::default() };
    collected.examined = collected.deleted;
    let orphans = find(inner, retention.min_age, max_round, &mut collected).await?;
    collected.doubt = orphans.doubt(collected.examined, count_held(inner).await?);
    let aside = if collected.doubt.is_some() { Aside::Held } else { Aside::Trash };
    for &id in &orphans.ids {
        collected.set_aside += u64::from(or_warn(blobs.set_aside(id, aside).await)? == Some(true));
    }
    if collected.set_aside == orphans.count {
        // All that speaks against this database is set aside, and need not be told by its age any more.
        inner.metadata.let_last_commit_advance();
    }
    let before = collected.set_aside;
    for (aside, kept) in [(Aside::Trash, retention.trash), (Aside::Held, retention.held)] {
        let ids = blobs.list_aside(aside).await?;
        collected.examined += ids.len() as u64;
        let mut left = ids.len() as u64;
        for ids in ids.chunks(AT_ONCE) {
            let unnamed = inner.metadata.unnamed_blobs(ids.to_vec()).await?;
            let unnamed: HashSet<BlobId> = unnamed.into_iter().collect();
            for &id in ids {
                let (moved, count) = if unnamed.contains(&id) {
                    (or_warn(blobs.delete_aside(id, aside, kept).await)?, &mut collected.deleted)
                } else {
                    (or_warn(blobs.put_back(id, aside).await)?, &mut collected.put_back)
                };
                let moved = u64::from(moved == Some(true));
                *count += moved;
                left -= moved;
            }
        }
        if aside == Aside::Held {
            collected.held = left;
        }
    }
    // Those were counted twice: in their place, and where they were set aside.
    collected.examined -= before;
    Ok(collected)
}

/// How many of the blobs that earlier rounds set aside in [`Aside::Held`] no row names.
async fn count_held(inner: &Inner) -> Result<u64, StoreError> {
    let mut count = 0;
    for ids in inner.blobs.list_aside(Aside::Held).await?.chunks(AT_ONCE) {
        count += inner.metadata.unnamed_blobs(ids.to_vec()).await?.len() as u64;
    }
    Ok(count)
}

/// Blobs that no row names.
#[derive(Default)]
struct Orphans {
    ids: Vec<BlobId>,
    count: u64,
    has_newer: bool,
}

impl Orphans {
    /// What is held already was found by the rounds before, which may have been parts of a whole.
    fn doubt(&self, examined: u64, held: u64) -> Option<Doubt> {
        if self.has_newer {
            return Some(Doubt::NewerBlobs);
        }
        let (count, examined) = (self.count.saturating_add(held), examined.saturating_add(held));
        let is_large = count >= LARGE_COUNT && count.saturating_mul(LARGE_SHARE) > examined;
        is_large.then_some(Doubt::LargeShare)
    }
}

async fn find(
    inner: &Inner,
    min_age: Duration,
    max_round: usize,
    collected: &mut Collected,
) -> Result<Orphans, StoreError> {
    let Inner { metadata, blobs, in_flight, opened, .. } = inner;
    let last_commit = metadata.last_commit_before_open();
    let mut orphans = Orphans::default();
    for first in 0..=u8::MAX {
        let ids = blobs.list(first).await?;
        collected.examined += ids.len() as u64;
        for ids in ids.chunks(AT_ONCE) {
            // The order matters: whatever was in flight before is committed, or given up, when it no longer is.
            let landed = in_flight.without(ids);
            for id in metadata.unnamed_blobs(landed).await? {
                let age = or_warn(blobs.age(id).await)?.flatten();
                let Some(age) = age.filter(|age| *age >= min_age) else { continue };
                orphans.count += 1;
                orphans.has_newer |= is_newer(age, *opened, last_commit);
                if orphans.ids.len() < max_round {
                    orphans.ids.push(id);
                }
            }
        }
    }
    Ok(orphans)
}

/// Whether a blob was written before the store was opened, and after the last commit that the database knew of by then.
fn is_newer(age: Duration, opened: SystemTime, last_commit: Option<SystemTime>) -> bool {
    let written = SystemTime::now().checked_sub(age);
    let (Some(written), Some(last_commit)) = (written, last_commit) else { return false };
    written < opened && last_commit.checked_add(SLACK).is_some_and(|latest| written > latest)
}

/// One blob that cannot be looked at or moved keeps no other from being collected.
fn or_warn<T>(outcome: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match outcome {
        Err(error @ (StoreError::Stopped { .. } | StoreError::Closed)) => Err(error),
        Err(error) => {
            tracing::warn!(%error, "a blob without an object stays where it is");
            Ok(None)
        }
        Ok(done) => Ok(Some(done)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_blobs_are_what_a_crash_leaves_and_many_are_a_doubt() {
        let doubt = |count, examined| Orphans { count, ..Orphans::default() }.doubt(examined, 0);
        assert_eq!(doubt(0, 0), None);
        // Of a small store a few may be all.
        assert_eq!(doubt(9, 9), None);
        assert_eq!(doubt(10, 10), Some(Doubt::LargeShare));
        assert_eq!(doubt(10, 99), Some(Doubt::LargeShare));
        assert_eq!(doubt(10, 100), None);
        let newer = Orphans { count: 1, has_newer: true, ids: Vec::new() };
        assert_eq!(newer.doubt(1_000_000, 0), Some(Doubt::NewerBlobs));
    }

    /// 12 of 32 are too many; the second half of them would not be.
    #[tokio::test]
    async fn a_doubt_lasts_over_all_rounds_that_it_takes() {
        let kept = Retention { min_age: Duration::ZERO, trash: Duration::MAX, held: Duration::MAX };
        for (orphans, aside) in [(12, [6, 6]), (3, [3, 0])] {
            let directory = tempfile::tempdir().unwrap();
            let store = Store::open(directory.path(), crate::StoreOptions::default()).await.unwrap();
            let (owner, region) = ("o".to_owned(), "r".to_owned());
            let bucket = crate::Bucket { name: "b".into(), owner, region, created: crate::UnixMillis(0) };
            store.create_bucket(bucket).await.unwrap();
            for at in 0..20 {
                let mut upload = store.begin_put(None).await.unwrap();
                upload.write(vec![7; 70_000].into()).await.unwrap();
                let (new, always) = (crate::NewObject::default(), crate::Precondition::Unconditional);
                upload.finish("b", &at.to_string(), new, always).await.unwrap();
            }
            let place = directory.path().join("blobs/0/1");
            std::fs::create_dir_all(&place).unwrap();
            for at in 0..orphans {
                std::fs::write(place.join(format!("01{at:030x}")), "left").unwrap();
            }
            for set_aside in aside {
                let collected = collect(&store.inner, &kept, 6).await.unwrap();
                let doubt = (set_aside == 6).then_some(Doubt::LargeShare);
                assert_eq!((collected.set_aside, collected.doubt), (set_aside, doubt));
            }
            let held = std::fs::read_dir(directory.path().join("blobs/held")).map_or(0, Iterator::count);
            assert_eq!(held, if orphans == 12 { 12 } else { 0 });
            store.close().await.unwrap();
        }
    }

    #[test]
    fn a_blob_is_newer_than_the_database_where_it_came_between_its_last_commit_and_the_start() {
        let now = SystemTime::now();
        let ago = |minutes: u64| now.checked_sub(Duration::from_secs(minutes * 60)).unwrap();
        let age = |minutes: u64| Duration::from_secs(minutes * 60);
        assert!(is_newer(age(10), ago(1), Some(ago(60))));
        assert!(!is_newer(age(59), ago(1), Some(ago(60))), "just behind the last commit");
        assert!(!is_newer(age(90), ago(1), Some(ago(60))), "before it");
        assert!(!is_newer(age(10), ago(20), Some(ago(60))), "since the start");
        assert!(!is_newer(age(10), ago(1), None), "of an unknown time");
    }
}
