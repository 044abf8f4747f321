//! The store: the two ports, joined by the write order.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::alarm::Alarm;
use crate::files::{DirectoryLock, Disk, FileBlobs, LOCK, Reserve, Watch};
use crate::in_flight::InFlight;
use crate::memory_share::MemoryShare;
use crate::reader::OpenContent;
use crate::sqlite::{SqliteMetadata, SqliteOptions};
use crate::{
    AccessKeyRow, BlobId, Blobs, Bucket, Content, ListPage, ListRequest, Metadata, Object, OpenError,
    OpenObject, Poison, PutError, PutStream, StoreError, StoredBlob,
};

/// How a store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// Memory for rows that are read often, in bytes.
    pub cache_bytes: u64,
    /// How many reads of the database run at the same time.
    pub readers: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { cache_bytes: 32 << 20, readers: 4 }
    }
}

/// Buckets and objects, kept durably. Cloning it makes another handle on the same store.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) metadata: Arc<dyn Metadata>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) in_flight: InFlight,
    pub(crate) memory: MemoryShare,
    pub(crate) alarm: Arc<Alarm>,
    /// What was written before was written by another process.
    pub(crate) opened: SystemTime,
    /// Last, so that the engines are gone before another process may come in.
    lock: Mutex<Option<DirectoryLock>>,
}

impl Store {
    /// Opens the store of one machine in a directory, which is made if it is not there. What an earlier process left
    /// half-written is removed.
    ///
    /// # Errors
    /// [`OpenError::Locked`] when another process has the directory open, and the other cases of [`OpenError`].
    pub async fn open(directory: &Path, options: StoreOptions) -> Result<Self, OpenError> {
        let directory = directory.to_owned();
        let opening = tokio::task::spawn_blocking(move || Self::open_blocking(&directory, &options));
        match opening.await.unwrap_or(Err(OpenError::Store(StoreError::Closed))) {
            // It is said of a start, not of a store that runs.
            Err(OpenError::Store(StoreError::Stopped { reason })) => Err(OpenError::Unreliable { reason }),
            other => other,
        }
    }

    fn open_blocking(directory: &Path, options: &StoreOptions) -> Result<Self, OpenError> {
        crate::backup::refuse_backup(directory)?;
        let lock = DirectoryLock::acquire(directory)?;
        let opened = SystemTime::now();
        let watch = Arc::new(Watch::new(lock.directory().clone(), Poison::default())?);
        watch.add(LOCK)?;
        let reserve = Arc::new(Reserve::open_in(Disk::default(), watch.directory())?);
        let blobs = FileBlobs::open_in(Disk::default(), &watch, Arc::clone(&reserve))?;
        let sqlite = SqliteOptions { cache_bytes: options.cache_bytes, readers: options.readers };
        let metadata = SqliteMetadata::open_in(&watch, &sqlite, reserve)?;
        blobs.require(metadata.names_blobs())?;
        let inner = Inner {
            metadata: Arc::new(metadata),
            blobs: Arc::new(blobs),
            in_flight: InFlight::default(),
            alarm: Arc::default(),
            opened,
            lock: Mutex::new(Some(lock)),
            memory: MemoryShare::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Joins two engines. The caller sees to it that nothing else writes to them in another order.
    #[must_use]
    pub fn with_engines(metadata: Arc<dyn Metadata>, blobs: Arc<dyn Blobs>) -> Self {
        let (in_flight, alarm) = (InFlight::default(), Arc::default());
        let (memory, lock) = (MemoryShare::default(), Mutex::new(None));
        let opened = SystemTime::now();
        let inner = Inner { metadata, blobs, in_flight, memory, alarm, opened, lock };
        Self { inner: Arc::new(inner) }
    }

    /// Finishes the writes that were begun, closes the engines and lets another process have the directory. Later calls
    /// fail with [`StoreError::Closed`]; downloads that were opened go on.
    ///
    /// # Errors
    /// Those of the metadata engine.
    pub async fn close(&self) -> Result<(), StoreError> {
        let closed = self.inner.metadata.close().await;
        drop(self.inner.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
        closed
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// [`StoreError::BucketExists`] with the owner of the bucket that has the name.
    pub async fn create_bucket(&self, bucket: Bucket) -> Result<(), StoreError> {
        self.inner.alarm.watch(self.inner.metadata.create_bucket(bucket).await)
    }

    /// The bucket of this name, if there is one.
    ///
    /// # Errors
    /// Those of the metadata engine.
    pub async fn bucket(&self, name: &str) -> Result<Option<Bucket>, StoreError> {
        self.inner.alarm.watch(self.inner.metadata.bucket(name).await)
    }

    /// All buckets, in the order of their names.
    ///
    /// # Errors
    /// Those of the metadata engine.
    pub async fn list_buckets(&self) -> Result<Vec<Bucket>, StoreError> {
        self.inner.alarm.watch(self.inner.metadata.buckets().await)
    }

    /// Deletes an empty bucket.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::BucketNotEmpty`].
    pub async fn delete_bucket(&self, name: &str) -> Result<(), StoreError> {
        self.inner.alarm.watch(self.inner.metadata.delete_bucket(name).await)
    }

    /// Begins an upload. `size_hint` is the length to be expected, if that is known; it need not come true.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::Stopped`].
    pub async fn begin_put(&self, size_hint: Option<u64>) -> Result<PutStream, StoreError> {
        PutStream::begin(Arc::clone(&self.inner), size_hint).await
    }

    /// All about an object but its bytes. `None`: there is no such object.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`]; [`StoreError::Corrupt`] when its row is damaged.
    pub async fn head(&self, bucket: &str, key: &str) -> Result<Option<Arc<Object>>, StoreError> {
        let row = self.inner.alarm.watch(self.inner.metadata.object(bucket, key).await)?;
        Ok(row.map(|row| row.object))
    }

    /// Opens an object for reading. `None`: there is no such object. The caller looks at
    /// [`OpenObject::object`], decides conditions and range, and then calls [`OpenObject::read`]; all of that sees one
    /// version of the object.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`]; [`StoreError::Corrupt`] when its row or its blob is damaged.
    pub async fn get(&self, bucket: &str, key: &str) -> Result<Option<OpenObject>, StoreError> {
        self.inner.alarm.watch(self.open_object(bucket, key).await)
    }

    async fn open_object(&self, bucket: &str, key: &str) -> Result<Option<OpenObject>, StoreError> {
        let alarm = || Arc::clone(&self.inner.alarm);
        let mut missing = None;
        loop {
            let Some(row) = self.inner.metadata.object(bucket, key).await? else { return Ok(None) };
            let id = match row.content {
                Content::Inline(bytes) => {
                    return Ok(Some(OpenObject::new(row.object, OpenContent::Inline(bytes), alarm())));
                }
                Content::Blob(id) => id,
            };
            let described = StoredBlob { id, size: row.object.size, crc64nvme: row.object.crc64nvme };
            match self.inner.blobs.open(described).await? {
                Some(blob) => return Ok(Some(OpenObject::new(row.object, OpenContent::Blob(blob), alarm()))),
                // Unlinked between the look at the row and the open: an overwrite or a delete was committed before, so
                // the row says something else by now. If it does not, the blob is gone for another reason.
                None if missing != Some(id) => missing = Some(id),
                None => {
                    let detail = "a row names it and it does not exist".to_owned();
                    return Err(StoreError::Corrupt { what: format!("blob {id}"), detail });
                }
            }
        }
    }

    /// Deletes an object; says whether it existed.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::Stopped`].
    pub async fn delete(&self, bucket: &str, key: &str) -> Result<bool, StoreError> {
        let deleted = self.inner.alarm.watch(self.inner.metadata.delete_object(bucket, key).await)?;
        self.inner.delete_blob_later(deleted.and_then(|row| row.blob));
        Ok(deleted.is_some())
    }

    /// One page of a bucket's keys.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`].
    pub async fn list(&self, bucket: &str, request: &ListRequest) -> Result<ListPage, StoreError> {
        self.inner.alarm.watch(self.inner.metadata.list(bucket, request).await)
    }

    /// Adds an access key, or replaces the one of the same id.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::Stopped`].
    pub async fn put_access_key(&self, row: AccessKeyRow) -> Result<(), StoreError> {
        self.inner.alarm.watch(self.inner.metadata.put_access_key(row).await)
    }

    /// The access key of this id, if there is one.
    ///
    /// # Errors
    /// Those of the metadata engine.
    pub async fn access_key(&self, access_key_id: &str) -> Result<Option<AccessKeyRow>, StoreError> {
        self.inner.alarm.watch(self.inner.metadata.access_key(access_key_id).await)
    }

    /// All access keys, in the order of their ids.
    ///
    /// # Errors
    /// Those of the metadata engine.
    pub async fn access_keys(&self) -> Result<Vec<AccessKeyRow>, StoreError> {
        self.inner.alarm.watch(self.inner.metadata.access_keys().await)
    }

    /// Deletes an access key; says whether it existed.
    ///
    /// # Errors
    /// [`StoreError::Stopped`].
    pub async fn delete_access_key(&self, access_key_id: &str) -> Result<bool, StoreError> {
        self.inner.alarm.watch(self.inner.metadata.delete_access_key(access_key_id).await)
    }

    /// How often stored data was met that is not what was written, since the store was opened. Each time an error was
    /// given in its place, and from time to time the log says what it was about.
    #[must_use]
    pub fn damage_met(&self) -> u64 {
        self.inner.alarm.met()
    }
}

impl Inner {
    /// Raises the alarm when a write met damage.
    pub(crate) fn watch_put<T>(&self, outcome: Result<T, PutError>) -> Result<T, PutError> {
        outcome.inspect_err(|error| {
            if let PutError::Store(error) = error {
                self.alarm.raise(error);
            }
        })
    }

    /// Deletes a blob whose row is gone, without keeping the answer waiting. If it fails, the collector finds it.
    pub(crate) fn delete_blob_later(&self, blob: Option<BlobId>) {
        let Some(id) = blob else { return };
        let blobs = Arc::clone(&self.blobs);
        tokio::spawn(async move {
            if let Err(error) = blobs.delete(id).await {
                tracing::warn!(%error, blob = %id, "a blob without a row could not be deleted and waits for the collector");
            }
        });
    }
}
