//! The command as its users meet it: the built binary, in an environment of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod access_key;
mod backup;
mod command;
mod credentials;
mod demo;
mod fsck;
mod http;
mod inspect;
mod log;
mod memory;
mod offline;
mod post;
mod serve;
mod share;
mod standard_streams;
mod store;
mod url;
mod url_warnings;
mod usage;
