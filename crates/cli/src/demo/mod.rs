//! The demonstration: what a presigned URL does, shown on a store of its own.

mod http_client;
mod walk;

pub(crate) use http_client::HttpClient;
pub(crate) use walk::{Walk, show};
