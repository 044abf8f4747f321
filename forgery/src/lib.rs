//! Good requests, altered a million times: none may be honoured that means something else, and none refused that means
//! the same.
//!
//! [`Good`] makes requests of every mechanism; [`Mutation`]s alter them; [`verdict`] says, by rules of its own and without a
//! look at any signature, what has become of their meaning; a [`Door`] asks the store. [`in_process`] does that without a
//! socket and compares the typed operations; [`wire`] does it over a socket and looks at every object
//! afterwards.
//!
//! It is a tool for tests, and panics like one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod disclosure;
mod door;
mod executed;
mod good;
pub mod in_process;
mod log_search;
mod meaning;
mod mutation;
mod random;
mod raw;
mod recipe;
pub mod timing;
pub mod wire;

pub use door::{Door, Doors, Outcome};
pub use good::{Good, Identity, Place, Setting};
pub use meaning::{Verdict, verdict};
pub use mutation::{MUTATIONS, Mutation};
pub use random::Random;
pub use raw::RawRequest;
pub use recipe::Recipe;
