//! Reading a blob from its file.

use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::Disk;
use crate::blocking::on_blocking_pool;
use crate::{BlobReader, OpenBlob, StoreError};

/// How much is read at once.
pub const CHUNK_BYTES: usize = 256 * 1024;

/// An open file. It stays readable when it is unlinked.
pub(super) struct OpenFile {
    source: Arc<Source>,
    size: u64,
}

struct Source {
    disk: Disk,
    file: File,
    path: PathBuf,
}

impl OpenFile {
    pub(super) fn new(disk: Disk, file: File, path: PathBuf) -> Result<Self, StoreError> {
        let size = disk.length(&file, &path)?;
        Ok(Self { source: Arc::new(Source { disk, file, path }), size })
    }
}

impl OpenBlob for OpenFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(self: Box<Self>, range: Range<u64>) -> Box<dyn BlobReader> {
        let end = range.end.min(self.size);
        Box::new(FileReader { source: self.source, at: range.start.min(end), end })
    }
}

struct FileReader {
    source: Arc<Source>,
    at: u64,
    end: u64,
}

#[async_trait]
impl BlobReader for FileReader {
    async fn next_chunk(&mut self) -> Result<Option<Bytes>, StoreError> {
        let wanted = usize::try_from(self.end - self.at).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        if wanted == 0 {
            return Ok(None);
        }
        // What the page cache holds costs no switch of threads; the rest may wait for the disk.
        let mut chunk = self.source.disk.read_cached(&self.source.file, self.at, wanted);
        if chunk.is_empty() {
            let (source, at) = (Arc::clone(&self.source), self.at);
            chunk =
                on_blocking_pool(move || source.disk.read(&source.file, &source.path, at, wanted)).await?;
        }
        if chunk.is_empty() {
            return Err(StoreError::Corrupt {
                what: self.source.path.display().to_string(),
                detail: format!("it ends at byte {}, while it was read up to byte {}", self.at, self.end),
            });
        }
        self.at += chunk.len() as u64;
        Ok(Some(chunk))
    }
}
