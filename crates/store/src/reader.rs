//! A download on its way out.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::alarm::Alarm;
use crate::{BlobReader, Object, OpenBlob, StoreError};

/// An object and its bytes as they were at one moment. An overwrite or a delete that comes later does not touch it.
pub struct OpenObject {
    object: Arc<Object>,
    content: OpenContent,
    alarm: Arc<Alarm>,
}

pub(crate) enum OpenContent {
    Inline(Bytes),
    Blob(Box<dyn OpenBlob>),
}

impl OpenObject {
    pub(crate) fn new(object: Arc<Object>, content: OpenContent, alarm: Arc<Alarm>) -> Self {
        Self { object, content, alarm }
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
            OpenContent::Blob(blob) => Source::Blob(blob.read(start..end)),
        };
        ObjectReader { source, alarm: self.alarm }
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
    alarm: Arc<Alarm>,
    source: Source,
}

enum Source {
    Inline(Bytes),
    Blob(Box<dyn BlobReader>),
}

impl ObjectReader {
    /// The next bytes, never empty; `None` at the end of the range. Each was compared with a checksum before.
    ///
    /// # Errors
    /// [`StoreError::Io`]; [`StoreError::Corrupt`] when they are not what was written.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, StoreError> {
        match &mut self.source {
            Source::Inline(bytes) if bytes.is_empty() => Ok(None),
            Source::Inline(bytes) => Ok(Some(std::mem::take(bytes))),
            Source::Blob(reader) => self.alarm.watch(reader.next_chunk().await),
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
