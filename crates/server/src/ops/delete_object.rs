//! DeleteObject.

use hyper::StatusCode;
use presign_iam::Allowed;
use presign_s3::S3Error;
use presign_s3::condition::WriteCondition;
use presign_s3::operation::DeleteObject;

use super::place::{Place, empty};
use crate::http::Answer;

/// Deletes an object. Deleting one that is not there succeeds.
pub(super) async fn answer(place: &Place<'_>, input: Allowed<DeleteObject>) -> Result<Answer, S3Error> {
    if input.condition != WriteCondition::Always {
        // To look first and delete then could delete an object that was written in between.
        let why = "conditional deletes are not implemented by this server";
        return Err(S3Error::header_not_implemented("If-Match", why));
    }
    place
        .store
        .delete(input.bucket.as_str(), input.key.as_str())
        .await
        .map_err(|error| place.refused(&error))?;
    Ok(empty(StatusCode::NO_CONTENT))
}
