//! Whether others on the machine than a file's owner and group may read or change it.
//!
//! A group may, as secrets mounted into containers and volumes often belong to one.

use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;

/// What everybody on the machine may do with a file or a directory, links to it followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// Nothing.
    Private,
    /// Read it, or enter it, but not change it.
    Readable,
    /// Change it.
    Writable,
}

impl Exposure {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        match mode(metadata) & 0o007 {
            0 => Self::Private,
            others if others & 0o002 == 0 => Self::Readable,
            _ => Self::Writable,
        }
    }
}

/// The permission bits.
pub(crate) fn mode(metadata: &Metadata) -> u32 {
    metadata.permissions().mode() & 0o7777
}
