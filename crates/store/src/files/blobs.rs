//! The blob engine of one machine: every blob a file.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::blob_directory::{all_ids_in, ids_in};
use super::deletions::{Allowed, Deletions, Limits};
use super::directory::{Directory, Entry, Located};
use super::layout::Layout;
use super::old_enough::OldEnough;
use super::reader::OpenFile;
use super::watch::Watch;
use super::writer::{FileWriter, TemporaryFile};
use super::{Disk, Reserve, blobs_marker};
use crate::blocking::on_blocking_pool;
use crate::memory_share::MemoryShare;
use crate::{Aside, BlobId, BlobWriter, Blobs, OpenBlob, OpenError, Poison, StoreError, StoredBlob};

/// How many deletions that a backup keeps from being made are remembered. What is deleted beyond is found by the collector.
const MAX_POSTPONED: usize = 100_000;

/// Blobs as files under a directory.
pub struct FileBlobs {
    shared: Arc<Shared>,
}

/// What the engine and its writers have in common.
pub(super) struct Shared {
    disk: Disk,
    layout: Layout,
    watch: Arc<Watch>,
    reserve: Arc<Reserve>,
    deletions: Deletions,
    /// Blobs whose objects were deleted while a backup needed all of them.
    postponed: Mutex<HashSet<BlobId>>,
    old_enough: OldEnough,
    pub(super) memory: MemoryShare,
}

impl FileBlobs {
    /// Opens the blobs of a data directory, which must exist and be locked, and removes the temporary files that an
    /// earlier process left.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::DiskFull`].
    pub fn open(directory: &Path, poison: Poison, reserve: Arc<Reserve>) -> Result<Self, StoreError> {
        Self::open_on(Disk::default(), directory, poison, reserve)
    }

    pub(crate) fn open_on(
        disk: Disk,
        directory: &Path,
        poison: Poison,
        reserve: Arc<Reserve>,
    ) -> Result<Self, StoreError> {
        let watch = Watch::new(Directory::open(directory)?, poison)?;
        Self::open_in(disk, &Arc::new(watch), reserve)
    }

    /// Refuses a directory of blobs that was never used, where the database names some: its disk is not mounted. To be
    /// called before anything is written.
    ///
    /// # Errors
    /// [`OpenError::BlobsLost`].
    pub fn require(&self, are_named: bool) -> Result<(), OpenError> {
        let Shared { disk, layout, watch, .. } = &*self.shared;
        blobs_marker::require(disk, layout.blobs(), are_named, watch.poison())
    }

    /// As [`open`](Self::open), of a directory that is open.
    pub(crate) fn open_in(disk: Disk, watch: &Arc<Watch>, reserve: Arc<Reserve>) -> Result<Self, StoreError> {
        let root = watch.directory();
        let layout = Layout::open(&disk, root, watch.poison())?;
        for name in ["blobs", "tmp"] {
            watch.add(name)?;
        }
        remove_unfinished(&disk, &root.open_below("tmp")?)?;
        remove_unfinished(&disk, layout.tmp())?;
        let deletions = Deletions::open(&disk, root)?;
        let (watch, memory) = (Arc::clone(watch), MemoryShare::default());
        let (postponed, old_enough) = (Mutex::default(), OldEnough::default());
        let shared = Shared { disk, layout, watch, reserve, deletions, postponed, old_enough, memory };
        Ok(Self { shared: Arc::new(shared) })
    }
}

/// Removes the uploads that an earlier process did not end. What is no upload stays: somebody else has put it there.
fn remove_unfinished(disk: &Disk, tmp: &Directory) -> Result<(), StoreError> {
    for name in disk.names(tmp)? {
        let file = tmp.entry(&name);
        if name.to_str().is_none_or(|name| name.parse::<BlobId>().is_err()) {
            tracing::warn!(path = %file.shown().display(), "this is no upload of the store, and stays");
        } else if let Err(error) = disk.unlink(&file) {
            tracing::warn!(%error, "what an earlier process left of an upload stays");
        }
    }
    Ok(())
}

impl Shared {
    /// Appends to the temporary file of a blob, making it first if need be.
    pub(super) fn append(
        &self,
        id: BlobId,
        file: Option<TemporaryFile>,
        segments: &[Bytes],
    ) -> Result<TemporaryFile, StoreError> {
        self.reserve.ensure()?;
        let file = match file {
            Some(file) => file,
            None => TemporaryFile::create(&self.disk, self.layout.temporary(id))?,
        };
        self.disk.append(&file.file, &file.path, segments)?;
        Ok(file)
    }

    /// The first half of the write order: fsync of the file, rename, fsync of the directory and of the ones above it
    /// that are new.
    pub(super) fn make_durable(&self, id: BlobId, file: TemporaryFile) -> Result<(), StoreError> {
        let poison = self.watch.poison();
        poison.check()?;
        self.disk.sync(&file.file, &file.path, poison)?;
        let directory = self.layout.make_durable_parent(&self.disk, id, poison)?;
        self.disk.rename(&file.path, &self.layout.blob(id))?;
        file.keep();
        self.disk.sync_dir(&directory, poison)
    }

    fn list(&self, first: u8) -> Result<Vec<BlobId>, StoreError> {
        let mut ids = ids_in(&self.disk, &self.layout.directory(first), first)?;
        let postponed = self.postponed();
        ids.retain(|id| !postponed.contains(id));
        Ok(ids)
    }

    /// Opens a blob's file, which may have been set aside by mistake.
    fn open(&self, id: BlobId) -> Result<Option<(File, Entry)>, StoreError> {
        self.open_while(id, || {})
    }

    /// As [`open`](Self::open), with something done between the looks.
    fn open_while(&self, id: BlobId, between: impl Fn()) -> Result<Option<(File, Entry)>, StoreError> {
        let [trash, held] = Aside::ALL.map(|aside| self.layout.aside(aside, id));
        // The first once more: the collector may have put it back after the look there.
        for place in [self.layout.blob(id), trash, held, self.layout.blob(id)] {
            if let Some(file) = self.disk.open(&place)? {
                return Ok(Some((file, place)));
            }
            between();
        }
        Ok(None)
    }

    fn delete(&self, id: BlobId) -> Result<bool, StoreError> {
        if let Some(_allowed) = self.may_delete()? {
            return self.disk.unlink(&self.layout.blob(id));
        }
        let mut postponed = self.postponed();
        if postponed.len() < MAX_POSTPONED {
            postponed.insert(id);
        }
        Ok(false)
    }

    fn delete_postponed(&self) -> Result<u64, StoreError> {
        let ids = std::mem::take(&mut *self.postponed());
        let mut deleted = 0;
        for id in ids {
            deleted += u64::from(self.delete(id)?);
        }
        Ok(deleted)
    }

    fn set_aside(&self, id: BlobId, aside: Aside) -> Result<bool, StoreError> {
        let (from, to) = (self.layout.blob(id), self.layout.aside(aside, id));
        let Some(_allowed) = self.may_delete()? else { return Ok(false) };
        self.disk.make_dir(&self.layout.directory_aside(aside))?;
        // Its age there counts from now on.
        Ok(self.disk.touch(&from)? && self.disk.rename_if_there(&from, &to)?)
    }

    fn put_back(&self, id: BlobId, aside: Aside) -> Result<bool, StoreError> {
        let Some(_allowed) = self.may_delete()? else { return Ok(false) };
        self.old_enough.forget(id);
        let directory = self.layout.make_durable_parent(&self.disk, id, self.watch.poison())?;
        let moved = self.disk.rename_if_there(&self.layout.aside(aside, id), &self.layout.blob(id))?;
        self.disk.sync_dir(&directory, self.watch.poison())?;
        Ok(moved)
    }

    fn delete_aside(&self, id: BlobId, aside: Aside, min_age: Duration) -> Result<bool, StoreError> {
        let file = self.layout.aside(aside, id);
        let is_old = self.disk.age(&file)?.is_some_and(|age| age >= min_age);
        if !is_old {
            self.old_enough.forget(id);
            return Ok(false);
        }
        if !self.old_enough.for_an_hour(id, min_age) {
            return Ok(false);
        }
        let Some(_allowed) = self.may_delete()? else { return Ok(false) };
        let deleted = self.disk.unlink(&file)?;
        self.old_enough.forget(id);
        Ok(deleted)
    }

    /// Lets files of blobs be removed or moved for as long as what is returned lives. `None`: a backup forbids it.
    fn may_delete(&self) -> Result<Option<Allowed<'_>>, StoreError> {
        self.watch.look()?;
        Ok(self.deletions.allow())
    }

    fn postponed(&self) -> MutexGuard<'_, HashSet<BlobId>> {
        self.postponed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Blobs for FileBlobs {
    async fn begin(&self, _size_hint: Option<u64>) -> Result<Box<dyn BlobWriter>, StoreError> {
        self.shared.watch.poison().check()?;
        if !self.shared.reserve.is_held() {
            let shared = Arc::clone(&self.shared);
            on_blocking_pool(move || shared.reserve.ensure()).await?;
        }
        let id = BlobId::random().map_err(|error| StoreError::Io {
            action: "asking for random bytes",
            place: "the operating system".into(),
            reason: error.to_string(),
        })?;
        Ok(Box::new(FileWriter::new(Arc::clone(&self.shared), id)))
    }

    async fn open(&self, blob: StoredBlob) -> Result<Option<Box<dyn OpenBlob>>, StoreError> {
        let place = self.shared.layout.blob(blob.id);
        let disk = self.shared.disk.clone();
        let opened = match disk.open_cached(&place) {
            Some(file) => Some(OpenFile::new(disk, file, place, blob)),
            None => {
                let shared = Arc::clone(&self.shared);
                let opened = on_blocking_pool(move || shared.open(blob.id)).await?;
                opened.map(|(file, place)| OpenFile::new(disk, file, place, blob))
            }
        };
        Ok(opened.map(|file| Box::new(file) as Box<dyn OpenBlob>))
    }

    async fn delete(&self, id: BlobId) -> Result<bool, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.delete(id)).await
    }

    async fn delete_postponed(&self) -> Result<u64, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.delete_postponed()).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.watch.look()).await
    }

    async fn set_aside(&self, id: BlobId, aside: Aside) -> Result<bool, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.set_aside(id, aside)).await
    }

    async fn list_aside(&self, aside: Aside) -> Result<Vec<BlobId>, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || all_ids_in(&shared.disk, &shared.layout.directory_aside(aside))).await
    }

    async fn put_back(&self, id: BlobId, aside: Aside) -> Result<bool, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.put_back(id, aside)).await
    }

    async fn delete_aside(&self, id: BlobId, aside: Aside, min_age: Duration) -> Result<bool, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.delete_aside(id, aside, min_age)).await
    }

    async fn list(&self, first: u8) -> Result<Vec<BlobId>, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.list(first)).await
    }

    async fn watch_backups(&self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.deletions.watch(Limits::default())).await
    }

    async fn age(&self, id: BlobId) -> Result<Option<Duration>, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.disk.age(&shared.layout.blob(id))).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn engine(directory: &Path, room: usize) -> (Disk, FileBlobs) {
        let disk = Disk { room: Some(Arc::new(AtomicUsize::new(room))), ..Disk::default() };
        let reserve = Arc::new(Reserve::open(directory).unwrap());
        let blobs = FileBlobs::open_on(disk.clone(), directory, Poison::default(), reserve).unwrap();
        (disk, blobs)
    }

    async fn write(blobs: &FileBlobs, length: usize) -> Result<StoredBlob, StoreError> {
        let mut writer = blobs.begin(None).await?;
        for _ in 0..length.div_ceil(100_000) {
            writer.write(Bytes::from_static(&[7; 100_000])).await?;
        }
        writer.finish().await
    }

    async fn is_empty(path: &Path) -> bool {
        let began = std::time::Instant::now();
        while began.elapsed() < std::time::Duration::from_secs(60) {
            if std::fs::read_dir(path).unwrap().next().is_none() {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        false
    }

    #[tokio::test]
    async fn a_full_disk_passes() {
        let directory = tempfile::tempdir().unwrap();
        let (disk, blobs) = engine(directory.path(), 5_000_000);
        let first = write(&blobs, 2_000_000).await.unwrap();
        for length in [4_000_000, 20_000_000] {
            let refused = write(&blobs, length).await.unwrap_err();
            let StoreError::DiskFull { place, .. } = &refused else { panic!("{refused}") };
            assert!(place.contains("/tmp/"), "{place}");
            assert!(is_empty(&directory.path().join("tmp")).await);
            disk.room.as_ref().unwrap().store(3_000_000, Ordering::SeqCst);
        }
        assert!(blobs.open(first).await.unwrap().is_some());
        assert_eq!(blobs.delete(first.id).await, Ok(true));
        assert!(write(&blobs, 1_000_000).await.is_ok());
    }

    #[tokio::test]
    async fn a_failed_fsync_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let (disk, blobs) = engine(directory.path(), usize::MAX);
        let first = write(&blobs, 2_000_000).await.unwrap();
        disk.fsync_fails.store(true, Ordering::SeqCst);
        let StoreError::Stopped { reason } = write(&blobs, 100_000).await.unwrap_err() else { panic!() };
        assert!(reason.contains("fsync") && reason.contains("/tmp/"), "{reason}");
        // The next fsync would succeed, and would prove nothing.
        disk.fsync_fails.store(false, Ordering::SeqCst);
        assert_eq!(write(&blobs, 100_000).await, Err(StoreError::Stopped { reason }));
        assert!(is_empty(&directory.path().join("tmp")).await);
        assert!(blobs.open(first).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_blob_that_is_put_back_between_the_looks_for_it_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let (_, blobs) = engine(directory.path(), usize::MAX);
        let id = write(&blobs, 100_000).await.unwrap().id;
        let shared = &blobs.shared;
        for aside in Aside::ALL {
            assert_eq!(shared.set_aside(id, aside), Ok(true));
            assert!(shared.open(id).unwrap().is_some(), "where it was set aside");
            assert!(
                shared.open_while(id, || drop(shared.put_back(id, aside))).unwrap().is_some(),
                "{aside:?}"
            );
            assert!(shared.open(id).unwrap().is_some(), "in its place");
        }
        shared.delete(id).unwrap();
        assert!(shared.open(id).unwrap().is_none());
    }

    /// The clock of files cannot be set here, and their times can.
    #[tokio::test]
    async fn a_clock_that_was_set_forward_for_a_while_deletes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let (_, blobs) = engine(directory.path(), usize::MAX);
        let id = write(&blobs, 100_000).await.unwrap().id;
        let (shared, day) = (Arc::clone(&blobs.shared), Duration::from_secs(24 * 60 * 60));
        shared.set_aside(id, Aside::Trash).unwrap();
        let file = directory.path().join("blobs/trash").join(id.to_string());
        let delete = |age: Duration| {
            let file = File::options().write(true).open(&file).unwrap();
            file.set_modified(std::time::SystemTime::now() - age).unwrap();
            shared.delete_aside(id, Aside::Trash, day).unwrap()
        };
        tokio::time::pause();
        let hour = Duration::from_secs(60 * 60);
        assert!(!delete(Duration::ZERO));
        assert!(!delete(day * 30), "as if a month had gone by at once");
        tokio::time::advance(hour / 2).await;
        // The clock is right again, and its hour begins anew.
        assert!(!delete(Duration::ZERO));
        tokio::time::advance(hour / 2).await;
        assert!(!delete(day));
        tokio::time::advance(hour).await;
        assert!(delete(day) && !file.exists());
    }

    #[tokio::test]
    async fn what_an_earlier_process_left_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let (_, blobs) = engine(directory.path(), usize::MAX);
        let blob = write(&blobs, 100_000).await.unwrap();
        drop(blobs);
        std::fs::write(directory.path().join("tmp/00000000000000000000000000000001"), "half").unwrap();
        let (_, blobs) = engine(directory.path(), usize::MAX);
        assert!(is_empty(&directory.path().join("tmp")).await);
        assert!(blobs.open(blob).await.unwrap().is_some());
    }
}
