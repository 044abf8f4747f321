//! Objects kept durably: the metadata and blob ports, their engines, and the write order that joins them.
//!
//! The rooms, from the door inwards:
//!
//! - [`Store`] joins the two ports. It owns the write order, and nothing else does: temporary file → fsync → rename →
//!   fsync of the directory → COMMIT → answer; for a delete or an overwrite COMMIT first and unlink later. So a blob
//!   without a row is garbage to be collected, and a row without a blob cannot exist.
//!   [`PutStream`] is an upload on its way in, [`OpenObject`] and [`ObjectReader`] a download on its way out.
//! - [`Metadata`] and [`Blobs`] are the ports: what the store needs of an engine, in words that fit any engine.
//! - [`sqlite`] is the metadata engine of one machine: one writer thread that groups commits, read-only connections,
//!   and rows kept in memory while they are hot.
//! - [`files`] is the blob engine of one machine, the lock on the data directory, and the space held in reserve so that
//!   objects can be deleted when the disk is full. Every system call on a file that is not SQLite's is in one file there.
//! - [`check`] reads all of a store that no process has open, and [`backup`] copies one that runs.
//! - `conformance` (a cargo feature) holds the suites that any engine of the ports has to pass.
//!
//! Objects up to [`INLINE_LIMIT`] bytes live in the database. Larger ones are blobs with random names, so no key ever
//! becomes a path.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # let dir = tempfile::tempdir()?;
//! use presign_store::{Bucket, NewObject, Precondition, Store, StoreOptions, UnixMillis};
//!
//! let store = Store::open(dir.path(), StoreOptions::default()).await?;
//! let (owner, region) = ("root".to_owned(), "us-east-1".to_owned());
//! store.create_bucket(Bucket { name: "b".into(), owner, region, created: UnixMillis(0) }).await?;
//!
//! let mut upload = store.begin_put(None).await?;
//! upload.write("hello".into()).await?;
//! upload.finish("b", "greeting.txt", NewObject::default(), Precondition::IfAbsent).await?;
//!
//! let open = store.get("b", "greeting.txt").await?.ok_or("the object is gone")?;
//! let mut reader = open.read(1..4);
//! assert_eq!(reader.next_chunk().await?.as_deref(), Some(&b"ell"[..]));
//! assert_eq!(reader.next_chunk().await?, None);
//! store.close().await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access_key;
mod alarm;
pub mod backup;
mod blob_id;
mod blobs;
mod blocking;
mod bucket;
pub mod check;
mod collect;
mod compact;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
pub mod files;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod in_flight;
mod key_text;
mod listing;
mod memory_share;
mod metadata;
mod object;
mod poison;
mod put;
mod reader;
pub mod repair;
mod scratch;
pub mod sqlite;
mod store;
mod time;

pub use access_key::AccessKeyRow;
pub use blob_id::{BlobId, NotABlobId};
pub use blobs::{Aside, BlobReader, BlobWriter, Blobs, OpenBlob, StoredBlob};
pub use bucket::Bucket;
pub use collect::{Collected, Doubt, Retention};
pub use compact::{Compacted, compact};
pub use error::{OpenError, PutError, StoreError};
pub use listing::{Continuation, ListPage, ListRequest, ObjectSummary};
pub use metadata::{DeletedRow, Metadata, commit_is_certain};
pub use object::{
    Checksum, ChecksumAlgorithm, ChecksumKind, Content, ContentHeaders, MAX_KEY_BYTES, NewObject, Object,
    ObjectRow, Precondition,
};
pub use poison::Poison;
pub use put::{INLINE_LIMIT, PutStream};
pub use reader::{ObjectReader, OpenObject};
pub use store::{Store, StoreOptions};
pub use time::UnixMillis;
