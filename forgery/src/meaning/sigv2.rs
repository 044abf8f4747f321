//! SigV2 in the URL: the bucket and key, the known sub-resources, the `x-amz-*` headers, Content-MD5 and Content-Type are
//! signed. The host is not, nor is any other parameter; those must not be heard.

use std::collections::BTreeMap;

use super::target::{OriginForm, Parameter, values};
use super::{Reason, check_unsigned_conditions, hosts, is_auth_parameter, lower};
use crate::good::Good;
use crate::raw::{RawRequest, trim};

/// How far ahead the end may lie, in seconds.
const LONGEST: i64 = 604_800;

/// The sub-resources that SigV2 signs, as botocore has them.
const SIGNED: &str = " accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location logging \
    metrics notification object-lock partNumber policy replication requestPayment response-cache-control \
    response-content-disposition response-content-encoding response-content-language response-content-type \
    response-expires restore select select-type storageClass tagging torrent uploadId uploads versionId versioning \
    versions website ";

fn is_sub_resource(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name);
    !name.contains(' ') && SIGNED.contains(&format!(" {name} "))
}

/// What the signer has said.
#[derive(PartialEq, Eq)]
struct Said {
    sub_resources: Vec<Parameter>,
    amz: BTreeMap<Vec<u8>, Vec<u8>>,
    content_type: Vec<u8>,
    content_md5: Vec<u8>,
    /// Access key id, end and signature.
    proof: [Vec<u8>; 3],
}

pub(super) fn compare(good: &Good, altered: &RawRequest) -> Result<(), Reason> {
    let recipe = &good.recipe;
    let target = OriginForm::read(altered).ok_or("another host in the request line, or no path")?;
    if altered.values(b"host").count() > 1 {
        return Err("two hosts");
    }
    if altered.method != recipe.method.as_str().as_bytes() {
        return Err("another method");
    }
    let key = recipe.key.as_deref().unwrap_or_default().as_bytes();
    let meant = (recipe.bucket.as_bytes().to_vec(), key.to_vec());
    let means =
        |host: &String| hosts::bucket_and_key(recipe, host, &target).is_some_and(|found| found == meant);
    if !hosts::candidates(recipe.place, altered).iter().any(means) {
        return Err("another object");
    }
    let parameters = target.parameters().ok_or("a broken escape")?;
    if parameters.iter().any(|parameter| {
        let name = lower(&parameter.name);
        name.starts_with(b"x-presign-") || is_auth_parameter(&name) && name != b"x-amz-security-token"
    }) {
        return Err("a limit that nobody signed, or two signatures");
    }
    if altered.values(b"authorization").next().is_some() {
        return Err("two signatures");
    }
    let original = OriginForm::read(&good.request).and_then(|target| target.parameters());
    let original = original.ok_or("the good request has no target")?;
    if said(altered, &parameters)? != said(&good.request, &original)? {
        return Err("something that was signed is another");
    }
    check_unsigned_conditions(altered, |_| false, &[])?;
    let end = recipe.signed_at + recipe.life;
    if altered.now >= end || end > altered.now + LONGEST {
        return Err("not in its time");
    }
    Ok(())
}

fn said(request: &RawRequest, parameters: &[Parameter]) -> Result<Said, Reason> {
    let once = |name: &str| {
        let mut values = values(parameters, name);
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value.to_vec()),
            _ => Err("a part of the signature is missing, or there twice"),
        }
    };
    let mut sub_resources: Vec<Parameter> =
        parameters.iter().filter(|parameter| is_sub_resource(&parameter.name)).cloned().collect();
    sub_resources.sort();
    let mut amz: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for (name, value) in request.fields.iter().filter(|(name, _)| lower(name).starts_with(b"x-amz-")) {
        let value = text(trim(value));
        match amz.get_mut(&lower(name)) {
            Some(known) => known.extend([b",", value.as_slice()].concat()),
            None => {
                amz.insert(lower(name), value);
            }
        }
    }
    for parameter in parameters.iter().filter(|parameter| parameter.name.starts_with(b"x-amz-")) {
        let value = parameter.value.trim_ascii().to_vec();
        if amz.insert(parameter.name.clone(), value.clone()).is_some_and(|known| known != value) {
            return Err("a header contradicts a signed parameter");
        }
    }
    Ok(Said {
        sub_resources,
        amz,
        content_type: standard(request, parameters, "content-type")?,
        content_md5: standard(request, parameters, "content-md5")?,
        proof: [once("AWSAccessKeyId")?, once("Expires")?, once("Signature")?],
    })
}

fn standard(request: &RawRequest, parameters: &[Parameter], name: &str) -> Result<Vec<u8>, Reason> {
    if request.values(name.as_bytes()).count() > 1 {
        return Err("a signed header is there twice");
    }
    let fields = request.values(name.as_bytes()).map(text);
    let mut all = fields.chain(values(parameters, name).map(|value| value.trim_ascii().to_vec()));
    let first = all.next().unwrap_or_default();
    if all.any(|other| other != first) { Err("a header contradicts a signed parameter") } else { Ok(first) }
}

/// UTF-8 where it is that, Latin-1 otherwise.
fn text(value: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(value) {
        Ok(_) => value.to_vec(),
        Err(_) => value.iter().copied().map(char::from).collect::<String>().into_bytes(),
    }
}
