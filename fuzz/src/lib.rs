//! What must hold for every input of each parser of strangers' bytes.
//!
//! A target takes any bytes and panics when a property does not hold. Most read the input as lines of text, so that a seed
//! is a file that a person can read. The targets are plain functions: `tests/short_run.rs` runs each over its seeds and
//! over some hundreds of mutations of them, and `libfuzzer/` hands them to cargo-fuzz for the long runs that FUZZING.md
//! records.

// A target fails by panicking, as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod lines;
pub mod targets;

/// A function that any bytes may be given to.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, which is also that of its seeds' folder and of its libFuzzer binary.
    pub name: &'static str,
    /// Holds the input against the target's properties.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        /// All of them.
        pub const TARGETS: &[Target] =
            &[$(Target { name: stringify!($name), run: targets::$name::run }),*];
    };
}

targets! {
    authorization, bucket_url, canonical_lines, caveats, client_address, conditions, continuation, create_bucket_xml,
    dates, diagnosis, digest_headers, explanation, metadata_value, operation, post_form, presigning, public_hosts,
    query_auth, range, redaction, request_target, sealed_secret, settings, stored_row, uri,
}
