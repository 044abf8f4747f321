//! Which operation a request is.

use presign::Method;

use super::{
    refused, refused_headers,
    request::SignedRequest,
    table::{ResourceKind, Row, Selector, TABLE},
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
    let sub_resource = sub_resource(request);
    let row =
        TABLE.iter().filter(|row| row.method == method && row.resource == resource).find(|row| {
            match row.selector {
                Selector::SubResource(name) => sub_resource.as_deref() == Some(name),
                Selector::Plain => sub_resource.is_none(),
                Selector::Parameter(name, value) => {
                    sub_resource.is_none() && request.parameter(name).is_some_and(|given| given == value)
                }
            }
        });
    let Some(row) = row else {
        return Err(match sub_resource {
            Some(name) => refuse_sub_resource(&name, resource, method),
            None => refuse_method(resource, method),
        });
    };
    if !matches!(method, Method::Get | Method::Head)
        && let Some((name, _)) = request
            .query()
            .find(|(name, value)| value.is_empty() && !name.starts_with("x-") && !name.starts_with("X-"))
    {
        return Err(S3Error::operation_not_implemented(&format!("{method} of the sub-resource {name:?}")));
    }
    refused_headers::check(request)?;
    Ok(row)
}

/// The sub-resource that says what the request is about: one that is not a mere modifier, if there is one;
/// and of several one that the table does not have, so that they are refused together.
fn sub_resource(request: &impl SignedRequest) -> Option<String> {
    let mut found: Option<String> = None;
    for (name, _) in request.query() {
        if !refused::is_sub_resource(&name) {
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
        if found.as_deref().is_none_or(|known| weight(&name) > weight(known)) {
            found = Some(name.into_owned());
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
