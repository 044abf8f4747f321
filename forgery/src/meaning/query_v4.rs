//! SigV4 in the URL: every parameter is signed, and the headers that the URL lists.

use super::target::{OriginForm, Parameter, values};
use super::{
    Reason, check_address, check_unsigned_amz, check_unsigned_conditions, hosts, is_auth_parameter, joined,
};
use crate::good::Good;
use crate::raw::RawRequest;

/// How far a URL may be dated ahead, in seconds.
const GRACE: i64 = 900;

pub(super) fn compare(good: &Good, altered: &RawRequest) -> Result<(), Reason> {
    let recipe = &good.recipe;
    let original = OriginForm::read(&good.request).ok_or("the good request has no target")?;
    let target = OriginForm::read(altered).ok_or("another host in the request line, or no path")?;
    if altered.values(b"host").count() > 1 {
        return Err("two hosts");
    }
    let own_method = recipe.method.as_str().as_bytes();
    let allowed = &recipe.caveats.methods;
    let is_allowed = |method: &[u8]| allowed.iter().any(|allowed| allowed.as_str().as_bytes() == method);
    if altered.method != own_method && !(is_allowed(&altered.method) && is_allowed(own_method)) {
        return Err("another method");
    }
    if target.decoded_path().is_none() || target.decoded_path() != original.decoded_path() {
        return Err("another path");
    }
    let sorted = |target: &OriginForm<'_>| {
        let mut parameters = target.parameters()?;
        parameters.iter_mut().for_each(|parameter| parameter.has_equals_sign = true);
        parameters.sort();
        Some(parameters)
    };
    let parameters = sorted(&target).ok_or("a broken escape")?;
    if Some(&parameters) != sorted(&original).as_ref() {
        return Err("other parameters");
    }
    let signed_host = good.signed_host();
    if !hosts::candidates(recipe.place, altered).iter().any(|host| host.eq_ignore_ascii_case(&signed_host)) {
        return Err("another host");
    }
    let list = values(&parameters, "X-Amz-SignedHeaders").next().unwrap_or_default().to_vec();
    let is_signed =
        |name: &[u8]| list.split(|byte| *byte == b';').any(|signed| signed.eq_ignore_ascii_case(name));
    for name in list.split(|byte| *byte == b';').filter(|name| *name != b"host") {
        if joined(altered, name) != joined(&good.request, name) {
            return Err("a signed header is another");
        }
    }
    check_unsigned_amz(altered, is_signed, &parameters)?;
    check_unsigned_conditions(altered, is_signed, &parameters)?;
    check_contradictions(altered, &parameters)?;
    if altered.values(b"authorization").next().is_some() {
        return Err("two signatures");
    }
    if altered.now >= recipe.signed_at + recipe.life || altered.now < recipe.signed_at - GRACE {
        return Err("not in its time");
    }
    if recipe.caveats.not_before.is_some_and(|start| altered.now < start.as_unix()) {
        return Err("before its time");
    }
    check_address(good, altered)?;
    check_content_type(good, altered)
}

/// A header that says something else than the parameter of its name, where both would be heard.
fn check_contradictions(altered: &RawRequest, parameters: &[Parameter]) -> Result<(), Reason> {
    const HEARD: [&[u8]; 10] = [
        b"cache-control",
        b"content-disposition",
        b"content-encoding",
        b"content-language",
        b"content-md5",
        b"content-type",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-unmodified-since",
    ];
    for parameter in parameters {
        let name = parameter.name.to_ascii_lowercase();
        let is_amz =
            name.starts_with(b"x-amz-") && !is_auth_parameter(&name) && name != b"x-amz-content-sha256";
        if (is_amz || HEARD.contains(&name.as_slice()))
            && altered.values(&name).any(|value| value != parameter.value)
        {
            return Err("a header contradicts a signed parameter");
        }
    }
    Ok(())
}

/// The type of an upload, where the URL limits it to images.
fn check_content_type(good: &Good, altered: &RawRequest) -> Result<(), Reason> {
    if good.recipe.caveats.content_type.is_none() {
        return Ok(());
    }
    let sent: Vec<&[u8]> = altered.values(b"content-type").collect();
    match sent[..] {
        [one]
            if one.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"image/"))
                && !one.contains(&b',') =>
        {
            Ok(())
        }
        _ => Err("an upload of another type"),
    }
}
