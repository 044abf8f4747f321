//! Published faults of S3-compatible servers, each tried here beside a request that differs in nothing but the fault and
//! succeeds. One file for each family. Which faults were considered, and which cannot occur, stands in
//! `docs/published-faults.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod bodies;
mod client_address;
mod copies;
mod disclosure;
mod forms;
mod paths;
mod response_headers;
mod signatures;
// The server under test is shared with the other wire tests; not all of it is needed here.
#[path = "../server/support.rs"]
#[allow(dead_code)]
mod support;
mod unsigned_headers;
mod vault;
