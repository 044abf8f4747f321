//! GetBucketLocation.

use presign_iam::Allowed;
use presign_s3::operation::GetBucketLocation;
use presign_s3::{S3Error, xml::location_constraint};

use super::place::{Place, xml};
use crate::http::Answer;

/// The bucket's region.
pub(super) async fn answer(place: &Place<'_>, input: Allowed<GetBucketLocation>) -> Result<Answer, S3Error> {
    let bucket = place.bucket(input.bucket.as_str()).await?;
    Ok(xml(location_constraint(&bucket.region)))
}
