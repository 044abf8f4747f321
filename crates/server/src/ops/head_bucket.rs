//! HeadBucket.

use hyper::StatusCode;
use hyper::header::HeaderValue;
use presign_iam::Allowed;
use presign_s3::S3Error;
use presign_s3::operation::HeadBucket;

use super::place::{Place, empty};
use crate::http::Answer;

/// Whether the bucket is there, and where.
pub(super) async fn answer(place: &Place<'_>, input: Allowed<HeadBucket>) -> Result<Answer, S3Error> {
    let bucket = place.bucket(input.bucket.as_str()).await?;
    let mut answer = empty(StatusCode::OK);
    if let Ok(region) = HeaderValue::try_from(bucket.region) {
        answer.headers_mut().insert("x-amz-bucket-region", region);
    }
    Ok(answer)
}
