//! Whether a data directory has been used, so that one that lost its database is not taken for a new one.

use std::path::Path;

use super::Disk;
use super::layout::Layout;
use crate::{BlobId, Poison, StoreError};

const NAME: &str = "initialized";
const TEXT: &[u8] = b"There is a store here: metadata.sqlite, and blobs.\n";

/// Whether a database was made here once, or there are blobs, which only a database says the names of.
pub(crate) fn is_initialized(disk: &Disk, directory: &Path) -> Result<bool, StoreError> {
    if disk.open(&directory.join(NAME))?.is_some() {
        return Ok(true);
    }
    let blobs = directory.join("blobs");
    for at in 0..=u8::MAX {
        let names = disk.names(&Layout::directory_in(&blobs, at))?;
        if names.iter().any(|name| name.to_str().is_some_and(|name| name.parse::<BlobId>().is_ok())) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Says that there is a database. To be called when it is durable.
pub(crate) fn set_initialized(disk: &Disk, directory: &Path, poison: &Poison) -> Result<(), StoreError> {
    let path = directory.join(NAME);
    if disk.open(&path)?.is_some() {
        return Ok(());
    }
    let file = disk.create(&path)?;
    disk.append(&file, &path, &[bytes::Bytes::from_static(TEXT)])?;
    disk.sync(&file, &path, poison)?;
    disk.sync_dir(directory, poison)
}
