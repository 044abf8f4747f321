//! Which S3 operation a URL is for.
//!
//! The method is signed but not written in a URL, so several operations remain possible; the sub-resource narrows
//! them down, and what else is signed often gives the one away.

use std::fmt;

use serde::Serialize;

use crate::caveats;
use crate::explain::claimed::Claimed;
use crate::explain::link::Link;
use crate::explain::location::Location;
use crate::method::Method;

/// An operation of S3, by the name in AWS's API reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// `GetObject`.
    pub name: &'static str,
    /// The method that it has.
    pub method: Method,
}

impl Operation {
    /// Whether it writes what the URL's holder sends.
    pub fn is_upload(&self) -> bool {
        matches!(self.method, Method::Put | Method::Post)
    }
}

/// The operations that a URL can be for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Operations {
    /// The one that it is for, if the method is known, only one is possible, or something in the URL tells.
    pub likely: Option<Operation>,
    /// Every one that its path and its sub-resource leave possible.
    pub possible: Vec<Operation>,
}

impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others: Vec<&str> = self
            .possible
            .iter()
            .filter(|operation| Some(**operation) != self.likely)
            .map(|operation| operation.name)
            .collect();
        match (self.likely, others.split_last()) {
            (Some(likely), None) => f.write_str(likely.name),
            (Some(likely), Some(_)) => write!(f, "{}, most likely", likely.name),
            (None, None) => f.write_str("an operation that is not known here"),
            (None, Some((last, []))) => f.write_str(last),
            (None, Some((last, first))) => write!(f, "{} or {last}", first.join(", ")),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Service,
    Bucket,
    Object,
}

/// Method, kind of resource, the parameter that selects the operation (none: a plain request), name.
/// Source: the API reference of Amazon S3.
const TABLE: [(Method, Kind, &str, &str); 46] = [
    (Method::Get, Kind::Object, "", "GetObject"),
    (Method::Put, Kind::Object, "", "PutObject"),
    (Method::Head, Kind::Object, "", "HeadObject"),
    (Method::Delete, Kind::Object, "", "DeleteObject"),
    (Method::Get, Kind::Object, "acl", "GetObjectAcl"),
    (Method::Put, Kind::Object, "acl", "PutObjectAcl"),
    (Method::Get, Kind::Object, "attributes", "GetObjectAttributes"),
    (Method::Get, Kind::Object, "legal-hold", "GetObjectLegalHold"),
    (Method::Put, Kind::Object, "legal-hold", "PutObjectLegalHold"),
    (Method::Get, Kind::Object, "retention", "GetObjectRetention"),
    (Method::Put, Kind::Object, "retention", "PutObjectRetention"),
    (Method::Get, Kind::Object, "tagging", "GetObjectTagging"),
    (Method::Put, Kind::Object, "tagging", "PutObjectTagging"),
    (Method::Delete, Kind::Object, "tagging", "DeleteObjectTagging"),
    (Method::Get, Kind::Object, "torrent", "GetObjectTorrent"),
    (Method::Put, Kind::Object, "uploadId", "UploadPart"),
    (Method::Get, Kind::Object, "uploadId", "ListParts"),
    (Method::Post, Kind::Object, "uploadId", "CompleteMultipartUpload"),
    (Method::Delete, Kind::Object, "uploadId", "AbortMultipartUpload"),
    (Method::Post, Kind::Object, "uploads", "CreateMultipartUpload"),
    (Method::Post, Kind::Object, "restore", "RestoreObject"),
    (Method::Post, Kind::Object, "select", "SelectObjectContent"),
    (Method::Get, Kind::Bucket, "", "ListObjects"),
    (Method::Put, Kind::Bucket, "", "CreateBucket"),
    (Method::Head, Kind::Bucket, "", "HeadBucket"),
    (Method::Delete, Kind::Bucket, "", "DeleteBucket"),
    (Method::Get, Kind::Bucket, "list-type", "ListObjectsV2"),
    (Method::Get, Kind::Bucket, "versions", "ListObjectVersions"),
    (Method::Get, Kind::Bucket, "uploads", "ListMultipartUploads"),
    (Method::Get, Kind::Bucket, "location", "GetBucketLocation"),
    (Method::Get, Kind::Bucket, "acl", "GetBucketAcl"),
    (Method::Put, Kind::Bucket, "acl", "PutBucketAcl"),
    (Method::Get, Kind::Bucket, "cors", "GetBucketCors"),
    (Method::Put, Kind::Bucket, "cors", "PutBucketCors"),
    (Method::Delete, Kind::Bucket, "cors", "DeleteBucketCors"),
    (Method::Get, Kind::Bucket, "lifecycle", "GetBucketLifecycleConfiguration"),
    (Method::Put, Kind::Bucket, "lifecycle", "PutBucketLifecycleConfiguration"),
    (Method::Get, Kind::Bucket, "policy", "GetBucketPolicy"),
    (Method::Put, Kind::Bucket, "policy", "PutBucketPolicy"),
    (Method::Delete, Kind::Bucket, "policy", "DeleteBucketPolicy"),
    (Method::Get, Kind::Bucket, "tagging", "GetBucketTagging"),
    (Method::Put, Kind::Bucket, "tagging", "PutBucketTagging"),
    (Method::Get, Kind::Bucket, "versioning", "GetBucketVersioning"),
    (Method::Put, Kind::Bucket, "versioning", "PutBucketVersioning"),
    (Method::Post, Kind::Bucket, "delete", "DeleteObjects"),
    (Method::Get, Kind::Service, "", "ListBuckets"),
];

impl Operations {
    pub(super) fn of(link: &Link<'_>, claimed: &Claimed, location: &Location) -> Self {
        let kind = match (&location.bucket, &location.key) {
            (_, Some(_)) => Kind::Object,
            (Some(_), None) => Kind::Bucket,
            (None, None) => Kind::Service,
        };
        let selects = |selector: &str| !selector.is_empty() && link.has(selector);
        let has_selector = TABLE.iter().any(|(_, of, selector, _)| *of == kind && selects(selector));
        let mut possible: Vec<Operation> = TABLE
            .iter()
            .filter(|(_, of, selector, _)| {
                *of == kind && if has_selector { selects(selector) } else { selector.is_empty() }
            })
            .map(|(method, _, _, name)| Operation { name, method: *method })
            .collect();
        if link.has("x-amz-copy-source")
            || claimed.signed_headers.iter().any(|name| name == "x-amz-copy-source")
        {
            for operation in &mut possible {
                operation.name = match operation.name {
                    "PutObject" => "CopyObject",
                    "UploadPart" => "UploadPartCopy",
                    name => name,
                };
            }
        }
        let methods = match link.method {
            Some(method) => vec![method],
            None => methods_of_caveat(link),
        };
        if !methods.is_empty() {
            possible.retain(|operation| methods.contains(&operation.method));
        }
        let likely = match possible.as_slice() {
            [only] => Some(*only),
            _ => likely_of(link, claimed, &possible),
        };
        Operations { likely, possible }
    }
}

fn methods_of_caveat(link: &Link<'_>) -> Vec<Method> {
    let list = link.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(caveats::METHODS));
    list.map(|list| list.value.split(',').filter_map(|name| name.parse().ok()).collect()).unwrap_or_default()
}

fn likely_of(link: &Link<'_>, claimed: &Claimed, possible: &[Operation]) -> Option<Operation> {
    // The JavaScript SDK writes the operation's name into every URL.
    if let Some(name) = link.parameter("x-id")
        && let Some(named) = possible.iter().find(|operation| operation.name == name)
    {
        return Some(*named);
    }
    // A list of methods is for a URL that is signed with the first of them and serves the others too.
    if let Some(first) = methods_of_caveat(link).first() {
        return possible.iter().find(|operation| operation.method == *first).copied();
    }
    let parameters = || link.parameters.iter().map(|parameter| parameter.name.to_ascii_lowercase());
    let signs = |names: &[&str]| claimed.signed_headers.iter().any(|name| names.contains(&name.as_str()));
    let reads = parameters().any(|name| name.starts_with("response-"))
        || link.has("x-amz-checksum-mode")
        || signs(&["range", "if-modified-since", "if-range"]);
    let mut names = parameters().chain(claimed.signed_headers.iter().cloned());
    let writes = names.any(|name| tells_an_upload(&name));
    let wanted = match (reads, writes) {
        (true, false) => Method::Get,
        (false, true) => Method::Put,
        _ => return None,
    };
    possible.iter().find(|operation| operation.method == wanted).copied()
}

/// Whether a signed header, or a parameter that stands for one, makes sense with an upload only.
fn tells_an_upload(name: &str) -> bool {
    const EXACT: [&str; 12] = [
        caveats::MAX_SIZE,
        caveats::MIN_SIZE,
        caveats::CONTENT_TYPE,
        "content-type",
        "content-length",
        "content-md5",
        "content-encoding",
        "content-disposition",
        "cache-control",
        "x-amz-acl",
        "x-amz-storage-class",
        "x-amz-tagging",
    ];
    const STARTS: [&str; 5] = [
        "x-amz-meta-",
        "x-amz-checksum-crc",
        "x-amz-checksum-sha",
        "x-amz-sdk-checksum",
        "x-amz-object-lock-",
    ];
    EXACT.contains(&name) || STARTS.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operations(method: Option<Method>, path: &str, more: &str, signed_headers: &str) -> Operations {
        let url = format!(
            "https://s3.amazonaws.com{path}?{more}X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=A%2F20261121%2Fr%2Fs3%2Faws4_request&X-Amz-Date=20261121T000000Z\
             &X-Amz-Expires=60&X-Amz-SignedHeaders={signed_headers}&X-Amz-Signature=0"
        );
        let link = Link { method, ..Link::of_url(&url).unwrap() };
        let claimed = Claimed::of_query(&link).unwrap();
        Operations::of(&link, &claimed, &Location::of(&link).unwrap())
    }

    fn likely(path: &str, more: &str, signed_headers: &str) -> Option<&'static str> {
        operations(None, path, more, signed_headers).likely.map(|operation| operation.name)
    }

    #[test]
    fn the_sub_resource_narrows_down() {
        assert_eq!(
            operations(None, "/b/k", "", "host").to_string(),
            "GetObject, PutObject, HeadObject or DeleteObject"
        );
        assert_eq!(
            operations(None, "/b/k", "tagging=&", "host").to_string(),
            "GetObjectTagging, PutObjectTagging or DeleteObjectTagging"
        );
        assert_eq!(
            operations(Some(Method::Put), "/b/k", "tagging=&", "host").to_string(),
            "PutObjectTagging"
        );
        assert_eq!(operations(None, "/b/k", "uploads&", "host").to_string(), "CreateMultipartUpload");
        let part = operations(Some(Method::Put), "/b/k", "partNumber=1&uploadId=u&", "host");
        assert_eq!(part.to_string(), "UploadPart");
        assert_eq!(operations(Some(Method::Get), "/b/k", "partNumber=1&", "host").to_string(), "GetObject");
        assert_eq!(operations(Some(Method::Get), "/b", "list-type=2&", "host").to_string(), "ListObjectsV2");
        assert_eq!(operations(None, "/", "", "host").to_string(), "ListBuckets");
        let unknown = operations(Some(Method::Post), "/b/k", "", "host");
        assert_eq!(unknown.to_string(), "an operation that is not known here");
    }

    #[test]
    fn what_is_signed_gives_it_away() {
        assert_eq!(likely("/b/k", "", "host"), None);
        assert_eq!(likely("/b/k", "x-id=DeleteObject&", "host"), Some("DeleteObject"));
        assert_eq!(likely("/b/k", "x-id=Nonsense&", "host"), None);
        assert_eq!(likely("/b/k", "response-content-type=a&", "host"), Some("GetObject"));
        assert_eq!(likely("/b/k", "", "content-type%3Bhost"), Some("PutObject"));
        assert_eq!(likely("/b/k", "x-presign-max-size=1&", "host"), Some("PutObject"));
        assert_eq!(likely("/b/k", "x-presign-methods=GET%2CHEAD&", "host"), Some("GetObject"));
        assert_eq!(likely("/b/k", "x-amz-copy-source=a&x-amz-acl=private&", "host"), Some("CopyObject"));
    }
}
