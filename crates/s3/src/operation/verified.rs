//! The door: an operation is made of a verified request, and of nothing else.

use std::borrow::Cow;

use presign::{Method, Verified};

use super::{Operation, refused, request::SignedRequest, table::ResourceKind};
use crate::{S3Error, Target};

impl Operation {
    /// Builds the operation that a verified request asks for. It sees the signed parts of the request, and of
    /// the unsigned ones only the standard headers that S3 leaves to the holder of a URL.
    ///
    /// # Errors
    /// 501 `NotImplemented` or 405 `MethodNotAllowed` for what the [table](super::TABLE) does not have; the
    /// errors of each input; 403 `AccessDenied` if `target` was not read from the very request that was
    /// verified.
    pub fn from_verified(verified: &Verified<'_>, target: &Target) -> Result<Self, S3Error> {
        if !is_target_of(verified, target) {
            return Err(S3Error::access_denied());
        }
        refuse_what_sigv2_leaves_out(verified, target)?;
        Self::read(verified, target)
    }
}

/// SigV2 leaves the sub-resources unsigned that are younger than itself. To overlook one would make a plain PutObject
/// of `PUT /bucket/key?retention`; to heed it would heed what nobody signed. On a request that writes or deletes every
/// unsigned name may be such, or a condition (`If-None-Match`), and on a listing a limit (`prefix`, `list-type`), without
/// which it would list everything; but for those that begin with `x-`: they are S3's own room for callers.
fn refuse_what_sigv2_leaves_out(verified: &Verified<'_>, target: &Target) -> Result<(), S3Error> {
    let method = verified.method();
    let writes = !matches!(method, Method::Get | Method::Head);
    let lists = target.resource_kind() != ResourceKind::Object;
    let is_callers_own = |name: &str| name.is_empty() || name.starts_with("x-") || name.starts_with("X-");
    let left_out = verified
        .unsigned_parameter_names()
        .find(|name| refused::is_sub_resource(name) || (writes || lists) && !is_callers_own(name));
    let Some(name) = left_out else { return Ok(()) };
    Err(match refused::operation(name, target.resource_kind(), method) {
        Some(operation) => S3Error::operation_not_implemented(operation),
        None => S3Error::operation_not_implemented(&format!("{method} with the unsigned parameter {name:?}")),
    })
}

/// Whether the signed path, and the bucket that the host names, are those of `target`.
fn is_target_of(verified: &Verified<'_>, target: &Target) -> bool {
    let Some(path) = verified.path().strip_prefix('/') else { return false };
    let rest = match (verified.host_bucket(), target.bucket()) {
        (None, None) => return path.is_empty(),
        (Some(_), None) => return false,
        (Some(host_bucket), Some(bucket)) if host_bucket == bucket.as_str() => path,
        (Some(_), Some(_)) => return false,
        (None, Some(bucket)) => match path.strip_prefix(bucket.as_str()) {
            Some("") => "",
            Some(rest) => match rest.strip_prefix('/') {
                Some(key) => key,
                None => return false,
            },
            None => return false,
        },
    };
    rest == target.key().map_or("", |key| key.as_str())
}

impl SignedRequest for Verified<'_> {
    fn method(&self) -> Method {
        self.method()
    }

    fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters()
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.header(name)
    }

    fn amz_header_names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.amz_header_names()
    }
}
