//! HeadObject.

use presign_iam::Allowed;
use presign_s3::S3Error;
use presign_s3::operation::HeadObject;

use super::object_answer::decide;
use super::place::{Place, empty};
use crate::http::Answer;

/// What GetObject would answer, without the body.
pub(super) async fn answer(place: &Place<'_>, input: Allowed<HeadObject>) -> Result<Answer, S3Error> {
    let read = &input.read;
    let (bucket, key) = (read.bucket.as_str(), read.key.as_str());
    let object = place.store.head(bucket, key).await.map_err(|error| place.refused(&error))?;
    let object = object.ok_or_else(|| S3Error::no_such_key(key))?;
    let about = decide(read, &object)?;
    let mut answer = empty(about.status);
    *answer.headers_mut() = about.headers;
    Ok(answer)
}
