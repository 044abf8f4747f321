//! SigV4 in the Authorization header: every parameter is signed, and the headers that the field lists.

use super::target::OriginForm;
use super::{Reason, check_unsigned_amz, hosts, joined};
use crate::good::Good;
use crate::raw::RawRequest;

/// How far the two clocks may be apart, in seconds.
const SKEW: i64 = 900;

/// The three components of the field, in the order of their names.
type Components = Vec<(Vec<u8>, Vec<u8>)>;

pub(super) fn compare(good: &Good, altered: &RawRequest) -> Result<(), Reason> {
    let recipe = &good.recipe;
    let original = OriginForm::read(&good.request).ok_or("the good request has no target")?;
    let target = OriginForm::read(altered).ok_or("another host in the request line, or no path")?;
    if altered.values(b"host").count() > 1 {
        return Err("two hosts");
    }
    if altered.method != recipe.method.as_str().as_bytes() {
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
    let components = components(altered).ok_or("not one Authorization field of three components")?;
    if Some(&components) != self::components(&good.request).as_ref() {
        return Err("another signature, credential or list of headers");
    }
    let list = components.iter().find(|(name, _)| name == b"SignedHeaders").map(|(_, list)| list.clone());
    let list = list.unwrap_or_default();
    let is_signed = |name: &[u8]| list.split(|byte| *byte == b';').any(|signed| signed == name);
    for name in list.split(|byte| *byte == b';').filter(|name| *name != b"host") {
        if joined(altered, name) != joined(&good.request, name) {
            return Err("a signed header is another");
        }
    }
    check_unsigned_amz(altered, is_signed, &[])?;
    if (altered.now - recipe.signed_at).abs() > SKEW {
        return Err("not in its time");
    }
    Ok(())
}

fn components(request: &RawRequest) -> Option<Components> {
    let mut fields = request.values(b"authorization");
    let field = fields.next()?;
    if fields.next().is_some() {
        return None;
    }
    let rest = field.strip_prefix(b"AWS4-HMAC-SHA256")?;
    if !rest.first().is_some_and(u8::is_ascii_whitespace) {
        return None;
    }
    let mut components: Components = rest
        .split(|byte| *byte == b',')
        .map(|part| {
            let part = part.trim_ascii();
            let equals = part.iter().position(|byte| *byte == b'=')?;
            Some((part[..equals].to_vec(), part[equals + 1..].to_vec()))
        })
        .collect::<Option<_>>()?;
    components.sort();
    Some(components)
}
