//! Checksums in the pages of a SQLite database.
//!
//! SQLite notices damage where it makes a page malformed, and no other: a bit that flips within a key hides rows, and a
//! query answers without them. This crate is a [VFS](https://www.sqlite.org/vfs.html), a layer between SQLite and the file
//! system, that writes a CRC-64/NVME of each page into the last bytes of the page, which SQLite
//! [keeps free](https://www.sqlite.org/fileformat2.html#resbyte) when it is asked to, and compares it whenever a page is read
//! from the file. A page that fails is never given to SQLite: the read fails with `SQLITE_IOERR_DATA`, and [`take_damage`]
//! says which page it was.
//!
//! - The checksum covers the number of the page, so a page in another one's place is noticed. One that is as it once was, for
//!   a write was lost, is not.
//! - A page in the write-ahead log has no checksum of this kind, for SQLite has computed its own over it by then. What this
//!   process wrote into a log is remembered in memory instead, 8 bytes to a page, and compared at each read from it, by a
//!   query as by a checkpoint. What an earlier process left there SQLite verifies itself when it recovers it.
//! - A program with SQLite and without this layer would write pages without checksums, and does so already when it closes a
//!   database that it only read: it writes back the log that a crash left. So it is kept out: the header has a version that
//!   SQLite refuses, and the log is `NAME-log`, which SQLite does not look for. A database with a rollback journal, as
//!   `VACUUM INTO` makes it, has neither and can be read by any program.
//! - A quota that is used up is a full disk (`SQLITE_FULL`), and so is the limit on file sizes.
//! - The VFS opens databases whose pages have room for a checksum, and makes new ones; any other is refused, and so is
//!   memory-mapped reading, which would go past it.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("example.sqlite");
//! use rusqlite::{Connection, OpenFlags};
//!
//! let vfs = presign_page_checksums::register()?;
//! let conn = Connection::open_with_flags_and_vfs(&path, OpenFlags::default(), vfs)?;
//! presign_page_checksums::make_room(&conn)?;
//! conn.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)")?;
//! drop(conn);
//!
//! let bytes = std::fs::read(&path)?;
//! for (number, page) in (1..).zip(bytes.chunks(4096)) {
//!     assert!(presign_page_checksums::is_intact(number, page));
//! }
//! # Ok(())
//! # }
//! ```

mod damage;
mod file;
mod layout;
mod log;
mod page;
mod quota;
mod vfs;
mod waiting;

pub use damage::{Damage, take_damage};
pub use file::make_room;
pub use page::{RESERVED_BYTES, is_intact, is_private, page_size, stamp};
pub use vfs::{RegisterError, register, register_stock_layout};
pub use waiting::{NotFromMemory, from_memory};
