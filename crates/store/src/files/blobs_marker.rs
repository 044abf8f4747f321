//! Whether the directory of blobs is the one that the database names blobs of. It may be on a disk of its own, which may not be
//! mounted, and then something empty has its place: uploads would go there, and be gone when the disk is back.

use super::directory::{Directory, Located};
use super::layout::Layout;
use super::{Disk, blob_directory};
use crate::{Aside, OpenError, Poison, StoreError};

/// The file that marks it, directly in the directory of blobs.
pub(super) const NAME: &str = "initialized";
const TEXT: &[u8] =
    b"These are the blobs that metadata.sqlite names. A store does not start when this file is missing.\n";

/// Refuses a directory of blobs that was never used, below a database that names some, and marks the directory otherwise.
///
/// A version before this one made no mark: its directory is known by the blobs in it.
///
/// # Errors
/// [`OpenError::BlobsLost`].
pub(super) fn require(
    disk: &Disk,
    blobs: &Directory,
    are_named: bool,
    poison: &Poison,
) -> Result<(), OpenError> {
    let marker = blobs.entry(NAME);
    if disk.length(&marker)?.is_some() {
        return Ok(());
    }
    if are_named && !holds_any(disk, blobs)? {
        return Err(OpenError::BlobsLost { path: blobs.path().to_owned() });
    }
    match mark(disk, &marker, poison).and_then(|()| disk.sync_dir(blobs, poison)) {
        // A store on a full disk opens. A later start makes it.
        Err(error @ StoreError::DiskFull { .. }) => {
            tracing::warn!(%error, "the directory of blobs is not marked");
            Ok(())
        }
        other => Ok(other?),
    }
}

/// Makes the file that marks a directory of blobs. The caller makes its entry durable.
pub(super) fn mark(disk: &Disk, marker: &(impl Located + ?Sized), poison: &Poison) -> Result<(), StoreError> {
    let file = disk.create(marker)?;
    disk.append(&file, marker, &[bytes::Bytes::from_static(TEXT)])?;
    disk.sync(&file, marker, poison)
}

fn holds_any(disk: &Disk, blobs: &Directory) -> Result<bool, StoreError> {
    let fan_out = (0..=u8::MAX).map(|at| Layout::directory_in(std::path::Path::new(""), at));
    for directory in fan_out.chain(Aside::ALL.iter().map(|aside| aside.name().into())) {
        if !blob_directory::all_ids_in(disk, &blobs.entry(directory))?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
