//! Who asks, until when, for what, and whether they may: from a raw head to an operation that the gate lets through.
//!
//! This is the only room that reads raw headers. What leaves it is typed: an operation made of signed parts, and a
//! gate without which no handler can be called.

mod authenticate;
mod cause;
mod gate;

pub(crate) use authenticate::authorize;
pub(crate) use cause::Diagnoses;
pub(crate) use gate::{Authorized, Gate, UploadRules};
