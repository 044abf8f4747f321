//! A download on its way out.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest};

use crate::{BlobId, BlobReader, Object, OpenBlob, StoreError};

/// An object and its bytes as they were at one moment. An overwrite or a delete that comes later does not touch it.
pub struct OpenObject {
    object: Arc<Object>,
    content: OpenContent,
}

pub(crate) enum OpenContent {
    Inline(Bytes),
    Blob(BlobId, Box<dyn OpenBlob>),
}

impl OpenObject {
    pub(crate) fn new(object: Arc<Object>, content: OpenContent) -> Self {
        Self { object, content }
    }

    /// All about the object but its bytes.
    #[must_use]
    pub fn object(&self) -> &Arc<Object> {
        &self.object
    }

    /// Reads a range of it: first byte included, last excluded. What of the range lies behind the end is left out.
    #[must_use]
    pub fn read(self, range: Range<u64>) -> ObjectReader {
        let end = range.end.min(self.object.size);
        let start = range.start.min(end);
        let source = match self.content {
            OpenContent::Inline(bytes) => {
                // Never past the end: both are at most the object's size, which is the length of the row's bytes.
                let at = |offset: u64| usize::try_from(offset).map_or(bytes.len(), |at| at.min(bytes.len()));
                Source::Inline(bytes.slice(at(start)..at(end)))
            }
            OpenContent::Blob(id, blob) => {
                let whole = start == 0 && end == self.object.size;
                let check = whole
                    .then(|| Box::new(FullRead { digest: Digest::new(CrcAlgorithm::Crc64Nvme), read: 0 }));
                Source::Blob { id, reader: blob.read(start..end), check }
            }
        };
        ObjectReader { object: self.object, source }
    }

    /// Reads all of it.
    #[must_use]
    pub fn read_all(self) -> ObjectReader {
        let size = self.object.size;
        self.read(0..size)
    }
}

/// The bytes of a range of an object, in chunks.
pub struct ObjectReader {
    object: Arc<Object>,
    source: Source,
}

enum Source {
    Inline(Bytes),
    Blob { id: BlobId, reader: Box<dyn BlobReader>, check: Option<Box<FullRead>> },
}

/// The checksum of a read from the first byte to the last, as far as it got.
struct FullRead {
    digest: Digest,
    read: u64,
}

impl ObjectReader {
    /// The next bytes, never empty; `None` at the end of the range.
    ///
    /// # Errors
    /// [`StoreError::Io`]; [`StoreError::Corrupt`] when a read of the whole object does not give the bytes that were
    /// written. The last chunk is withheld then, so a damaged object cannot arrive complete.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, StoreError> {
        match &mut self.source {
            Source::Inline(bytes) if bytes.is_empty() => Ok(None),
            Source::Inline(bytes) => Ok(Some(std::mem::take(bytes))),
            Source::Blob { id, reader, check } => {
                let Some(chunk) = reader.next_chunk().await? else { return Ok(None) };
                if let Some(check) = check {
                    check.digest.update(&chunk);
                    check.read += chunk.len() as u64;
                    if check.read == self.object.size && check.digest.finalize() != self.object.crc64nvme {
                        return Err(StoreError::Corrupt {
                            what: format!("blob {id}"),
                            detail: "its bytes do not match the checksum in its row".into(),
                        });
                    }
                }
                Ok(Some(chunk))
            }
        }
    }

    /// The rest of the range in one piece, for callers that know it to be small.
    ///
    /// # Errors
    /// As [`next_chunk`](Self::next_chunk).
    pub async fn read_to_end(mut self) -> Result<Bytes, StoreError> {
        let Some(first) = self.next_chunk().await? else { return Ok(Bytes::new()) };
        let Some(second) = self.next_chunk().await? else { return Ok(first) };
        let mut all = Vec::from(first);
        all.extend_from_slice(&second);
        while let Some(chunk) = self.next_chunk().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.into())
    }
}
