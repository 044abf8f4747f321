//! An upload on its way in.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use crc_fast::{CrcAlgorithm, Digest};

use crate::memory_share::Member;
use crate::metadata::commit_is_certain;
use crate::store::Inner;
use crate::{
    BlobWriter, Blobs, Content, MAX_KEY_BYTES, NewObject, Object, ObjectRow, Precondition, PutError,
    StoreError,
};

/// Objects up to this many bytes live in the database, where a flush serves many of them; larger ones become blobs.
pub const INLINE_LIMIT: usize = 64 * 1024;

/// An upload whose bytes arrive one by one. Dropped without [`finish`](Self::finish) it leaves nothing behind.
pub struct PutStream {
    inner: Arc<Inner>,
    /// Of the bytes while they are few; a blob's writer has its own.
    digest: Digest,
    size: u64,
    size_hint: Option<u64>,
    body: Body,
    memory: Member,
}

enum Body {
    Small(BytesMut),
    Large(Box<dyn BlobWriter>),
    /// A write failed or was given up half-way: what is here is not what was sent.
    Lost(Option<StoreError>),
}

impl PutStream {
    pub(crate) async fn begin(inner: Arc<Inner>, size_hint: Option<u64>) -> Result<Self, StoreError> {
        let expected = size_hint.and_then(|hint| usize::try_from(hint).ok());
        let body = match (size_hint, expected) {
            (Some(_), Some(small)) if small <= INLINE_LIMIT => Body::Small(BytesMut::with_capacity(small)),
            // A full disk is noticed here, before the body is read.
            (Some(_), _) => Body::Large(inner.blobs.begin(size_hint).await?),
            (None, _) => Body::Small(BytesMut::new()),
        };
        let (digest, memory) = (Digest::new(CrcAlgorithm::Crc64Nvme), inner.memory.join());
        Ok(Self { inner, digest, size: 0, size_hint, body, memory })
    }

    /// Appends bytes. Waits while the disk is behind, so memory stays bounded.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::Io`], [`StoreError::Stopped`]. The upload is lost then; drop it.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.size += bytes.len() as u64;
        if let Body::Small(buffer) = &mut self.body
            && buffer.len() + bytes.len() <= INLINE_LIMIT
        {
            self.digest.update(&bytes);
            buffer.extend_from_slice(&bytes);
            return Ok(());
        }
        // Until it has ended well, a write that waits may also be given up by its caller.
        let body = std::mem::replace(&mut self.body, Body::Lost(None));
        match write_blob(&*self.inner.blobs, self.size_hint, body, bytes).await {
            Ok(writer) => {
                self.body = Body::Large(writer);
                Ok(())
            }
            Err(error) => {
                self.body = Body::Lost(Some(error.clone()));
                Err(error)
            }
        }
    }

    /// Puts what is gathered on the disk, so that the upload holds next to no memory until more of it is written. What has
    /// room in the database becomes a blob by that: to be called where the rest may be long in coming.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn flush(&mut self) -> Result<(), StoreError> {
        let body = std::mem::replace(&mut self.body, Body::Lost(None));
        match flush_blob(&*self.inner.blobs, self.size_hint, body).await {
            Ok(body) => {
                self.body = body;
                Ok(())
            }
            Err(error) => {
                self.body = Body::Lost(Some(error.clone()));
                Err(error)
            }
        }
    }

    /// Whether what was written is held in memory until [`finish`](Self::finish).
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        matches!(self.body, Body::Small(_))
    }

    /// How many bytes the caller may well gather before it writes them: up to 1 MiB, and less the more uploads there are.
    #[must_use]
    pub fn batch_bytes(&self) -> usize {
        self.memory.bytes()
    }

    /// How many bytes were written.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// CRC-64/NVME of what was written.
    #[must_use]
    pub fn crc64nvme(&self) -> u64 {
        match &self.body {
            Body::Large(writer) => writer.crc64nvme(),
            Body::Small(_) | Body::Lost(_) => self.digest.finalize(),
        }
    }

    /// Makes the object durable and visible, if the precondition holds. When this has returned `Ok`, no loss of power
    /// undoes it. If the future is dropped before, the object is written whole or not at all.
    ///
    /// # Errors
    /// [`PutError::PreconditionFailed`], [`PutError::NoSuchKey`]; within [`PutError::Store`] above all
    /// [`StoreError::NoSuchBucket`], [`StoreError::KeyLength`], [`StoreError::DiskFull`], [`StoreError::Stopped`].
    pub async fn finish(
        self,
        bucket: &str,
        key: &str,
        new: NewObject,
        precondition: Precondition,
    ) -> Result<Arc<Object>, PutError> {
        check_key(key)?;
        let NewObject { etag, modified, headers, user_metadata, checksum, storage_class } = new;
        let object = Arc::new(Object {
            key: key.to_owned(),
            size: self.size,
            crc64nvme: self.crc64nvme(),
            etag,
            modified,
            headers,
            user_metadata,
            checksum,
            storage_class,
        });
        match self.body {
            Body::Small(buffer) => {
                let row =
                    ObjectRow { object: Arc::clone(&object), content: Content::Inline(buffer.freeze()) };
                let replaced = self.inner.metadata.put_object(bucket, row, precondition).await;
                let replaced = self.inner.watch_put(replaced)?;
                self.inner.delete_blob_later(replaced);
                Ok(object)
            }
            Body::Large(writer) => {
                // Between the rename and the commit nobody may give up half-way: a task of its own ends what it began.
                let finish = finish_blob(self.inner, writer, bucket.to_owned(), object, precondition);
                tokio::spawn(finish).await.unwrap_or(Err(PutError::Store(StoreError::Closed)))
            }
            Body::Lost(error) => Err(error.unwrap_or_else(given_up).into()),
        }
    }
}

/// Appends to a blob, which begins with what was too small for one so far.
async fn write_blob(
    blobs: &dyn Blobs,
    size_hint: Option<u64>,
    body: Body,
    bytes: Bytes,
) -> Result<Box<dyn BlobWriter>, StoreError> {
    let mut writer = match body {
        Body::Large(writer) => writer,
        Body::Small(begun) => {
            let mut writer = blobs.begin(size_hint).await?;
            writer.write(begun.freeze()).await?;
            writer
        }
        Body::Lost(error) => return Err(error.unwrap_or_else(given_up)),
    };
    writer.write(bytes).await?;
    Ok(writer)
}

/// Flushes a blob, into which what was too small for one so far is made. Nothing stays nothing.
async fn flush_blob(blobs: &dyn Blobs, size_hint: Option<u64>, body: Body) -> Result<Body, StoreError> {
    let mut writer = match body {
        Body::Large(writer) => writer,
        Body::Small(begun) if begun.is_empty() => return Ok(Body::Small(BytesMut::new())),
        Body::Small(begun) => {
            let mut writer = blobs.begin(size_hint).await?;
            writer.write(begun.freeze()).await?;
            writer
        }
        Body::Lost(error) => return Err(error.unwrap_or_else(given_up)),
    };
    writer.flush().await?;
    Ok(Body::Large(writer))
}

fn given_up() -> StoreError {
    let reason = "an earlier write was given up half-way".to_owned();
    StoreError::Io { action: "writing", place: "an upload".to_owned(), reason }
}

/// The write order of an object with a blob: the blob durable, then the row, then the answer.
async fn finish_blob(
    inner: Arc<Inner>,
    writer: Box<dyn BlobWriter>,
    bucket: String,
    object: Arc<Object>,
    precondition: Precondition,
) -> Result<Arc<Object>, PutError> {
    let mark = inner.in_flight.mark(writer.id());
    let id = writer.finish().await?.id;
    let row = ObjectRow { object: Arc::clone(&object), content: Content::Blob(id) };
    let replaced = inner.metadata.put_object(&bucket, row, precondition).await;
    match inner.watch_put(replaced) {
        Ok(replaced) => {
            inner.delete_blob_later(replaced);
            Ok(object)
        }
        Err(error) if commit_is_certain(&error) => {
            inner.delete_blob_later(Some(id));
            Err(error)
        }
        Err(error) => {
            mark.keep();
            Err(error)
        }
    }
}

fn check_key(key: &str) -> Result<(), StoreError> {
    match key.len() {
        1..=MAX_KEY_BYTES => Ok(()),
        length => Err(StoreError::KeyLength { length }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{FileBlobs, Reserve};
    use crate::sqlite::{SqliteMetadata, SqliteOptions};
    use crate::{Bucket, Poison, Store, UnixMillis};

    #[tokio::test]
    async fn an_upload_that_failed_cannot_be_finished() {
        let directory = tempfile::tempdir().unwrap();
        let reserve = Arc::new(Reserve::open(directory.path()).unwrap());
        // Only the blobs fail, so the row of a cut-off object could be written.
        let poison = Poison::default();
        let blobs = FileBlobs::open(directory.path(), poison.clone(), Arc::clone(&reserve)).unwrap();
        let options = SqliteOptions { cache_bytes: 0, readers: 1 };
        let metadata = SqliteMetadata::open(directory.path(), &options, Poison::default(), reserve).unwrap();
        let store = Store::with_engines(Arc::new(metadata), Arc::new(blobs));
        let bucket =
            Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        store.create_bucket(bucket).await.unwrap();

        let mut upload = store.begin_put(None).await.unwrap();
        let mut small = store.begin_put(None).await.unwrap();
        upload.write(Bytes::from_static(b"begun")).await.unwrap();
        let stopped = poison.set(&"a test says so");
        assert_eq!(upload.write(vec![7; 100_000].into()).await, Err(stopped.clone()));
        assert_eq!(upload.write(Bytes::from_static(b"on")).await, Err(stopped.clone()));
        let finished = upload.finish("b", "k", NewObject::default(), Precondition::Unconditional).await;
        assert_eq!(finished, Err(PutError::Store(stopped)));
        assert_eq!(store.head("b", "k").await, Ok(None));

        small.write(Bytes::from_static(b"small")).await.unwrap();
        assert!(small.finish("b", "k", NewObject::default(), Precondition::Unconditional).await.is_ok());
        store.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_flushed_upload_is_in_no_memory_and_comes_back_whole() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), crate::StoreOptions::default()).await.unwrap();
        let bucket =
            Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        store.create_bucket(bucket).await.unwrap();
        for (key, pieces) in [("small", [10, 20]), ("large", [100_000, 300_000])] {
            let body: Vec<u8> = (0..pieces[0] + pieces[1]).map(|at| (at % 251) as u8).collect();
            let mut upload = store.begin_put(Some(body.len() as u64)).await.unwrap();
            // Nothing to put away is no reason for a file.
            upload.flush().await.unwrap();
            assert_eq!(upload.is_in_memory(), key == "small");
            let (first, second) = body.split_at(pieces[0]);
            for piece in [first, second] {
                upload.write(Bytes::copy_from_slice(piece)).await.unwrap();
                upload.flush().await.unwrap();
                assert!(!upload.is_in_memory());
            }
            upload.finish("b", key, NewObject::default(), Precondition::Unconditional).await.unwrap();
            let mut read = store.get("b", key).await.unwrap().unwrap().read(0..body.len() as u64);
            let mut found = Vec::new();
            while let Some(chunk) = read.next_chunk().await.unwrap() {
                found.extend_from_slice(&chunk);
            }
            assert_eq!(found, body);
        }
        store.close().await.unwrap();
    }

    #[test]
    fn a_key_has_1_to_1024_bytes() {
        assert_eq!(check_key("k"), Ok(()));
        assert_eq!(check_key(&"k".repeat(1024)), Ok(()));
        assert_eq!(check_key(""), Err(StoreError::KeyLength { length: 0 }));
        assert_eq!(check_key(&"k".repeat(1025)), Err(StoreError::KeyLength { length: 1025 }));
        // Bytes, not characters.
        assert_eq!(check_key(&"é".repeat(513)), Err(StoreError::KeyLength { length: 1026 }));
    }
}
