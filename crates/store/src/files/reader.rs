//! Reading a blob from its file. No byte leaves that does not match the checksum of its block.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::Disk;
use super::block_sums::BLOCK_BYTES;
use super::crc64;
use super::directory::{Entry, Located};
use super::trailer::{self, FOOTER_BYTES, SUM_BYTES};
use crate::blocking::on_blocking_pool;
use crate::{BlobReader, OpenBlob, StoreError, StoredBlob};

/// How much a reader takes from the file at once, and so the length of the longest chunk that it gives: four blocks.
pub const CHUNK_BYTES: usize = 4 * BLOCK_BYTES;

/// How many checksums of blocks are read at once: those of 32 MiB.
const SUMS_AT_ONCE: u64 = 512;

/// An open file. It stays readable when it is unlinked.
pub(super) struct OpenFile {
    source: Arc<Source>,
}

struct Source {
    disk: Disk,
    file: File,
    place: Entry,
    blob: StoredBlob,
}

impl OpenFile {
    pub(super) fn new(disk: Disk, file: File, place: Entry, blob: StoredBlob) -> Self {
        Self { source: Arc::new(Source { disk, file, place, blob }) }
    }
}

impl OpenBlob for OpenFile {
    fn read(self: Box<Self>, range: Range<u64>) -> Box<dyn BlobReader> {
        let size = self.source.blob.size;
        let end = range.end.min(size);
        let at = range.start.min(end);
        let whole = (at == 0 && end == size).then_some(0);
        Box::new(FileReader { source: self.source, at, end, sums: Sums::default(), is_bound: false, whole })
    }
}

struct FileReader {
    source: Arc<Source>,
    at: u64,
    end: u64,
    sums: Sums,
    /// Whether the footer was seen to be the one of this blob.
    is_bound: bool,
    /// CRC-64/NVME of what was read, where that is to be all of the blob.
    whole: Option<u64>,
}

/// Checksums of some blocks in a row, as they stand in the trailer.
#[derive(Default)]
struct Sums {
    first: u64,
    bytes: Bytes,
}

impl Sums {
    /// How many blocks from this one on have theirs here.
    fn count_from(&self, block: u64) -> usize {
        let skipped = block.checked_sub(self.first).and_then(|skipped| usize::try_from(skipped).ok());
        skipped.map_or(0, |skipped| (self.bytes.len() / SUM_BYTES).saturating_sub(skipped))
    }

    fn of(&self, block: u64) -> Option<u64> {
        let at = usize::try_from(block.checked_sub(self.first)?).ok()?.checked_mul(SUM_BYTES)?;
        let sum = self.bytes.get(at..)?.first_chunk()?;
        Some(u64::from_le_bytes(*sum))
    }
}

#[async_trait]
impl BlobReader for FileReader {
    async fn next_chunk(&mut self) -> Result<Option<Bytes>, StoreError> {
        if self.at == self.end {
            return Ok(None);
        }
        let block = self.at / BLOCK_BYTES as u64;
        let from = block * BLOCK_BYTES as u64;
        let blocks = self.read_blocks(block, from).await?;
        self.verify(block, &blocks)?;
        // Only what was asked for of the first block and of the last.
        let until = (from + blocks.len() as u64).min(self.end);
        let inside =
            |offset: u64| usize::try_from(offset - from).map_or(blocks.len(), |at| at.min(blocks.len()));
        let chunk = blocks.slice(inside(self.at)..inside(until));
        self.at = until;
        Ok(Some(chunk))
    }
}

impl FileReader {
    /// Some whole blocks from this one on, with their checksums in `sums`.
    async fn read_blocks(&mut self, block: u64, from: u64) -> Result<Bytes, StoreError> {
        let size = self.source.blob.size;
        let left = usize::try_from(size - from).unwrap_or(usize::MAX);
        let reaches_the_last_block = size - self.end < BLOCK_BYTES as u64;
        let at_once = if self.source.disk.buffers.are_scarce() { BLOCK_BYTES } else { CHUNK_BYTES };
        if !self.is_bound && size <= at_once as u64 && reaches_the_last_block {
            // One read gives the bytes and the trailer.
            let file_bytes = trailer::footer_at(size) + FOOTER_BYTES as u64;
            let length = usize::try_from(file_bytes - from).unwrap_or(usize::MAX);
            let mut bytes = self.source.read(from, length, length).await?;
            let trailer = bytes.split_off(left.min(bytes.len()));
            self.take_trailer(0, trailer)?;
            return Ok(bytes);
        }
        if self.sums.of(block).is_none() {
            self.read_sums(block).await?;
        }
        let end_of_range = usize::try_from(self.end - from).unwrap_or(usize::MAX);
        // Where the page cache had less than was wanted, reads no longer begin at every fourth block, and one may reach past
        // the last block whose checksum is here.
        let summed = match self.sums.count_from(block) {
            0 => return Err(self.source.corrupt(format!("its bytes from {from} on have no checksum"))),
            count => count.saturating_mul(BLOCK_BYTES),
        };
        let wanted = end_of_range.div_ceil(BLOCK_BYTES).saturating_mul(BLOCK_BYTES);
        let wanted = wanted.min(left).min(summed).min(at_once);
        let mut bytes = self.source.read(from, wanted, BLOCK_BYTES.min(wanted)).await?;
        if bytes.len() < wanted {
            bytes.truncate(bytes.len() - bytes.len() % BLOCK_BYTES);
        }
        Ok(bytes)
    }

    /// Reads the checksums of this block and of those behind it; the footer too, if it was not seen yet.
    async fn read_sums(&mut self, block: u64) -> Result<(), StoreError> {
        let size = self.source.blob.size;
        let count = trailer::block_count(size).saturating_sub(block);
        let (from, footer_at) = (trailer::sum_at(size, block), trailer::footer_at(size));
        if count <= SUMS_AT_ONCE {
            let length = usize::try_from(footer_at - from).unwrap_or(usize::MAX) + FOOTER_BYTES;
            let trailer = self.source.read(from, length, length).await?;
            return self.take_trailer(block, trailer);
        }
        if !self.is_bound {
            let footer = self.source.read(footer_at, FOOTER_BYTES, FOOTER_BYTES).await?;
            self.bind(&footer)?;
        }
        let length = usize::try_from(SUMS_AT_ONCE).map_or(0, |count| count * SUM_BYTES);
        self.sums = Sums { first: block, bytes: self.source.read(from, length, length).await? };
        Ok(())
    }

    /// Checksums from that of the block `first` to the last, and the footer.
    fn take_trailer(&mut self, first: u64, mut sums: Bytes) -> Result<(), StoreError> {
        let footer = sums.split_off(sums.len().saturating_sub(FOOTER_BYTES));
        self.bind(&footer)?;
        self.sums = Sums { first, bytes: sums };
        Ok(())
    }

    fn bind(&mut self, footer: &[u8]) -> Result<(), StoreError> {
        if !trailer::is_footer_of(&self.source.blob, footer) {
            return Err(self
                .source
                .corrupt("its trailer is not the one of the blob that its row names".into()));
        }
        self.is_bound = true;
        Ok(())
    }

    /// Compares the bytes of whole blocks with their checksums, and all of the blob's, where that is read, with its row.
    fn verify(&mut self, first: u64, bytes: &[u8]) -> Result<(), StoreError> {
        for (block, bytes) in (first..).zip(bytes.chunks(BLOCK_BYTES)) {
            let sum = crc64::of(bytes);
            if self.sums.of(block) != Some(sum) {
                let from = block * BLOCK_BYTES as u64;
                let until = from + bytes.len() as u64;
                return Err(self
                    .source
                    .corrupt(format!("its bytes {from} to {until} do not match their checksum")));
            }
            if let Some(whole) = &mut self.whole {
                *whole = crc64::append_block(*whole, sum, bytes.len());
            }
        }
        let is_last =
            (first * BLOCK_BYTES as u64).saturating_add(bytes.len() as u64) >= self.source.blob.size;
        if is_last && self.whole.is_some_and(|whole| whole != self.source.blob.crc64nvme) {
            return Err(self.source.corrupt("its bytes do not match the checksum in its row".into()));
        }
        Ok(())
    }
}

impl Source {
    /// `wanted` bytes at `offset`, or fewer, but not under `least`, where no more are in the page cache.
    async fn read(self: &Arc<Self>, offset: u64, wanted: usize, least: usize) -> Result<Bytes, StoreError> {
        // What the page cache holds costs no switch of threads; the rest may wait for the disk.
        let cached = self.disk.read_cached(&self.file, offset, wanted);
        if cached.len() >= least {
            return Ok(cached);
        }
        let source = Arc::clone(self);
        let bytes =
            on_blocking_pool(move || source.disk.read(&source.file, &source.place, offset, wanted)).await?;
        if bytes.len() < wanted {
            let ends_at = offset + bytes.len() as u64;
            return Err(self.corrupt(format!("its file ends at byte {ends_at}, and should have more")));
        }
        Ok(bytes)
    }

    fn corrupt(&self, detail: String) -> StoreError {
        StoreError::Corrupt {
            what: format!("blob {} ({})", self.blob.id, self.place.shown().display()),
            detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{BlobDirectory, Directory, FileBlobs, Reserve};
    use crate::{Blobs, Poison};

    #[tokio::test]
    async fn blocks_are_read_with_their_checksums_wherever_a_read_begins() {
        let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::default());
        let reserve = Arc::new(Reserve::open(directory.path()).unwrap());
        let blobs = FileBlobs::open(directory.path(), Poison::default(), reserve).unwrap();
        let mut writer = blobs.begin(None).await.unwrap();
        let all = u64::try_from(BLOCK_BYTES).unwrap() * (SUMS_AT_ONCE * 2 + 9);
        for at in 0..SUMS_AT_ONCE * 2 + 9 {
            writer.write(vec![at as u8; BLOCK_BYTES].into()).await.unwrap();
        }
        let blob = writer.finish().await.unwrap();
        let path = BlobDirectory::new(disk.clone(), directory.path()).path(blob.id);
        let place = Directory::open(path.parent().unwrap()).unwrap().entry(blob.id.to_string());
        let file = disk.open(&place).unwrap().unwrap();
        let source = Arc::new(Source { disk, file, place, blob });
        // As after reads of which the page cache had one block, two or three, and as after none.
        for shift in 0..4 {
            let sums = Sums::default();
            let source = Arc::clone(&source);
            let mut reader = FileReader { source, at: 0, end: all, sums, is_bound: false, whole: None };
            reader.read_sums(0).await.unwrap();
            reader.at = (SUMS_AT_ONCE - 8 + shift) * BLOCK_BYTES as u64;
            let mut read = reader.at;
            while let Some(chunk) = reader.next_chunk().await.unwrap() {
                assert_eq!(chunk[0], (read / BLOCK_BYTES as u64) as u8);
                read += chunk.len() as u64;
            }
            assert_eq!(read, all, "{shift}");
        }
    }
}
