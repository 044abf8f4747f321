//! The one table of operations: what selects each, the right it needs, and its name in the access log.

use std::fmt;

use presign::Method;

/// What kind of thing an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// All buckets.
    Service,
    /// One bucket.
    Bucket,
    /// One object.
    Object,
}

impl ResourceKind {
    /// The kind as S3's errors name it (`ResourceType`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "SERVICE",
            Self::Bucket => "BUCKET",
            Self::Object => "OBJECT",
        }
    }
}

/// What in the query selects an operation among those of the same method and kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// No sub-resource at all.
    Plain,
    /// This sub-resource and no other.
    SubResource(&'static str),
    /// No sub-resource, and this parameter with this value.
    Parameter(&'static str, &'static str),
}

/// The operations that this server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperationName {
    /// All buckets of the account.
    ListBuckets,
    /// Makes a bucket.
    CreateBucket,
    /// Whether a bucket is there and may be used.
    HeadBucket,
    /// Deletes an empty bucket.
    DeleteBucket,
    /// The region of a bucket.
    GetBucketLocation,
    /// Lists a bucket, with continuation tokens.
    ListObjectsV2,
    /// Lists a bucket, with markers: the first version.
    ListObjects,
    /// Reads an object.
    GetObject,
    /// Reads an object's headers.
    HeadObject,
    /// Writes an object.
    PutObject,
    /// Deletes an object.
    DeleteObject,
}

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Which one.
    pub operation: OperationName,
    /// Its name in the S3 API.
    pub name: &'static str,
    /// Its method.
    pub method: Method,
    /// What it is about.
    pub resource: ResourceKind,
    /// What selects it.
    pub selector: Selector,
    /// The action that a policy must allow.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>
    pub action: &'static str,
    /// Its name in the access log.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html>
    pub log_name: &'static str,
}

use Method::{Delete, Get, Head, Put};
use ResourceKind::{Bucket, Object, Service};
use Selector::{Parameter, Plain, SubResource};

/// Shortens the table to what differs.
macro_rules! rows {
    ($($operation:ident $method:ident $resource:ident $selector:expr, $action:literal, $log_name:literal;)*) => {
        /// Every operation. The first row that fits a request is the one, so that a `Plain` row comes after
        /// those of the same method and resource with a `Parameter`.
        pub const TABLE: &[Row] = &[
            $(Row {
                operation: OperationName::$operation,
                name: stringify!($operation),
                method: $method,
                resource: $resource,
                selector: $selector,
                action: $action,
                log_name: $log_name,
            },)*
        ];

        impl OperationName {
            /// The name in the S3 API: `GetObject`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$operation => stringify!($operation),)* }
            }

            /// The action that a policy must allow: `s3:GetObject`.
            #[must_use]
            pub const fn action(self) -> &'static str {
                match self { $(Self::$operation => $action,)* }
            }

            /// The name in the access log: `REST.GET.OBJECT`.
            #[must_use]
            pub const fn log_name(self) -> &'static str {
                match self { $(Self::$operation => $log_name,)* }
            }
        }
    };
}

rows! {
    ListBuckets       Get    Service Plain,                       "s3:ListAllMyBuckets",  "REST.GET.SERVICE";
    CreateBucket      Put    Bucket  Plain,                       "s3:CreateBucket",      "REST.PUT.BUCKET";
    HeadBucket        Head   Bucket  Plain,                       "s3:ListBucket",        "REST.HEAD.BUCKET";
    DeleteBucket      Delete Bucket  Plain,                       "s3:DeleteBucket",      "REST.DELETE.BUCKET";
    GetBucketLocation Get    Bucket  SubResource("location"),     "s3:GetBucketLocation", "REST.GET.LOCATION";
    ListObjectsV2     Get    Bucket  Parameter("list-type", "2"), "s3:ListBucket",        "REST.GET.BUCKET";
    ListObjects       Get    Bucket  Plain,                       "s3:ListBucket",        "REST.GET.BUCKET";
    GetObject         Get    Object  Plain,                       "s3:GetObject",         "REST.GET.OBJECT";
    HeadObject        Head   Object  Plain,                       "s3:GetObject",         "REST.HEAD.OBJECT";
    PutObject         Put    Object  Plain,                       "s3:PutObject",         "REST.PUT.OBJECT";
    DeleteObject      Delete Object  Plain,                       "s3:DeleteObject",      "REST.DELETE.OBJECT";
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The access-log name of a request that never became an operation, because its signature was refused or its
/// operation is not one of the table: `REST.PUT.OBJECT`.
#[must_use]
pub const fn log_name(method: Method, resource: ResourceKind) -> &'static str {
    match (resource, method) {
        (Service, Get) => "REST.GET.SERVICE",
        (Service, Head) => "REST.HEAD.SERVICE",
        (Service, Put) => "REST.PUT.SERVICE",
        (Service, Delete) => "REST.DELETE.SERVICE",
        (Service, Method::Post) => "REST.POST.SERVICE",
        (Service, _) => "REST.OPTIONS.PREFLIGHT",
        (Bucket, Get) => "REST.GET.BUCKET",
        (Bucket, Head) => "REST.HEAD.BUCKET",
        (Bucket, Put) => "REST.PUT.BUCKET",
        (Bucket, Delete) => "REST.DELETE.BUCKET",
        (Bucket, Method::Post) => "REST.POST.BUCKET",
        (Bucket, _) => "REST.OPTIONS.PREFLIGHT",
        (Object, Get) => "REST.GET.OBJECT",
        (Object, Head) => "REST.HEAD.OBJECT",
        (Object, Put) => "REST.PUT.OBJECT",
        (Object, Delete) => "REST.DELETE.OBJECT",
        (Object, Method::Post) => "REST.POST.OBJECT",
        (Object, _) => "REST.OPTIONS.PREFLIGHT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_consistent() {
        for row in TABLE {
            assert_eq!(row.name, row.operation.as_str());
            assert_eq!(row.action, row.operation.action());
            assert!(row.action.starts_with("s3:"), "{}", row.name);
            assert!(row.log_name.starts_with(&format!("REST.{}.", row.method)), "{}", row.name);
        }
    }

    #[test]
    fn no_row_hides_another() {
        for (index, row) in TABLE.iter().enumerate() {
            for later in &TABLE[index + 1..] {
                let same_place = row.method == later.method && row.resource == later.resource;
                assert!(!(same_place && row.selector == later.selector), "{} and {}", row.name, later.name);
                let hides = row.selector == Plain && matches!(later.selector, Parameter(..));
                assert!(!(same_place && hides), "{} hides {}", row.name, later.name);
            }
        }
    }

    #[test]
    fn a_plain_operation_is_logged_like_its_method_and_resource() {
        for row in TABLE.iter().filter(|row| row.selector == Plain) {
            assert_eq!(log_name(row.method, row.resource), row.log_name);
        }
    }
}
