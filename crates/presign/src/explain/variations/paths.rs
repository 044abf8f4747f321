//! The path as it may have been signed.

use crate::explain::attempt::{Attempt, SignersLine};
use crate::explain::cause::{Cause, Place};
use crate::explain::observe::has_double_escape;
use crate::explain::variations::Variation;
use crate::uri::{self, Keep};

/// Slashes are doubled, and dot segments put in, at no more places than this.
const MAX_PLACES: usize = 10;

/// With spaces for plus signs, plus signs for spaces, and one layer of percent-encoding less or more.
pub(in crate::explain) fn encoded_paths(arrived: &Attempt) -> Vec<Variation> {
    let place = Place::Path;
    let path = arrived.path.as_str();
    let mut variations = Vec::new();
    let mut push = |cause: Cause, signed: String| {
        if signed != path {
            variations.push((cause, arrived.with_path(signed)));
        }
    };
    push(Cause::PlusForSpace { place }, path.replace('+', "%20"));
    push(Cause::PlusForSpace { place }, path.replace('+', "%20").replace("%2B", "%20").replace("%2b", "%20"));
    push(Cause::SpaceForPlus { place }, path.replace("%20", "%2B"));
    if has_double_escape(path) {
        push(Cause::EncodedAgain { place }, path.replace("%25", "%"));
    }
    if let Ok(decoded) = uri::decode(path) {
        let once = uri::encode(&decoded, Keep::Slash);
        push(Cause::EncodedTwiceBySigner { place }, once.replace('%', "%25"));
    }
    variations
}

/// As a signer may write it that does not bring it into S3's canonical form.
pub(in crate::explain) fn spelt_path(arrived: &Attempt) -> Vec<Variation> {
    let line = SignersLine::Path(arrived.path.clone());
    vec![(Cause::NotCanonical { place: Place::Path }, arrived.with_line(line))]
}

/// With other slashes and dot segments.
pub(in crate::explain) fn segments(arrived: &Attempt) -> Vec<Variation> {
    let path = arrived.path.as_str();
    let mut variations = Vec::new();
    let slashes: Vec<usize> = path
        .bytes()
        .enumerate()
        .filter(|(_, byte)| *byte == b'/')
        .map(|(at, _)| at)
        .take(MAX_PLACES)
        .collect();
    let inserted = |at: usize, text: &str| {
        let (start, end) = path.split_at_checked(at).unwrap_or((path, ""));
        format!("{start}{text}{end}")
    };
    for at in &slashes {
        variations.push((Cause::SlashesMerged, arrived.with_path(inserted(*at, "/"))));
    }
    let changed = [collapsed(path), path.trim_end_matches('/').to_owned(), format!("{path}/")];
    for signed_path in changed.into_iter().filter(|signed| signed != path && !signed.is_empty()) {
        let attempt = arrived.with_path(signed_path.as_str());
        variations.push((Cause::SlashesChanged { signed_path: signed_path.into() }, attempt));
    }
    let mut normalised = vec![without_dot_segments(path)];
    for at in &slashes {
        normalised.push(inserted(*at, "/."));
    }
    for signed_path in normalised.into_iter().filter(|signed| signed != path) {
        let attempt = arrived.with_path(signed_path.as_str());
        variations.push((Cause::PathNormalised { signed_path: signed_path.into() }, attempt));
    }
    variations
}

/// Without the first segments, or with what a proxy says that it took off.
pub(in crate::explain) fn prefixes(arrived: &Attempt) -> Vec<Variation> {
    let path = arrived.path.as_str();
    let mut variations = Vec::new();
    let ends = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(at, _)| at).skip(1).take(2);
    for end in ends {
        if let Some((prefix, signed)) = path.split_at_checked(end) {
            let cause = Cause::PathPrefixAdded { prefix: prefix.to_owned().into() };
            variations.push((cause, arrived.with_path(signed)));
        }
    }
    let told =
        ["x-forwarded-prefix", "x-forwarded-path", "x-original-uri", "x-rewrite-url", "x-original-url"];
    for header in told.iter().filter_map(|name| arrived.header(name)) {
        let before = header.split('?').next().unwrap_or(header);
        let before = before.strip_suffix(path).unwrap_or(before).trim_end_matches('/');
        if before.starts_with('/') {
            let cause = Cause::PathPrefixRemoved { prefix: before.to_owned().into() };
            variations.push((cause, arrived.with_path(format!("{before}{path}"))));
        }
    }
    variations
}

fn collapsed(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    out
}

/// As RFC 3986 §5.2.4 resolves a path.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_segments_go_as_browsers_take_them_out() {
        for (path, resolved) in [
            ("/b/./k", "/b/k"),
            ("/b/a/../k", "/b/k"),
            ("/../k", "/k"),
            ("/b/..", "/"),
            ("/b//k/.", "/b//k/"),
        ] {
            assert_eq!(without_dot_segments(path), resolved);
        }
        assert_eq!(collapsed("//b///k/"), "/b/k/");
    }
}
