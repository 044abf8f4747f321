//! Whether others on the machine than a file's owner and group may read it, change it, or put another in its place.
//!
//! A group may, as secrets mounted into containers and volumes often belong to one.

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

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

/// The first directory above a file or a directory in which everybody may put another in its place, and its permission bits.
///
/// Looked at are those above the name and, as it may be a link, those above what it leads to. In a directory with the sticky bit,
/// such as `/tmp`, everybody may add files, but only its owner exchanges one.
pub(crate) fn exposed_directory_above(path: &Path) -> Option<(PathBuf, u32)> {
    // What cannot be found is not there to be exchanged; whoever opens it says so.
    let named = std::path::absolute(path).ok();
    let real = std::fs::canonicalize(path).ok();
    let exposed = |directory: &Path| {
        let mode = mode(&std::fs::metadata(directory).ok()?);
        (mode & 0o002 != 0 && mode & 0o1000 == 0).then(|| (directory.to_owned(), mode))
    };
    let paths = [named, real];
    paths.iter().flatten().flat_map(|path| path.ancestors().skip(1)).find_map(exposed)
}

/// The owner of a file and the user of this process, where that owner may change the file and is none to be trusted.
pub(crate) fn other_owner(metadata: &Metadata) -> Option<(u32, u32)> {
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    (!is_trusted_owner(owner, user)).then_some((owner, user))
}

/// Root may change everything anyway. A server that runs as root takes files of every owner: in a container it is root, and what is
/// mounted belongs to a user outside of it.
fn is_trusted_owner(owner: u32, user: u32) -> bool {
    owner == 0 || owner == user || user == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_root_or_to_the_user_of_the_server() {
        for (owner, user, is_trusted) in
            [(0, 0, true), (0, 1000, true), (1000, 1000, true), (1000, 0, true), (1001, 1000, false)]
        {
            assert_eq!(is_trusted_owner(owner, user), is_trusted, "{owner} {user}");
        }
    }
}
