//! CreateBucket.

use hyper::StatusCode;
use hyper::header::{HeaderValue, LOCATION};
use presign_iam::{ACCOUNT_ID, Allowed};
use presign_s3::operation::CreateBucket;
use presign_s3::xml::CreateBucketConfiguration;
use presign_s3::{S3Error, limits};
use presign_store::{Bucket, StoreError};

use super::body_digests::check_sha256;
use super::place::{Place, empty};
use crate::auth::UploadRules;
use crate::http::{Answer, Upload};

/// Makes a bucket. Making one's own a second time succeeds in us-east-1 and nowhere else, as S3 has it.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
pub(super) async fn answer(
    place: &Place<'_>,
    input: Allowed<CreateBucket>,
    rules: &UploadRules,
    upload: &mut Upload,
) -> Result<Answer, S3Error> {
    let body = upload.read_all(limits::XML_BODY_BYTES).await?;
    check_sha256(rules, &body)?;
    CreateBucketConfiguration::parse(&body)?.check_region(place.region)?;
    let name = input.bucket.as_str();
    let bucket = Bucket {
        name: name.to_owned(),
        owner: ACCOUNT_ID.to_owned(),
        region: place.region.to_owned(),
        created: place.now,
    };
    match place.store.create_bucket(bucket).await {
        Ok(()) => {}
        Err(StoreError::BucketExists { .. }) if place.region == "us-east-1" => {}
        Err(error) => return Err(place.refused(&error)),
    }
    let mut answer = empty(StatusCode::OK);
    if let Ok(location) = HeaderValue::try_from(format!("/{name}")) {
        answer.headers_mut().insert(LOCATION, location);
    }
    Ok(answer)
}
