//! The server on a real socket, against requests signed by the library. One file per subject; `support` has the server
//! under test and a client that sends any bytes at all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod objects;
mod support;
