//! Readers that nobody but this crate calls, for the fuzz targets. No part of what the crate promises.

use std::sync::Arc;

use crate::sqlite::row;
use crate::{Object, ObjectSummary};

/// All of an object but its key and its content, as a row keeps it.
#[must_use]
pub fn encode_row(object: &Object) -> Vec<u8> {
    row::encode(object)
}

/// Reads what [`encode_row`] wrote.
#[must_use]
pub fn decode_row(key: &[u8], meta: &[u8]) -> Option<Arc<Object>> {
    row::decode(key, meta)
}

/// What a listing reads of it.
#[must_use]
pub fn decode_row_summary(key: &[u8], meta: &[u8]) -> Option<ObjectSummary> {
    row::decode_summary(key, meta)
}

/// What a conditional write reads of it.
#[must_use]
pub fn decode_row_etag(meta: &[u8]) -> Option<&str> {
    row::decode_etag(meta)
}
