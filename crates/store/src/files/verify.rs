//! Reading a blob's file from end to end, to see whether it is what was written, and to copy it.

use std::convert::Infallible;
use std::fs::File;
use std::path::Path;

use bytes::Bytes;

use super::Disk;
use super::block_sums::BLOCK_BYTES;
use super::crc64;
use super::trailer::{self, FOOTER_BYTES, SUM_BYTES};
use crate::{Poison, StoreError, StoredBlob};

/// How much of a file that is read from end to end is read at once.
const SCAN_BYTES: usize = 16 * BLOCK_BYTES;

/// What a file is found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BlobState {
    /// What was written.
    Intact,
    /// Something else, or nothing that can be read, and how that was seen.
    Damaged(String),
    /// There is no such file.
    Missing,
}

/// Reads a blob's file and compares all of it with its checksums.
pub(crate) fn verify_blob(disk: &Disk, path: &Path, blob: &StoredBlob) -> BlobState {
    let Ok(state) = read_blob::<Infallible>(disk, path, blob, |_| Ok(()));
    state
}

/// Copies a blob's file, durably, while it is compared with its checksums. A copy of what is damaged is not kept.
/// `progress` is called for each part of it.
///
/// # Errors
/// What keeps the copy from being written. What keeps the original from being read is damage.
pub(crate) fn copy_blob(
    disk: &Disk,
    from: &Path,
    to: &Path,
    blob: &StoredBlob,
    poison: &Poison,
    progress: &dyn Fn(),
) -> Result<BlobState, StoreError> {
    let copy = disk.create(to)?;
    let state = read_blob(disk, from, blob, |bytes| {
        progress();
        disk.append(&copy, to, &[bytes])
    })?;
    if state == BlobState::Intact {
        disk.sync(&copy, to, poison)?;
    } else {
        disk.unlink(to)?;
    }
    Ok(state)
}

/// Why a blob's file was not read to its end.
enum Stopped<E> {
    ByTheDisk(StoreError),
    ByTheReceiver(E),
}

impl<E> From<StoreError> for Stopped<E> {
    fn from(error: StoreError) -> Self {
        Self::ByTheDisk(error)
    }
}

/// Hands out all of the file, the bytes before the trailer. Every error is the receiver's.
fn read_blob<E>(
    disk: &Disk,
    path: &Path,
    blob: &StoredBlob,
    each: impl FnMut(Bytes) -> Result<(), E>,
) -> Result<BlobState, E> {
    match read_to_the_end(disk, path, blob, each) {
        Ok(state) => Ok(state),
        // What the disk cannot read is as lost as what it reads wrongly.
        Err(Stopped::ByTheDisk(error)) => Ok(BlobState::Damaged(error.to_string())),
        Err(Stopped::ByTheReceiver(error)) => Err(error),
    }
}

fn read_to_the_end<E>(
    disk: &Disk,
    path: &Path,
    blob: &StoredBlob,
    mut each: impl FnMut(Bytes) -> Result<(), E>,
) -> Result<BlobState, Stopped<E>> {
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
        let wanted = usize::try_from(blob.size - at).map_or(SCAN_BYTES, |left| left.min(SCAN_BYTES));
        let bytes = read(disk, &file, path, at, wanted)?;
        for block in bytes.chunks(BLOCK_BYTES) {
            let sum = crc64::of(block);
            if sums.next() != Some(&sum.to_le_bytes()) {
                bad.push(at);
            }
            whole = crc64::append_block(whole, sum, block.len());
            at += block.len() as u64;
        }
        each(bytes).map_err(Stopped::ByTheReceiver)?;
    }
    each(trailer.clone()).map_err(Stopped::ByTheReceiver)?;
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::Blobs;
    use crate::files::{BlobDirectory, FileBlobs, Reserve};

    #[tokio::test]
    async fn what_cannot_be_read_is_damage_and_what_cannot_be_written_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let reserve = Arc::new(Reserve::open(directory.path()).unwrap());
        let blobs = FileBlobs::open(directory.path(), Poison::default(), reserve).unwrap();
        let mut writer = blobs.begin(None).await.unwrap();
        writer.write(vec![7; 3_000_000].into()).await.unwrap();
        let blob = writer.finish().await.unwrap();
        let room = Arc::new(AtomicUsize::new(usize::MAX));
        let reads = Arc::new(AtomicUsize::new(usize::MAX));
        let disk = Disk { reads: Some(Arc::clone(&reads)), ..Disk::with_room(&room) };
        let from = BlobDirectory::new(disk.clone(), directory.path()).path(blob.id);
        let to = directory.path().join("copy");
        let copy = || copy_blob(&disk, &from, &to, &blob, &Poison::default(), &|| {});
        assert_eq!(copy(), Ok(BlobState::Intact));
        std::fs::remove_file(&to).unwrap();

        // The disk gives an error in the trailer, and in the second piece of the bytes.
        for left in [0, 2] {
            reads.store(left, Ordering::SeqCst);
            let state = copy();
            assert!(
                matches!(&state, Ok(BlobState::Damaged(detail)) if detail.contains("reading failed")),
                "{state:?}"
            );
            assert!(!to.exists());
        }
        reads.store(usize::MAX, Ordering::SeqCst);
        room.store(2_000_000, Ordering::SeqCst);
        let place = to.display().to_string();
        assert_eq!(copy(), Err(StoreError::DiskFull { action: "writing", place }));
        room.store(usize::MAX, Ordering::SeqCst);

        std::fs::remove_file(&to).unwrap();
        std::fs::remove_file(&from).unwrap();
        symlink(&from, &from).unwrap();
        assert!(matches!(verify_blob(&disk, &from, &blob), BlobState::Damaged(_)));
        assert!(matches!(copy(), Ok(BlobState::Damaged(_))));
    }
}
