//! The known ways in which a request is altered, each undone.
//!
//! Every function here returns attempts, the likeliest first, each with the [`Cause`] that it would prove.

mod headers;
mod hosts;
mod parameters;
mod paths;
mod secrets;

pub(super) use headers::{listed_headers, other_values, unsigned_headers};
pub(super) use hosts::{addressing, hosts, likely_hosts};
pub(super) use parameters::{
    added_parameters, changed_lives, dropped_parameters, encoded_parameters, spelt_query,
};
pub(super) use paths::{encoded_paths, prefixes, segments, spelt_path};
pub(super) use secrets::{payload_lines, secrets, session_tokens};

use crate::explain::attempt::Attempt;
use crate::explain::cause::Cause;
use crate::method::Method;

/// No more hosts, headers or values than this are tried of those that a request lists itself: the request may be
/// anyone's, and long.
const MAX_LISTED: usize = 16;

/// An attempt, and what it would prove.
pub(super) type Variation = (Cause, Attempt);

/// The other methods that S3 has.
pub(super) fn methods(arrived: &Attempt) -> Vec<Variation> {
    // The likeliest first: a URL for GET that is asked with HEAD, and an upload that curl sends with POST.
    [Method::Get, Method::Put, Method::Head, Method::Delete, Method::Post, Method::Options]
        .into_iter()
        .filter(|signed| *signed != arrived.method)
        .map(|signed| (Cause::OtherMethod { signed, arrived: arrived.method }, arrived.with_method(signed)))
        .collect()
}
