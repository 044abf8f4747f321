//! The Authorization header.

use presign::Request;

use super::query_auth::refuse_forgery;
use crate::lines::lines;

/// The first line is the header, then x-amz-date, x-amz-content-sha256, the target, and another header.
pub fn run(input: &[u8]) {
    let Some([authorization, date, payload, target, extra]) = lines(input) else { return };
    let (name, value) = extra.split_once(':').unwrap_or(("content-type", extra));
    let headers = [
        ("host", "files.example.com"),
        ("authorization", authorization),
        ("x-amz-date", date),
        ("x-amz-content-sha256", payload),
        (name, value),
    ];
    let target = if target.starts_with('/') { target } else { "/bucket/key" };
    refuse_forgery(Request::new("PUT", target, &headers));
}
