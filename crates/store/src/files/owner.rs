//! Whose the files are that replace others. A command that root runs makes files that are root's, and the server, which runs as
//! another user, could not open them.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::{fs, io};

use super::disk::failure;
use crate::StoreError;

/// Gives a file, or a directory, the owner and the group of another.
///
/// # Errors
/// [`StoreError::Io`], which says which user to be, when the owner is another one and this process may not give files away. A
/// group alone that cannot be given is none: its owner can use the file all the same.
pub(crate) fn give_owner_of(of: &Path, to: &Path) -> Result<(), StoreError> {
    let known = |path: &Path| fs::metadata(path).map_err(|error| failure("stat", path, &error));
    let (wanted, found) = (known(of)?, known(to)?);
    if (wanted.uid(), wanted.gid()) == (found.uid(), found.gid()) {
        return Ok(());
    }
    match chown(to, Some(wanted.uid()), Some(wanted.gid())) {
        Err(_) if wanted.uid() == found.uid() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(StoreError::Io {
            action: "giving it the owner of what it replaces",
            place: to.display().to_string(),
            reason: format!(
                "{} belongs to user {}; run this command as that user, or as root",
                of.display(),
                wanted.uid()
            ),
        }),
        other => other.map_err(|error| failure("changing the owner", to, &error)),
    }
}

/// Gives a file the owner, the group and the permission bits of another.
///
/// # Errors
/// As [`give_owner_of`].
pub(crate) fn give_owner_and_mode_of(of: &Path, to: &Path) -> Result<(), StoreError> {
    give_owner_of(of, to)?;
    let mode = fs::metadata(of).map(|metadata| metadata.permissions().mode() & 0o777);
    mode.and_then(|mode| fs::set_permissions(to, fs::Permissions::from_mode(mode)))
        .map_err(|error| failure("changing the permissions", to, &error))
}
