//! Metadata in SQLite, for one machine.
//!
//! One thread owns the only connection that writes, takes operations from a queue, commits them in groups, and
//! checkpoints. Reads go to a few read-only connections on the blocking pool, or are answered from memory. Every row
//! carries a checksum that is verified when it is read, and so does every page, so that damage cannot hide a row either.

mod database_files;
mod engine;
mod failure;
mod full_disk;
mod give_back;
mod growth;
mod held_log;
mod hot;
mod listing;
mod log_check;
mod operation;
mod queries;
mod readers;
pub(crate) mod row;
mod schema;
mod stamp;
mod stray_contents;
mod survey;
mod writer;
mod writes;

pub(crate) use database_files::{is_public, log_path, remove_database, stock_log_path};
pub use engine::{SqliteMetadata, SqliteOptions};
pub(crate) use schema::check_log;
pub(crate) use survey::{Found, Survey, damaged_pages};
