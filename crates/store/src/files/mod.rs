//! Blobs as files on one machine, and what else the data directory holds beside the database.
//!
//! ```text
//! <data directory>/lock       held while a process has the directory open
//! <data directory>/initialized   says that there is a database, so that a lost one is missed
//! <data directory>/backup.lock   held while a backup is made: no blob is deleted then
//! <data directory>/reserve    space to fall back on when the disk is full
//! <data directory>/tmp/       uploads that have not ended; in blobs/tmp where blobs is on another disk
//! <data directory>/blobs/4/f/4f…   blobs: 32 hexadecimal digits in two levels of directories
//! <data directory>/blobs/initialized   says that these are the blobs, so that a disk that is not mounted is missed
//! <data directory>/blobs/trash/    blobs that no object names, before they are deleted
//! <data directory>/blobs/held/     the same, where the database may not be the one that belongs to the blobs
//! ```
//!
//! A blob's file holds its bytes from the first on, then the checksums of their blocks, and a footer.

mod backup_holders;
mod blob_directory;
mod blobs;
mod blobs_marker;
mod block_sums;
mod buffers;
mod crc64;
mod deletions;
mod directory;
mod disk;
mod initialized;
mod layout;
mod lock;
mod old_enough;
mod owner;
mod reader;
mod reserve;
mod trailer;
mod verify;
mod watch;
mod writer;

pub(crate) use blob_directory::BlobDirectory;
pub use blobs::FileBlobs;
pub use block_sums::BLOCK_BYTES;
pub(crate) use deletions::{NoDeletions, hold_off_backups};
pub(crate) use directory::Directory;
pub(crate) use disk::{Disk, failure};
pub(crate) use initialized::{is_initialized, set_initialized};
pub use lock::DirectoryLock;
pub(crate) use lock::NAME as LOCK;
pub(crate) use owner::{give_owner_and_mode_of, give_owner_of};
pub use reader::CHUNK_BYTES;
pub use reserve::Reserve;
pub(crate) use verify::{BlobState, copy_blob, verify_blob};
pub(crate) use watch::{State, Watch};
