//! Which operation a request is.

use presign::Method;

use super::{
    refused, refused_headers,
    request::SignedRequest,
    table::{ResourceKind, Row, Selector, TABLE},
    version,
};
use crate::S3Error;

/// Finds the row of the table that the request is, or refuses what the table does not have.
///
/// A sub-resource is never overlooked. Other parameters that nobody knows are ignored, as S3 does, with one
/// exception: a parameter without a value looks like a sub-resource, and on a request that writes or deletes,
/// overlooking one that S3 may have by then could destroy the object instead of its tags. Those that begin
/// with `x-` are S3's own room for callers, and stay ignored.
pub(super) fn resolve(request: &impl SignedRequest, resource: ResourceKind) -> Result<&'static Row, S3Error> {
    let method = request.method();
    let reads_version =
        resource == ResourceKind::Object && matches!(method, Method::Get | Method::Head | Method::Delete);
    // The operation itself looks at the version.
    let is_left_to_it = |name: &str| reads_version && name == version::PARAMETER;
    let sub_resource = sub_resource(request, is_left_to_it);
    let row =
        TABLE.iter().filter(|row| row.method == method && row.resource == resource).find(|row| {
            match row.selector {
                Selector::SubResource(name) => sub_resource == Some(name),
                Selector::Plain => sub_resource.is_none(),
                Selector::Parameter(name, value) => {
                    sub_resource.is_none() && request.parameter(name).is_some_and(|given| given == value)
                }
            }
        });
    let Some(row) = row else {
        return Err(match sub_resource {
            Some(name) => refuse_sub_resource(name, resource, method),
            None => refuse_method(resource, method),
        });
    };
    if !matches!(method, Method::Get | Method::Head)
        && let Some((name, _)) = request
            .parameters()
            .filter(|(name, _)| !is_left_to_it(name))
            .find(|(name, value)| value.is_empty() && !name.starts_with("x-") && !name.starts_with("X-"))
    {
        return Err(S3Error::operation_not_implemented(&format!("{method} of the sub-resource {name:?}")));
    }
    refused_headers::check(request)?;
    Ok(row)
}

/// The sub-resource that says what the request is about: one that is not a mere modifier, if there is one;
/// and of several one that the table does not have, so that they are refused together.
fn sub_resource(request: &impl SignedRequest, is_left_out: impl Fn(&str) -> bool) -> Option<&str> {
    let mut found: Option<&str> = None;
    for (name, _) in request.parameters() {
        if !refused::is_sub_resource(name) || is_left_out(name) {
            continue;
        }
        let weight = |name: &str| {
            if refused::is_modifier(name) {
                1
            } else if is_served(name) {
                0
            } else {
                2
            }
        };
        if found.is_none_or(|known| weight(name) > weight(known)) {
            found = Some(name);
        }
    }
    found
}

/// Whether an operation of the table is selected by the sub-resource, written exactly so.
fn is_served(sub_resource: &str) -> bool {
    TABLE.iter().any(|row| matches!(row.selector, Selector::SubResource(name) if name == sub_resource))
}

fn refuse_sub_resource(name: &str, resource: ResourceKind, method: Method) -> S3Error {
    match refused::operation(name, resource, method) {
        Some(operation) => S3Error::operation_not_implemented(operation),
        None => {
            let allowed = refused::methods(name, resource);
            S3Error::method_not_allowed(method.as_str(), &name.to_ascii_uppercase(), &allowed)
        }
    }
}

fn refuse_method(resource: ResourceKind, method: Method) -> S3Error {
    if (resource, method) == (ResourceKind::Bucket, Method::Post) {
        return S3Error::operation_not_implemented("PostObject");
    }
    let mut allowed: Vec<&str> = Vec::new();
    for row in TABLE.iter().filter(|row| row.resource == resource) {
        if !allowed.contains(&row.method.as_str()) {
            allowed.push(row.method.as_str());
        }
    }
    S3Error::method_not_allowed(method.as_str(), resource.as_str(), &allowed.join(", "))
}

#[cfg(test)]
mod tests {
    use crate::{
        ErrorCode,
        operation::{OperationName, memory_request::MemoryRequest},
    };

    fn operation(line: &'static str) -> OperationName {
        MemoryRequest::new(line).read().unwrap().name()
    }

    /// The code and what the refusal says in its fields.
    fn refusal(line: &'static str) -> (ErrorCode, String) {
        let refusal = MemoryRequest::new(line).read().unwrap_err();
        let said: Vec<&str> = refusal.fields().iter().map(|(_, value)| value.as_str()).collect();
        (refusal.code(), said.join(" "))
    }

    #[test]
    fn finds_every_operation_of_the_table() {
        for (line, expected) in [
            ("GET /", OperationName::ListBuckets),
            ("PUT /bucket", OperationName::CreateBucket),
            ("PUT /bucket/", OperationName::CreateBucket),
            ("HEAD /bucket", OperationName::HeadBucket),
            ("DELETE /bucket", OperationName::DeleteBucket),
            ("GET /bucket?location", OperationName::GetBucketLocation),
            ("GET /bucket/?location=", OperationName::GetBucketLocation),
            ("GET /bucket?list-type=2&prefix=a", OperationName::ListObjectsV2),
            ("GET /bucket?prefix=a&list-type=2", OperationName::ListObjectsV2),
            ("GET /bucket", OperationName::ListObjects),
            ("GET /bucket?delimiter=/", OperationName::ListObjects),
            ("GET /bucket/key", OperationName::GetObject),
            ("HEAD /bucket/key", OperationName::HeadObject),
            ("PUT /bucket/key", OperationName::PutObject),
            ("DELETE /bucket/key", OperationName::DeleteObject),
        ] {
            assert_eq!(operation(line), expected, "{line}");
        }
    }

    #[test]
    fn a_sub_resource_is_refused_by_the_name_of_its_operation() {
        for (line, named) in [
            ("DELETE /bucket/key?tagging", "DeleteObjectTagging"),
            ("DELETE /bucket/key?tagging=", "DeleteObjectTagging"),
            ("DELETE /bucket/key?x-id=a&TAGGING", "DeleteObjectTagging"),
            ("GET /bucket/key?acl", "GetObjectAcl"),
            ("PUT /bucket/key?acl&versionId=1", "PutObjectAcl"),
            ("PUT /bucket/key?versionId=1&acl", "PutObjectAcl"),
            ("PUT /bucket/key?partNumber=1&uploadId=u", "UploadPart"),
            ("DELETE /bucket/key?uploadId=u", "AbortMultipartUpload"),
            ("GET /bucket/key?versionid=null", "GetObject of a version"),
            ("DELETE /bucket/key?VERSIONID=1", "DeleteObject of a version"),
            ("POST /bucket/key?uploads", "CreateMultipartUpload"),
            ("POST /bucket?delete", "DeleteObjects"),
            ("POST /bucket", "PostObject"),
            ("DELETE /bucket?policy", "DeleteBucketPolicy"),
            ("GET /bucket?list-type=2&versions", "ListObjectVersions"),
            ("GET /bucket?location&versioning", "GetBucketVersioning"),
            ("GET /bucket?versioning&location", "GetBucketVersioning"),
        ] {
            let said = format!("{named} is not implemented by this server");
            assert_eq!(refusal(line), (ErrorCode::NotImplemented, said), "{line}");
        }
    }

    #[test]
    fn a_method_that_means_nothing_is_refused_as_such() {
        for (line, said, allowed) in [
            ("POST /", "POST SERVICE", "GET"),
            ("DELETE /", "DELETE SERVICE", "GET"),
            ("POST /bucket/key", "POST OBJECT", "GET, HEAD, PUT, DELETE"),
            ("OPTIONS /bucket", "OPTIONS BUCKET", "PUT, HEAD, DELETE, GET"),
            ("PUT /bucket?location", "PUT LOCATION", "GET"),
            ("GET /bucket/key?location", "GET LOCATION", ""),
            ("POST /bucket/key?tagging", "POST TAGGING", "DELETE, GET, PUT"),
        ] {
            let refusal = MemoryRequest::new(line).read().unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::MethodNotAllowed, "{line}");
            assert_eq!(format!("{} {}", refusal.fields()[0].1, refusal.fields()[1].1), said, "{line}");
            assert_eq!(refusal.headers(), [("allow", allowed.to_owned())], "{line}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_ignored() {
        for line in [
            "GET /bucket/key?session-id=7",
            "GET /bucket/key?unheard-of",
            "PUT /bucket/key?session-id=7",
            "DELETE /bucket/key?x-id",
            "DELETE /bucket/key?X-Anything=",
        ] {
            assert!(MemoryRequest::new(line).read().is_ok(), "{line}");
        }
    }

    #[test]
    fn what_looks_like_a_sub_resource_never_writes_or_deletes_the_object() {
        for line in
            ["DELETE /bucket/key?unheard-of", "PUT /bucket/key?unheard-of=", "DELETE /bucket?unheard-of"]
        {
            assert_eq!(refusal(line).0, ErrorCode::NotImplemented, "{line}");
        }
    }
}
