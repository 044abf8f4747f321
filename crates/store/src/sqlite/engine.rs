//! The engine: the metadata port over a writer thread, readers, and rows in memory.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::SystemTime;

use async_trait::async_trait;
use tokio::sync::{Semaphore, oneshot};

use super::database_files::{log_path, remove_unfinished, stock_log_path};
use super::failure::store_error;
use super::growth::Growth;
use super::hot::Hot;
use super::operation::{Operation, Pending};
use super::readers::Readers;
use super::stamp::Stamp;
use super::writer::{Message, Writer};
use super::writes::{CreateBucket, DeleteAccessKey, DeleteBucket, DeleteObject, PutAccessKey, PutObject};
use super::{listing, queries, schema};
use crate::blocking::on_blocking_pool;
use crate::files::{Directory, Disk, Reserve, Watch, is_initialized, set_initialized};
use crate::{
    AccessKeyRow, BlobId, Bucket, DeletedRow, ListPage, ListRequest, Metadata, ObjectRow, OpenError, Poison,
    Precondition, PutError, StoreError,
};

/// How many writes may wait for the writer. With objects of 64 KiB that is 32 MiB of memory.
const QUEUE: usize = 512;

/// The files of the engine in the data directory.
pub(super) const DATABASE: &str = "metadata.sqlite";
pub(super) const LOG: &str = "metadata.sqlite-log";
pub(super) const INDEX: &str = "metadata.sqlite-shm";

/// How the engine is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Memory for rows that are read often, in bytes.
    pub cache_bytes: u64,
    /// How many reads run at the same time.
    pub readers: usize,
}

/// Metadata in a SQLite database.
pub struct SqliteMetadata {
    queue: Sender<Message>,
    places: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
    readers: Readers,
    reader_count: usize,
    hot: Arc<Hot>,
    is_closed: AtomicBool,
    last_commit: Option<SystemTime>,
    /// Whether commits say when they were made.
    stamps: Arc<AtomicBool>,
    names_blobs: bool,
}

impl SqliteMetadata {
    /// Opens `metadata.sqlite` in a data directory, which must exist and be locked, and makes it if it is not there.
    /// Waits for the disk; not to be called where other requests run.
    ///
    /// # Errors
    /// [`OpenError::SqliteTooOld`], [`OpenError::NewerSchema`], [`OpenError::OlderSchema`],
    /// [`OpenError::ForeignDatabase`], [`OpenError::DatabaseLost`], [`OpenError::Store`].
    pub fn open(
        directory: &Path,
        options: &SqliteOptions,
        poison: Poison,
        reserve: Arc<Reserve>,
    ) -> Result<Self, OpenError> {
        let watch = Watch::new(Directory::open(directory)?, poison)?;
        Self::open_in(&Arc::new(watch), options, reserve)
    }

    /// As [`open`](Self::open), of a directory that is open.
    pub(crate) fn open_in(
        watch: &Arc<Watch>,
        options: &SqliteOptions,
        reserve: Arc<Reserve>,
    ) -> Result<Self, OpenError> {
        let directory = watch.directory().path();
        let path = directory.join("metadata.sqlite");
        let (disk, poison) = (Disk::default(), watch.poison().clone());
        // SQLite opens its files by their paths. So the directory has to be at its path before and behind that, and from then
        // on the files have to be the same.
        watch.look()?;
        remove_unfinished(&disk, &path);
        let length = disk.length(&path)?;
        if length.unwrap_or(0) == 0 && is_initialized(&disk, directory)? {
            return Err(OpenError::DatabaseLost { path });
        }
        if length.is_none() {
            // SQLite would let everyone read it, and gives the files beside it the same rights.
            drop(disk.create(&path)?);
        }
        // A new one takes the place of the empty file when it is made.
        let is_new = length.unwrap_or(0) == 0;
        if !is_new {
            watch.add(DATABASE)?;
        }
        let written = last_written(&disk, &path)?;
        let conn = match schema::open_writer(&path) {
            // SQLite cannot make the files beside the database on a full disk, and does not say that it is full.
            Err(OpenError::Store(StoreError::DiskFull { .. } | StoreError::Io { .. })) => {
                reserve.lend()?;
                let conn = schema::open_writer(&path);
                reserve.take_back()?;
                conn?
            }
            other => other?,
        };
        if is_new {
            watch.add(DATABASE)?;
        }
        disk.sync_dir(directory, &poison)?;
        set_initialized(&disk, directory, &poison)?;
        let hot = Arc::new(Hot::new(options.cache_bytes));
        let (queue, receiver) = std::sync::mpsc::channel();
        let place = path.display().to_string();
        let growth = Growth::open(&disk, &path)?;
        let readers = Readers::open(path.clone(), options.readers, Arc::clone(watch))?;
        for name in [LOG, INDEX] {
            watch.add(name)?;
        }
        watch.look()?;
        let failed = |error: rusqlite::Error| store_error("opening the database", &place, &error);
        let names_blobs = queries::names_blobs(&conn);
        let stamp = Stamp::read(&conn).map_err(failed)?;
        let last_commit = stamp.time().or(written);
        let mut writer =
            Writer::new(conn, &path, receiver, Arc::clone(&hot), Arc::clone(watch), reserve, growth)
                .map_err(failed)?;
        writer.stamp_at_open = stamp.or(written);
        let stamps = Arc::clone(&writer.stamps);
        let thread = std::thread::Builder::new().name("presign-writer".into()).spawn(move || writer.run());
        let thread = thread.map_err(|error| StoreError::Io {
            action: "starting the writer's thread",
            place,
            reason: error.to_string(),
        })?;
        Ok(Self {
            queue,
            places: Arc::new(Semaphore::new(QUEUE)),
            thread: Mutex::new(Some(thread)),
            readers,
            last_commit,
            stamps,
            names_blobs,
            reader_count: options.readers,
            hot,
            is_closed: AtomicBool::new(false),
        })
    }

    /// Whether any object had its bytes in a blob when the database was opened.
    #[must_use]
    pub fn names_blobs(&self) -> bool {
        self.names_blobs
    }

    /// Sends an operation to the writer and waits for its group to be committed.
    async fn write<O: Operation>(&self, operation: O) -> Result<O::Answer, O::Refusal> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let pending = Box::new(Pending::new(operation, reply, place));
        self.queue.send(Message::Write(pending)).map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    fn check_open(&self) -> Result<(), StoreError> {
        if self.is_closed.load(Ordering::Acquire) { Err(StoreError::Closed) } else { Ok(()) }
    }

    fn take_thread(&self) -> Option<JoinHandle<()>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for SqliteMetadata {
    fn drop(&mut self) {
        // Its directory must not be unlocked while the thread still writes.
        let closing = self.queue.send(Message::Close);
        if let (Ok(()), Some(thread)) = (closing, self.take_thread()) {
            drop(thread.join());
        }
    }
}

/// When the database or its log was written last, as the file system has it. `None`: there is no database yet.
fn last_written(disk: &Disk, path: &Path) -> Result<Option<SystemTime>, StoreError> {
    let ages = [disk.age(path)?, disk.age(&log_path(path))?, disk.age(&stock_log_path(path))?];
    Ok(ages.into_iter().flatten().min().and_then(|age| SystemTime::now().checked_sub(age)))
}

#[async_trait]
impl Metadata for SqliteMetadata {
    async fn create_bucket(&self, bucket: Bucket) -> Result<(), StoreError> {
        self.write(CreateBucket(bucket)).await
    }

    async fn bucket(&self, name: &str) -> Result<Option<Bucket>, StoreError> {
        self.check_open()?;
        if let Some(bucket) = self.hot.buckets.get(name, "") {
            return Ok(Some(bucket));
        }
        let (hot, name) = (Arc::clone(&self.hot), name.to_owned());
        let read = move |conn: &mut rusqlite::Connection| {
            let ticket = hot.buckets.ticket(&name, "");
            let bucket = queries::bucket(conn, &name)?;
            if let Some(bucket) = &bucket {
                hot.buckets.keep(ticket, &name, "", bucket.clone());
            }
            Ok(bucket)
        };
        self.readers.read("reading a bucket", read).await
    }

    async fn buckets(&self) -> Result<Vec<Bucket>, StoreError> {
        self.readers.read("listing the buckets", |conn| queries::buckets(conn)).await
    }

    async fn delete_bucket(&self, name: &str) -> Result<(), StoreError> {
        self.write(DeleteBucket(name.to_owned())).await
    }

    async fn put_object(
        &self,
        bucket: &str,
        row: ObjectRow,
        precondition: Precondition,
    ) -> Result<Option<BlobId>, PutError> {
        self.write(PutObject::new(bucket.to_owned(), row, precondition)).await
    }

    async fn object(&self, bucket: &str, key: &str) -> Result<Option<ObjectRow>, StoreError> {
        self.check_open()?;
        if let Some(row) = self.hot.objects.get(bucket, key) {
            return Ok(Some(row));
        }
        let (hot, bucket, key) = (Arc::clone(&self.hot), bucket.to_owned(), key.to_owned());
        let read = move |conn: &mut rusqlite::Connection| {
            let ticket = hot.objects.ticket(&bucket, &key);
            let row = queries::object(conn, &bucket, &key)?;
            if let Some(row) = &row {
                hot.objects.keep(ticket, &bucket, &key, row.clone());
            }
            Ok(row)
        };
        self.readers.look_up("reading the row of an object", read).await
    }

    async fn delete_object(&self, bucket: &str, key: &str) -> Result<Option<DeletedRow>, StoreError> {
        self.write(DeleteObject { bucket: bucket.to_owned(), key: key.to_owned() }).await
    }

    async fn list(&self, bucket: &str, request: &ListRequest) -> Result<ListPage, StoreError> {
        let (bucket, request) = (bucket.to_owned(), request.clone());
        let read = move |conn: &mut rusqlite::Connection| listing::list(conn, &bucket, &request);
        Ok(self.readers.read("listing a bucket", read).await?.page)
    }

    async fn unnamed_blobs(&self, ids: Vec<BlobId>) -> Result<Vec<BlobId>, StoreError> {
        let read = move |conn: &mut rusqlite::Connection| queries::unnamed_blobs(conn, ids);
        self.readers.read("looking for the rows of blobs", read).await
    }

    async fn put_access_key(&self, row: AccessKeyRow) -> Result<(), StoreError> {
        self.write(PutAccessKey(row)).await
    }

    async fn access_key(&self, access_key_id: &str) -> Result<Option<AccessKeyRow>, StoreError> {
        self.check_open()?;
        if let Some(row) = self.hot.access_keys.get("", access_key_id) {
            return Ok(Some(row));
        }
        let (hot, id) = (Arc::clone(&self.hot), access_key_id.to_owned());
        let read = move |conn: &mut rusqlite::Connection| {
            let ticket = hot.access_keys.ticket("", &id);
            let row = queries::access_key(conn, &id)?;
            if let Some(row) = &row {
                hot.access_keys.keep(ticket, "", &id, row.clone());
            }
            Ok(row)
        };
        self.readers.read("reading an access key", read).await
    }

    async fn access_keys(&self) -> Result<Vec<AccessKeyRow>, StoreError> {
        self.readers.read("listing the access keys", |conn| queries::access_keys(conn)).await
    }

    async fn delete_access_key(&self, access_key_id: &str) -> Result<bool, StoreError> {
        self.write(DeleteAccessKey(access_key_id.to_owned())).await
    }

    fn last_commit_before_open(&self) -> Option<SystemTime> {
        self.last_commit
    }

    fn let_last_commit_advance(&self) {
        self.stamps.store(true, Ordering::Relaxed);
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.is_closed.store(true, Ordering::Release);
        self.readers.close(self.reader_count).await;
        // An error means that the thread has ended already.
        drop(self.queue.send(Message::Close));
        match self.take_thread() {
            Some(thread) => on_blocking_pool(move || thread.join().map_err(|_| StoreError::Closed)).await,
            None => Ok(()),
        }
    }
}
