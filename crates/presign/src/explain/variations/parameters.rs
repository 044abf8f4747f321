//! The query as it may have been signed.

use crate::explain::attempt::{Attempt, SignersLine, name_of};
use crate::explain::cause::{Cause, Place};
use crate::explain::observe::{has_double_escape, is_tracking};
use crate::explain::request_text::RequestText;
use crate::explain::variations::Variation;
use crate::parameter_name::is_auth_parameter;
use crate::uri::{self, Keep};

/// One attempt a parameter, for no more parameters than this.
const MAX_REMOVED: usize = 24;

/// Without what was appended: everything after the signature, what trackers append, then any one parameter.
pub(in crate::explain) fn added_parameters(arrived: &Attempt) -> Vec<Variation> {
    let names: Vec<String> = arrived.pairs.iter().map(|pair| name_of(pair)).collect();
    let is_own =
        |name: &str| is_auth_parameter(name) || matches!(name, "AWSAccessKeyId" | "Signature" | "Expires");
    let without = |is_added: &dyn Fn(usize, &str) -> bool| -> Option<Variation> {
        let (mut kept, mut added) = (Vec::new(), Vec::new());
        for (at, (pair, name)) in arrived.pairs.iter().zip(&names).enumerate() {
            if !is_own(name) && is_added(at, name) {
                added.push(name.clone().into());
            } else {
                kept.push(pair.clone());
            }
        }
        (!added.is_empty()).then(|| (Cause::ParameterAdded { names: added }, arrived.with_pairs(kept)))
    };
    let mut variations = Vec::new();
    variations.extend(without(&|_, name| is_tracking(name)));
    // Most signers, though not all, write the signature last.
    let end = names.iter().rposition(|name| is_own(name)).unwrap_or(names.len());
    variations.extend(without(&|at, _| at > end));
    for wanted in 0..names.len().min(MAX_REMOVED) {
        variations.extend(without(&|at, _| at == wanted));
    }
    // A session token is a part of the signature, but S3's neighbours want it added after signing.
    let is_token = |name: &str| name.eq_ignore_ascii_case("x-amz-security-token");
    if names.iter().any(|name| is_token(name)) {
        let kept = arrived.pairs.iter().zip(&names).filter(|(_, name)| !is_token(name));
        let kept = kept.map(|(pair, _)| pair.clone()).collect();
        let names = vec!["X-Amz-Security-Token".into()];
        variations.push((Cause::ParameterAdded { names }, arrived.with_pairs(kept)));
    }
    variations
}

/// With parameters that caches and gateways are known to take off: those that SDKs write into every URL.
pub(in crate::explain) fn dropped_parameters(arrived: &Attempt) -> Vec<Variation> {
    const DROPPED: [(&str, &str); 12] = [
        ("x-id", "GetObject"),
        ("x-id", "PutObject"),
        ("x-id", "UploadPart"),
        ("x-amz-checksum-mode", "ENABLED"),
        ("x-amz-sdk-checksum-algorithm", "CRC32"),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-acl", "private"),
        ("x-amz-acl", "public-read"),
        ("tagging", ""),
        ("acl", ""),
        ("uploads", ""),
        ("list-type", "2"),
    ];
    let missing = DROPPED.iter().filter(|(name, _)| !arrived.pairs.iter().any(|pair| name_of(pair) == *name));
    missing
        .map(|(name, value)| {
            let pair = format!("{name}={}", uri::encode(value, Keep::Unreserved));
            let cause = Cause::ParameterDropped { name: (*name).into(), signed: (*value).into() };
            (cause, arrived.with_pair(pair))
        })
        .collect()
}

/// With another life: its holder may have tried to lengthen it. The values are those that tools and people choose.
pub(in crate::explain) fn changed_lives(arrived: &Attempt) -> Vec<Variation> {
    const LIVES: [&str; 12] =
        ["3600", "900", "300", "600", "60", "1800", "7200", "86400", "604800", "30", "10800", "43200"];
    let Some(at) = arrived.pairs.iter().position(|pair| name_of(pair) == "X-Amz-Expires") else {
        return Vec::new();
    };
    let current = arrived.pairs.get(at).and_then(|pair| pair.split_once('=')).map_or("", |(_, value)| value);
    let lives = LIVES.iter().filter(|life| **life != current);
    lives
        .map(|life| {
            let mut pairs = arrived.pairs.clone();
            if let Some(pair) = pairs.get_mut(at) {
                *pair = format!("X-Amz-Expires={life}");
            }
            let cause = Cause::ParameterChanged {
                name: "X-Amz-Expires".into(),
                signed: (*life).into(),
                arrived: RequestText::of_parameter("X-Amz-Expires", current),
            };
            (cause, arrived.with_pairs(pairs))
        })
        .collect()
}

/// With spaces for plus signs, plus signs for spaces, and one layer of percent-encoding less or more.
pub(in crate::explain) fn encoded_parameters(arrived: &Attempt) -> Vec<Variation> {
    let place = Place::Query;
    let rewritten = |rewrite: &dyn Fn(&str) -> String| -> Option<Attempt> {
        let pairs: Vec<String> = arrived
            .pairs
            .iter()
            .map(|pair| if is_auth_parameter(&name_of(pair)) { pair.clone() } else { rewrite(pair) })
            .collect();
        (pairs != arrived.pairs).then(|| arrived.with_pairs(pairs))
    };
    let mut variations = Vec::new();
    let mut push = |cause: Cause, attempt: Option<Attempt>| {
        variations.extend(attempt.map(|attempt| (cause, attempt)));
    };
    push(Cause::PlusForSpace { place }, rewritten(&|pair| pair.replace('+', "%20")));
    push(
        Cause::PlusForSpace { place },
        rewritten(&|pair| pair.replace('+', "%20").replace("%2B", "%20").replace("%2b", "%20")),
    );
    push(Cause::SpaceForPlus { place }, rewritten(&|pair| pair.replace("%20", "%2B")));
    push(
        Cause::EncodedAgain { place },
        rewritten(&|pair| if has_double_escape(pair) { pair.replace("%25", "%") } else { pair.to_owned() }),
    );
    push(Cause::EncodedTwiceBySigner { place }, rewritten(&|pair| pair.replace('%', "%25")));
    variations
}

/// As a signer may write it that neither sorts nor escapes as S3 does.
pub(in crate::explain) fn spelt_query(arrived: &Attempt) -> Vec<Variation> {
    let unsigned =
        || arrived.pairs.iter().filter(|pair| name_of(pair) != "X-Amz-Signature").map(String::as_str);
    let mut sorted: Vec<&str> = unsigned().collect();
    sorted.sort_unstable();
    let lines = [unsigned().collect::<Vec<_>>().join("&"), sorted.join("&")];
    let cause = || Cause::NotCanonical { place: Place::Query };
    lines.into_iter().map(|line| (cause(), arrived.with_line(SignersLine::Query(line)))).collect()
}
