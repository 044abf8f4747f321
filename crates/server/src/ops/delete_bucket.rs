//! DeleteBucket.

use hyper::StatusCode;
use presign_iam::Allowed;
use presign_s3::S3Error;
use presign_s3::operation::DeleteBucket;

use super::place::{Place, empty};
use crate::http::Answer;

/// Deletes an empty bucket.
pub(super) async fn answer(place: &Place<'_>, input: Allowed<DeleteBucket>) -> Result<Answer, S3Error> {
    place.store.delete_bucket(input.bucket.as_str()).await.map_err(|error| place.refused(&error))?;
    Ok(empty(StatusCode::NO_CONTENT))
}
