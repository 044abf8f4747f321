//! Where a request is taken to: the stores under test, or the library alone.

mod library;
mod servers;

pub use servers::Doors;
pub(crate) use servers::{TestClock, config};

use presign_server::Examination;

use crate::raw::RawRequest;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The HTTP library does not let it in.
    Unsendable,
    /// It was refused, with that status and code.
    Refused(u16, String),
    /// It would be run.
    Executed(Box<Examination>),
}

/// Something that takes requests and says what it would run.
pub trait Door {
    /// What would become of that request.
    fn judge(&self, request: &RawRequest) -> Outcome;
}
