//! The operations, one file each. A handler takes an input that the gate let through and answers; it never sees a
//! header, a signature or a key.

mod announcement;
mod body_digests;
mod create_bucket;
mod delete_bucket;
mod delete_object;
mod full_disk;
mod get_bucket_location;
mod get_object;
mod head_bucket;
mod head_object;
mod key_page;
mod list_buckets;
mod list_objects;
mod list_objects_v2;
mod object_answer;
mod place;
mod put_object;
mod store_error;

pub(crate) use announcement::Announcement;
pub(crate) use full_disk::FullDisk;
pub(crate) use place::Place;
pub(crate) use store_error::StoreFailures;

use presign_s3::{Operation, S3Error};

use crate::auth::{Authorized, Gate, UploadRules};
use crate::http::{Answer, Upload};

/// Runs the operation, if the gate lets it.
///
/// What reads an object is run where it stands; the others are put on the heap, or every request would carry about the
/// room that the largest of them needs.
pub(crate) async fn run(
    place: &Place<'_>,
    authorized: Authorized,
    upload: &mut Upload,
) -> Result<Answer, S3Error> {
    let Authorized { operation, gate, upload: rules, .. } = authorized;
    match operation {
        Operation::GetObject(input) => get_object::answer(place, gate.allow(input)?).await,
        Operation::HeadObject(input) => head_object::answer(place, gate.allow(input)?).await,
        operation => Box::pin(run_other(place, operation, gate, &rules, upload)).await,
    }
}

async fn run_other(
    place: &Place<'_>,
    operation: Operation,
    gate: Gate,
    rules: &UploadRules,
    upload: &mut Upload,
) -> Result<Answer, S3Error> {
    match operation {
        Operation::ListBuckets(input) => list_buckets::answer(place, gate.allow(input)?).await,
        Operation::CreateBucket(input) => {
            create_bucket::answer(place, gate.allow(input)?, rules, upload).await
        }
        Operation::HeadBucket(input) => head_bucket::answer(place, gate.allow(input)?).await,
        Operation::DeleteBucket(input) => delete_bucket::answer(place, gate.allow(input)?).await,
        Operation::GetBucketLocation(input) => get_bucket_location::answer(place, gate.allow(input)?).await,
        Operation::ListObjectsV2(input) => list_objects_v2::answer(place, gate.allow(input)?).await,
        Operation::ListObjects(input) => list_objects::answer(place, gate.allow(input)?).await,
        Operation::PutObject(input) => put_object::answer(place, gate.allow(input)?, rules, upload).await,
        Operation::DeleteObject(input) => delete_object::answer(place, gate.allow(input)?).await,
        other => Err(S3Error::operation_not_implemented(other.name().as_str())),
    }
}
