//! The sub-resources of S3, and the names of the operations on them that this server does not have.
//!
//! A request with a sub-resource means something else than the same request without: `DELETE
//! /bucket/key?tagging` must not delete the object. So every name S3 gives a meaning to stands here, and what
//! is not served is refused by its name.

use presign::Method::{self, Delete, Get, Head, Post, Put};

use super::table::ResourceKind::{self, Bucket, Object};

/// Sub-resources that only say which version or part of the object another one, or the plain operation, is
/// about.
const MODIFIERS: [&str; 3] = ["versionid", "partnumber", "select-type"];

/// Sub-resource, resource, method, operation.
const OPERATIONS: &[(&str, ResourceKind, Method, &str)] = &[
    ("abac", Bucket, Get, "GetBucketAbac"),
    ("abac", Bucket, Put, "PutBucketAbac"),
    ("accelerate", Bucket, Get, "GetBucketAccelerateConfiguration"),
    ("accelerate", Bucket, Put, "PutBucketAccelerateConfiguration"),
    ("acl", Bucket, Get, "GetBucketAcl"),
    ("acl", Bucket, Put, "PutBucketAcl"),
    ("acl", Object, Get, "GetObjectAcl"),
    ("acl", Object, Put, "PutObjectAcl"),
    ("analytics", Bucket, Delete, "DeleteBucketAnalyticsConfiguration"),
    ("analytics", Bucket, Get, "GetBucketAnalyticsConfiguration"),
    ("analytics", Bucket, Put, "PutBucketAnalyticsConfiguration"),
    ("append", Object, Post, "AppendObject"),
    ("attributes", Object, Get, "GetObjectAttributes"),
    ("attributes", Object, Head, "GetObjectAttributes"),
    ("cors", Bucket, Delete, "DeleteBucketCors"),
    ("cors", Bucket, Get, "GetBucketCors"),
    ("cors", Bucket, Put, "PutBucketCors"),
    ("delete", Bucket, Post, "DeleteObjects"),
    ("encryption", Bucket, Delete, "DeleteBucketEncryption"),
    ("encryption", Bucket, Get, "GetBucketEncryption"),
    ("encryption", Bucket, Put, "PutBucketEncryption"),
    ("encryption", Object, Put, "UpdateObjectEncryption"),
    ("intelligent-tiering", Bucket, Delete, "DeleteBucketIntelligentTieringConfiguration"),
    ("intelligent-tiering", Bucket, Get, "GetBucketIntelligentTieringConfiguration"),
    ("intelligent-tiering", Bucket, Put, "PutBucketIntelligentTieringConfiguration"),
    ("inventory", Bucket, Delete, "DeleteBucketInventoryConfiguration"),
    ("inventory", Bucket, Get, "GetBucketInventoryConfiguration"),
    ("inventory", Bucket, Put, "PutBucketInventoryConfiguration"),
    ("legal-hold", Object, Get, "GetObjectLegalHold"),
    ("legal-hold", Object, Put, "PutObjectLegalHold"),
    ("lifecycle", Bucket, Delete, "DeleteBucketLifecycle"),
    ("lifecycle", Bucket, Get, "GetBucketLifecycleConfiguration"),
    ("lifecycle", Bucket, Put, "PutBucketLifecycleConfiguration"),
    ("location", Bucket, Get, "GetBucketLocation"),
    ("logging", Bucket, Get, "GetBucketLogging"),
    ("logging", Bucket, Put, "PutBucketLogging"),
    ("metadataconfiguration", Bucket, Delete, "DeleteBucketMetadataConfiguration"),
    ("metadataconfiguration", Bucket, Get, "GetBucketMetadataConfiguration"),
    ("metadataconfiguration", Bucket, Post, "CreateBucketMetadataConfiguration"),
    ("metadatainventorytable", Bucket, Put, "UpdateBucketMetadataInventoryTableConfiguration"),
    ("metadatajournaltable", Bucket, Put, "UpdateBucketMetadataJournalTableConfiguration"),
    ("metadatatable", Bucket, Delete, "DeleteBucketMetadataTableConfiguration"),
    ("metadatatable", Bucket, Get, "GetBucketMetadataTableConfiguration"),
    ("metadatatable", Bucket, Post, "CreateBucketMetadataTableConfiguration"),
    ("metrics", Bucket, Delete, "DeleteBucketMetricsConfiguration"),
    ("metrics", Bucket, Get, "GetBucketMetricsConfiguration"),
    ("metrics", Bucket, Put, "PutBucketMetricsConfiguration"),
    ("notification", Bucket, Get, "GetBucketNotificationConfiguration"),
    ("notification", Bucket, Put, "PutBucketNotificationConfiguration"),
    ("object-lock", Bucket, Get, "GetObjectLockConfiguration"),
    ("object-lock", Bucket, Put, "PutObjectLockConfiguration"),
    ("ownershipcontrols", Bucket, Delete, "DeleteBucketOwnershipControls"),
    ("ownershipcontrols", Bucket, Get, "GetBucketOwnershipControls"),
    ("ownershipcontrols", Bucket, Put, "PutBucketOwnershipControls"),
    ("partnumber", Object, Get, "GetObject of a part"),
    ("partnumber", Object, Head, "HeadObject of a part"),
    ("partnumber", Object, Put, "UploadPart"),
    ("policy", Bucket, Delete, "DeleteBucketPolicy"),
    ("policy", Bucket, Get, "GetBucketPolicy"),
    ("policy", Bucket, Put, "PutBucketPolicy"),
    ("policystatus", Bucket, Get, "GetBucketPolicyStatus"),
    ("publicaccessblock", Bucket, Delete, "DeletePublicAccessBlock"),
    ("publicaccessblock", Bucket, Get, "GetPublicAccessBlock"),
    ("publicaccessblock", Bucket, Put, "PutPublicAccessBlock"),
    ("renameobject", Object, Put, "RenameObject"),
    ("replication", Bucket, Delete, "DeleteBucketReplication"),
    ("replication", Bucket, Get, "GetBucketReplication"),
    ("replication", Bucket, Put, "PutBucketReplication"),
    ("requestpayment", Bucket, Get, "GetBucketRequestPayment"),
    ("requestpayment", Bucket, Put, "PutBucketRequestPayment"),
    ("restore", Object, Post, "RestoreObject"),
    ("retention", Object, Get, "GetObjectRetention"),
    ("retention", Object, Put, "PutObjectRetention"),
    ("select", Object, Post, "SelectObjectContent"),
    ("select-type", Object, Post, "SelectObjectContent"),
    ("session", Bucket, Get, "CreateSession"),
    ("tagging", Bucket, Delete, "DeleteBucketTagging"),
    ("tagging", Bucket, Get, "GetBucketTagging"),
    ("tagging", Bucket, Put, "PutBucketTagging"),
    ("tagging", Object, Delete, "DeleteObjectTagging"),
    ("tagging", Object, Get, "GetObjectTagging"),
    ("tagging", Object, Put, "PutObjectTagging"),
    ("torrent", Object, Get, "GetObjectTorrent"),
    ("uploadid", Object, Delete, "AbortMultipartUpload"),
    ("uploadid", Object, Get, "ListParts"),
    ("uploadid", Object, Post, "CompleteMultipartUpload"),
    ("uploadid", Object, Put, "UploadPart"),
    ("uploads", Bucket, Get, "ListMultipartUploads"),
    ("uploads", Object, Post, "CreateMultipartUpload"),
    ("versionid", Object, Delete, "DeleteObject of a version"),
    ("versionid", Object, Get, "GetObject of a version"),
    ("versionid", Object, Head, "HeadObject of a version"),
    ("versioning", Bucket, Get, "GetBucketVersioning"),
    ("versioning", Bucket, Put, "PutBucketVersioning"),
    ("versions", Bucket, Get, "ListObjectVersions"),
    ("website", Bucket, Delete, "DeleteBucketWebsite"),
    ("website", Bucket, Get, "GetBucketWebsite"),
    ("website", Bucket, Put, "PutBucketWebsite"),
];

/// Whether S3 gives the query parameter called `name` a meaning of its own, in whatever case it is written.
pub(super) fn is_sub_resource(name: &str) -> bool {
    OPERATIONS.iter().any(|(sub_resource, ..)| sub_resource.eq_ignore_ascii_case(name))
}

/// Whether the sub-resource only qualifies another.
pub(super) fn is_modifier(name: &str) -> bool {
    MODIFIERS.iter().any(|modifier| modifier.eq_ignore_ascii_case(name))
}

/// The operation that `method` on a sub-resource of the resource is in the S3 API; `None` if it is none at
/// all.
pub(super) fn operation(sub_resource: &str, resource: ResourceKind, method: Method) -> Option<&'static str> {
    OPERATIONS
        .iter()
        .find(|(name, kind, verb, _)| {
            name.eq_ignore_ascii_case(sub_resource) && *kind == resource && *verb == method
        })
        .map(|(.., operation)| *operation)
}

/// The methods that the sub-resource of the resource has in the S3 API, `, ` between.
pub(super) fn methods(sub_resource: &str, resource: ResourceKind) -> String {
    let methods: Vec<&str> = OPERATIONS
        .iter()
        .filter(|(name, kind, ..)| name.eq_ignore_ascii_case(sub_resource) && *kind == resource)
        .map(|(_, _, method, _)| method.as_str())
        .collect();
    methods.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_rows_are_unique() {
        for (index, row) in OPERATIONS.iter().enumerate() {
            assert!(!row.0.bytes().any(|byte| byte.is_ascii_uppercase()), "{}", row.0);
            assert!(
                OPERATIONS[index + 1..]
                    .iter()
                    .all(|other| (row.0, row.1, row.2) != (other.0, other.1, other.2)),
                "{} {:?} {}",
                row.0,
                row.1,
                row.2
            );
        }
    }

    #[test]
    fn a_name_counts_in_any_case() {
        assert!(is_sub_resource("versionId") && is_sub_resource("TAGGING") && is_modifier("partNumber"));
        assert!(!is_sub_resource("prefix") && !is_modifier("tagging"));
        assert_eq!(operation("uploadId", Object, Put), Some("UploadPart"));
        assert_eq!(operation("uploadId", Bucket, Put), None);
        assert_eq!(methods("tagging", Object), "DELETE, GET, PUT");
    }
}
