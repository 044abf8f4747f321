//! Reading a blob's file from end to end, to see whether it is what was written, and to copy it.

use std::fs::File;
use std::path::Path;

use bytes::Bytes;

use super::Disk;
use super::block_sums::BLOCK_BYTES;
use super::crc64::{self, BLOCK_SHIFT};
use super::trailer::{self, FOOTER_BYTES, SUM_BYTES};
use crate::{Poison, StoreError, StoredBlob};

/// How much is read at once.
const READ_BYTES: usize = 16 * BLOCK_BYTES;

/// What a file is found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BlobState {
    /// What was written.
    Intact,
    /// Something else, and how that was seen.
    Damaged(String),
    /// There is no such file.
    Missing,
}

/// Reads a blob's file and compares all of it with its checksums.
pub(crate) fn verify_blob(disk: &Disk, path: &Path, blob: &StoredBlob) -> Result<BlobState, StoreError> {
    read_blob(disk, path, blob, |_| Ok(()))
}

/// Copies a blob's file, durably, while it is compared with its checksums. A copy of what is damaged is not to be kept.
pub(crate) fn copy_blob(
    disk: &Disk,
    from: &Path,
    to: &Path,
    blob: &StoredBlob,
    poison: &Poison,
) -> Result<BlobState, StoreError> {
    let copy = disk.create(to)?;
    let state = read_blob(disk, from, blob, |bytes| disk.append(&copy, to, &[bytes]))?;
    if state == BlobState::Intact {
        disk.sync(&copy, to, poison)?;
    } else {
        disk.unlink(to)?;
    }
    Ok(state)
}

/// Hands out all of the file, the bytes before the trailer.
fn read_blob(
    disk: &Disk,
    path: &Path,
    blob: &StoredBlob,
    mut each: impl FnMut(Bytes) -> Result<(), StoreError>,
) -> Result<BlobState, StoreError> {
    let Some(file) = disk.open(path)? else { return Ok(BlobState::Missing) };
    let footer_at = trailer::footer_at(blob.size);
    let expected = footer_at.saturating_add(FOOTER_BYTES as u64);
    let length = disk.length(path)?.unwrap_or(0);
    if length != expected {
        return Ok(BlobState::Damaged(format!("it has {length} bytes and should have {expected}")));
    }
    // Whatever the size in a row says, no more memory than the file has bytes.
    let trailer_bytes = usize::try_from(expected - blob.size).unwrap_or(usize::MAX);
    let trailer = read(disk, &file, path, blob.size, trailer_bytes)?;
    let Some((sums, footer)) = trailer.split_last_chunk::<FOOTER_BYTES>() else {
        return Ok(BlobState::Damaged("its trailer is cut off".into()));
    };
    if !trailer::is_footer_of(blob, footer) {
        return Ok(BlobState::Damaged("its trailer is not the one of the blob that its row names".into()));
    }
    let (sums, _) = sums.as_chunks::<SUM_BYTES>();
    let mut sums = sums.iter();
    let (mut whole, mut bad) = (0, Vec::new());
    let mut at = 0;
    while at < blob.size {
        let wanted = usize::try_from(blob.size - at).map_or(READ_BYTES, |left| left.min(READ_BYTES));
        let bytes = read(disk, &file, path, at, wanted)?;
        for block in bytes.chunks(BLOCK_BYTES) {
            let sum = crc64::of(block);
            if sums.next() != Some(&sum.to_le_bytes()) {
                bad.push(at);
            }
            let shift =
                if block.len() == BLOCK_BYTES { BLOCK_SHIFT } else { crc64::shift(block.len() as u64) };
            whole = crc64::append(whole, sum, shift);
            at += block.len() as u64;
        }
        each(bytes)?;
    }
    each(trailer.clone())?;
    if let Some(first) = bad.first() {
        let count = bad.len();
        let detail =
            format!("{count} block(s) of 64 KiB do not match their checksum, the first at byte {first}");
        return Ok(BlobState::Damaged(detail));
    }
    if whole != blob.crc64nvme {
        return Ok(BlobState::Damaged("its bytes do not match the checksum in its row".into()));
    }
    Ok(BlobState::Intact)
}

/// Exactly that many bytes.
fn read(disk: &Disk, file: &File, path: &Path, offset: u64, length: usize) -> Result<Bytes, StoreError> {
    let bytes = disk.read(file, path, offset, length)?;
    if bytes.len() < length {
        let reason = "it became shorter while it was read".to_owned();
        return Err(StoreError::Io { action: "reading", place: path.display().to_string(), reason });
    }
    Ok(bytes)
}
