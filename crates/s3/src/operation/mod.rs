//! One request as one typed operation.
//!
//! Each operation has a file of its own with its input; [`TABLE`] says what selects it and which right it
//! needs.

mod create_bucket;
mod delete_bucket;
mod delete_object;
mod get_bucket_location;
mod get_object;
mod head_bucket;
mod head_object;
mod list_buckets;
mod list_objects;
mod list_objects_v2;
mod listing;
#[cfg(test)]
mod memory_request;
mod object_read;
mod put_object;
mod refused;
mod refused_headers;
mod request;
mod resolve;
mod table;
mod verified;
mod version;

pub use create_bucket::CreateBucket;
pub use delete_bucket::DeleteBucket;
pub use delete_object::DeleteObject;
pub use get_bucket_location::GetBucketLocation;
pub use get_object::GetObject;
pub use head_bucket::HeadBucket;
pub use head_object::HeadObject;
pub use list_buckets::ListBuckets;
pub use list_objects::ListObjects;
pub use list_objects_v2::ListObjectsV2;
pub use listing::{EncodingType, KeySelection};
pub use object_read::ObjectRead;
pub use put_object::PutObject;
pub use table::{OperationName, ResourceKind, Row, Selector, TABLE, log_name};

use crate::{BucketName, ObjectKey, S3Error, Target};
use request::SignedRequest;

/// What a verified request asks for. It owns its data, so that the request may be let go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// All buckets of the account.
    ListBuckets(ListBuckets),
    /// Makes a bucket.
    CreateBucket(CreateBucket),
    /// Whether a bucket is there and may be used.
    HeadBucket(HeadBucket),
    /// Deletes an empty bucket.
    DeleteBucket(DeleteBucket),
    /// The region of a bucket.
    GetBucketLocation(GetBucketLocation),
    /// Lists a bucket, with continuation tokens.
    ListObjectsV2(ListObjectsV2),
    /// Lists a bucket, with markers.
    ListObjects(ListObjects),
    /// Reads an object.
    GetObject(GetObject),
    /// Reads an object's headers.
    HeadObject(HeadObject),
    /// Writes an object.
    PutObject(PutObject),
    /// Deletes an object.
    DeleteObject(DeleteObject),
}

impl Operation {
    /// Builds the input of the operation that the request is.
    fn read(request: &impl SignedRequest, target: &Target) -> Result<Self, S3Error> {
        let row = resolve::resolve(request, target.resource_kind())?;
        Ok(match (row.operation, target) {
            (OperationName::ListBuckets, _) => Self::ListBuckets(ListBuckets::read(request)?),
            (OperationName::CreateBucket, Target::Bucket(bucket)) => {
                Self::CreateBucket(CreateBucket { bucket: bucket.clone() })
            }
            (OperationName::HeadBucket, Target::Bucket(bucket)) => {
                Self::HeadBucket(HeadBucket { bucket: bucket.clone() })
            }
            (OperationName::DeleteBucket, Target::Bucket(bucket)) => {
                Self::DeleteBucket(DeleteBucket { bucket: bucket.clone() })
            }
            (OperationName::GetBucketLocation, Target::Bucket(bucket)) => {
                Self::GetBucketLocation(GetBucketLocation { bucket: bucket.clone() })
            }
            (OperationName::ListObjectsV2, Target::Bucket(bucket)) => {
                Self::ListObjectsV2(ListObjectsV2::read(bucket.clone(), request)?)
            }
            (OperationName::ListObjects, Target::Bucket(bucket)) => {
                Self::ListObjects(ListObjects::read(bucket.clone(), request)?)
            }
            (OperationName::GetObject, Target::Object { bucket, key }) => {
                Self::GetObject(GetObject { read: ObjectRead::read(bucket.clone(), key.clone(), request)? })
            }
            (OperationName::HeadObject, Target::Object { bucket, key }) => {
                Self::HeadObject(HeadObject { read: ObjectRead::read(bucket.clone(), key.clone(), request)? })
            }
            (OperationName::PutObject, Target::Object { bucket, key }) => {
                Self::PutObject(PutObject::read(bucket.clone(), key.clone(), request)?)
            }
            (OperationName::DeleteObject, Target::Object { bucket, key }) => {
                Self::DeleteObject(DeleteObject::read(bucket.clone(), key.clone(), request)?)
            }
            // The table gives only operations of the target's own kind; were it wrong, nothing would run.
            (operation, _) => return Err(S3Error::operation_not_implemented(operation.as_str())),
        })
    }

    /// Which operation it is.
    #[must_use]
    pub const fn name(&self) -> OperationName {
        match self {
            Self::ListBuckets(_) => OperationName::ListBuckets,
            Self::CreateBucket(_) => OperationName::CreateBucket,
            Self::HeadBucket(_) => OperationName::HeadBucket,
            Self::DeleteBucket(_) => OperationName::DeleteBucket,
            Self::GetBucketLocation(_) => OperationName::GetBucketLocation,
            Self::ListObjectsV2(_) => OperationName::ListObjectsV2,
            Self::ListObjects(_) => OperationName::ListObjects,
            Self::GetObject(_) => OperationName::GetObject,
            Self::HeadObject(_) => OperationName::HeadObject,
            Self::PutObject(_) => OperationName::PutObject,
            Self::DeleteObject(_) => OperationName::DeleteObject,
        }
    }

    /// The bucket it is about, if it is about one.
    #[must_use]
    pub const fn bucket(&self) -> Option<&BucketName> {
        match self {
            Self::ListBuckets(_) => None,
            Self::CreateBucket(input) => Some(&input.bucket),
            Self::HeadBucket(input) => Some(&input.bucket),
            Self::DeleteBucket(input) => Some(&input.bucket),
            Self::GetBucketLocation(input) => Some(&input.bucket),
            Self::ListObjectsV2(input) => Some(&input.keys.bucket),
            Self::ListObjects(input) => Some(&input.keys.bucket),
            Self::GetObject(input) => Some(&input.read.bucket),
            Self::HeadObject(input) => Some(&input.read.bucket),
            Self::PutObject(input) => Some(&input.bucket),
            Self::DeleteObject(input) => Some(&input.bucket),
        }
    }

    /// The key it is about, if it is about an object.
    #[must_use]
    pub const fn key(&self) -> Option<&ObjectKey> {
        match self {
            Self::GetObject(input) => Some(&input.read.key),
            Self::HeadObject(input) => Some(&input.read.key),
            Self::PutObject(input) => Some(&input.key),
            Self::DeleteObject(input) => Some(&input.key),
            _ => None,
        }
    }

    /// The ARN of what it acts on, which a policy must name: `arn:aws:s3:::bucket/key`,
    /// `arn:aws:s3:::bucket`, or `arn:aws:s3:::*` for all buckets. The key stands in it byte for byte.
    #[must_use]
    pub fn resource_arn(&self) -> String {
        match (self.bucket(), self.key()) {
            (None, _) => "arn:aws:s3:::*".to_owned(),
            (Some(bucket), None) => format!("arn:aws:s3:::{bucket}"),
            (Some(bucket), Some(key)) => format!("arn:aws:s3:::{bucket}/{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memory_request::MemoryRequest;

    #[test]
    fn names_the_resource_byte_for_byte() {
        for (line, arn) in [
            ("GET /", "arn:aws:s3:::*"),
            ("HEAD /bucket", "arn:aws:s3:::bucket"),
            ("GET /bucket?list-type=2&prefix=a", "arn:aws:s3:::bucket"),
            ("GET /bucket//a%20b/../*", "arn:aws:s3:::bucket//a b/../*"),
        ] {
            assert_eq!(MemoryRequest::new(line).read().unwrap().resource_arn(), arn);
        }
    }

    #[test]
    fn a_bucket_level_operation_has_no_key() {
        let list = MemoryRequest::new("GET /bucket?prefix=key").read().unwrap();
        assert_eq!((list.bucket().map(BucketName::as_str), list.key()), (Some("bucket"), None));
        let get = MemoryRequest::new("GET /bucket/key").read().unwrap();
        assert_eq!(get.key().map(ObjectKey::as_str), Some("key"));
    }
}
