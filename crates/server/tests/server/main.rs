//! The server on a real socket, against requests signed by the library. One file per subject; `support` has the server
//! under test and a client that sends any bytes at all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod buckets;
mod caveats;
mod connection;
mod damage;
mod date;
mod hosts;
mod integrity;
mod limits;
mod listing;
mod objects;
mod places;
mod preflight;
mod ranges_and_conditions;
mod refusals;
mod refusals_to_anyone;
mod repeated;
mod root_key;
mod slow_clients;
mod support;
mod transfer_limits;
mod unsigned_conditions;
mod url_rules;
