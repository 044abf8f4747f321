//! Which lines of two canonical requests differ.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;

use crate::explain::redact::{REDACTED, redact_url, shown_header};
use crate::explain::signature_shape::without_signature_shapes;

/// A line that the signer and the checker do not have alike. Secrets in it are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineDifference {
    /// The number of the line, from 1, in the text that arrived; of a line that only the signer has, in the signer's.
    pub line: usize,
    /// What the line holds.
    pub part: LinePart,
    /// The line as it was signed; of the query, only the parameters that differ.
    pub signed: Option<String>,
    /// The line as it arrived; of the query, only the parameters that differ.
    pub arrived: Option<String>,
}

/// A line of a canonical request, or of SigV2's string to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum LinePart {
    /// The method.
    Method,
    /// The path.
    Path,
    /// The parameters.
    Query,
    /// One signed header.
    Header {
        /// Its name.
        header: String,
    },
    /// The list of signed headers.
    SignedHeaders,
    /// The payload's hash, or what stands for it.
    Payload,
    /// SigV2's Content-MD5.
    ContentMd5,
    /// SigV2's Content-Type.
    ContentType,
    /// SigV2's expiry.
    Expires,
    /// SigV2's bucket, key and sub-resources.
    Resource,
}

impl fmt::Display for LinePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinePart::Method => f.write_str("method"),
            LinePart::Path => f.write_str("path"),
            LinePart::Query => f.write_str("query"),
            LinePart::Header { header } => write!(f, "header {header}"),
            LinePart::SignedHeaders => f.write_str("list of signed headers"),
            LinePart::Payload => f.write_str("payload hash"),
            LinePart::ContentMd5 => f.write_str("Content-MD5"),
            LinePart::ContentType => f.write_str("Content-Type"),
            LinePart::Expires => f.write_str("expiry"),
            LinePart::Resource => f.write_str("resource"),
        }
    }
}

impl fmt::Display for LineDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |side: &Option<String>| match side {
            Some(line) => format!("`{line}`"),
            None => "nothing".to_owned(),
        };
        write!(
            f,
            "line {} ({}): signed {}, arrived {}",
            self.line,
            self.part,
            shown(&self.signed),
            shown(&self.arrived)
        )
    }
}

/// Compares the canonical request that was signed with the one that arrived, which a store prints in the body of its
/// `SignatureDoesNotMatch` as `CanonicalRequest`. Two that are alike have no differences: then the secrets differ.
///
/// ```
/// let signed = "GET\n/b/k\n\nhost:files.example.com\n\nhost\nUNSIGNED-PAYLOAD";
/// let arrived = "GET\n/b/k\n\nhost:10.0.0.7:9000\n\nhost\nUNSIGNED-PAYLOAD";
/// let differences = presign::compare_canonical_requests(signed, arrived);
/// assert_eq!(
///     differences[0].to_string(),
///     "line 4 (header host): signed `host:files.example.com`, arrived `host:10.0.0.7:9000`"
/// );
/// ```
pub fn compare_canonical_requests(signed: &str, arrived: &str) -> Vec<LineDifference> {
    compare(&read_canonical_request(signed), &read_canonical_request(arrived))
}

/// The same for SigV2's strings to sign.
pub(super) fn compare_strings_to_sign(signed: &str, arrived: &str) -> Vec<LineDifference> {
    compare(&read_string_to_sign(signed), &read_string_to_sign(arrived))
}

struct Line<'t> {
    number: usize,
    part: LinePart,
    text: &'t str,
}

fn read_canonical_request(text: &str) -> Vec<Line<'_>> {
    let mut is_past_headers = false;
    let mut lines = Vec::new();
    for (at, text) in text.split('\n').map(|line| line.trim_end_matches('\r')).enumerate() {
        let part = match at {
            0 => LinePart::Method,
            1 => LinePart::Path,
            2 => LinePart::Query,
            _ if is_past_headers => match lines.last() {
                Some(Line { part: LinePart::SignedHeaders, .. }) => LinePart::Payload,
                _ => LinePart::SignedHeaders,
            },
            _ if text.is_empty() => {
                is_past_headers = true;
                continue;
            }
            _ => header_part(text),
        };
        lines.push(Line { number: at + 1, part, text });
    }
    lines
}

fn read_string_to_sign(text: &str) -> Vec<Line<'_>> {
    let count = text.split('\n').count();
    let lines = text.split('\n').enumerate().map(|(at, text)| {
        let part = match at {
            0 => LinePart::Method,
            1 => LinePart::ContentMd5,
            2 => LinePart::ContentType,
            3 => LinePart::Expires,
            _ if at + 1 == count => LinePart::Resource,
            _ => header_part(text),
        };
        Line { number: at + 1, part, text }
    });
    lines.collect()
}

fn header_part(line: &str) -> LinePart {
    LinePart::Header { header: line.split(':').next().unwrap_or(line).to_owned() }
}

fn compare(signed: &[Line<'_>], arrived: &[Line<'_>]) -> Vec<LineDifference> {
    let mut differences = Vec::new();
    // What is missing comes before what stands in its place.
    for (at, line) in signed.iter().enumerate() {
        if counterpart(signed, at, arrived).is_none() {
            differences.push(difference(line.number, &line.part, Some(line.text), None));
        }
    }
    for (at, line) in arrived.iter().enumerate() {
        let other = counterpart(arrived, at, signed);
        if other.is_none_or(|other| other.text != line.text) {
            differences.push(difference(
                line.number,
                &line.part,
                other.map(|other| other.text),
                Some(line.text),
            ));
        }
    }
    differences.sort_by_key(|difference| difference.line);
    differences
}

/// The line of the other text that holds the same; of a header that has several lines, the one of the same place.
fn counterpart<'l, 't>(lines: &[Line<'_>], at: usize, others: &'l [Line<'t>]) -> Option<&'l Line<'t>> {
    let part = &lines.get(at)?.part;
    let earlier = lines.iter().take(at).filter(|line| line.part == *part).count();
    others.iter().filter(|other| other.part == *part).nth(earlier)
}

fn difference(line: usize, part: &LinePart, signed: Option<&str>, arrived: Option<&str>) -> LineDifference {
    let shown = |text: &str, other: Option<&str>| match part {
        LinePart::Query => parameters_not_in(text, other.unwrap_or_default()),
        LinePart::Header { header } if shown_header(header, "") == REDACTED => format!("{header}:{REDACTED}"),
        // Checksums look like signatures, and are to be read.
        LinePart::Header { header }
            if header != "x-amz-content-sha256" && !header.starts_with("x-amz-checksum-") =>
        {
            without_signature_shapes(&redact_url(text), 0).into_owned()
        }
        LinePart::ContentType | LinePart::Resource => {
            without_signature_shapes(&redact_url(text), 0).into_owned()
        }
        // A link can stand in a header, and in any other line that its sender had a say in.
        _ => redact_url(text),
    };
    LineDifference {
        line,
        part: part.clone(),
        signed: signed.map(|text| shown(text, arrived)),
        arrived: arrived.map(|text| shown(text, signed)),
    }
}

fn parameters_not_in(query: &str, other: &str) -> String {
    let others: HashSet<&str> = other.split('&').collect();
    let only_here: Vec<&str> = query.split('&').filter(|pair| !others.contains(pair)).collect();
    let only_here = only_here.join("&");
    // With no parameter of its own, or none that can be seen, its order or their number is what differs.
    let shown = if only_here.is_empty() && query.len() >= other.len() { query.to_owned() } else { only_here };
    let redacted = redact_url(&format!("?{shown}"));
    let redacted = without_signature_shapes(&redacted, 0);
    redacted.strip_prefix('?').unwrap_or(&redacted).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_told_with_its_number() {
        let signed = "GET\n/b/k\na=1&b=2\nhost:h\nx-amz-date:1\nx-b:1\n\nhost;x-amz-date;x-b\nhash";
        let arrived = "PUT\n/b/j\na=1&b=3&c=4\nhost:i\nx-b:2\n\nhost;x-b\nUNSIGNED-PAYLOAD";
        let lines: Vec<String> =
            compare_canonical_requests(signed, arrived).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "line 1 (method): signed `GET`, arrived `PUT`",
                "line 2 (path): signed `/b/k`, arrived `/b/j`",
                "line 3 (query): signed `b=2`, arrived `b=3&c=4`",
                "line 4 (header host): signed `host:h`, arrived `host:i`",
                "line 5 (header x-amz-date): signed `x-amz-date:1`, arrived nothing",
                "line 5 (header x-b): signed `x-b:1`, arrived `x-b:2`",
                "line 7 (list of signed headers): signed `host;x-amz-date;x-b`, arrived `host;x-b`",
                "line 8 (payload hash): signed `hash`, arrived `UNSIGNED-PAYLOAD`",
            ]
        );
        assert_eq!(compare_canonical_requests(signed, signed), []);
    }

    #[test]
    fn secrets_stay_out_of_the_lines() {
        let canonical = |secret: &str| {
            format!("GET\n/k\nX-Amz-Security-Token={secret}\nx-amz-security-token:{secret}\n\nx\ny")
        };
        let shown = format!("{:?}", compare_canonical_requests(&canonical("hidden1"), &canonical("hidden2")));
        assert!(shown.contains("REDACTED") && !shown.contains("hidden"), "{shown}");
    }

    #[test]
    fn the_old_text_has_lines_of_its_own() {
        let signed = "GET\n\n\n9\nx-amz-acl:a\n/b/k";
        let arrived = "GET\n\ntext/plain\n9\n/b/k?acl";
        let parts: Vec<LinePart> =
            compare_strings_to_sign(signed, arrived).into_iter().map(|difference| difference.part).collect();
        assert_eq!(
            parts,
            [LinePart::ContentType, LinePart::Header { header: "x-amz-acl".to_owned() }, LinePart::Resource]
        );
        assert_eq!(compare_strings_to_sign(arrived, arrived), []);
    }

    #[test]
    fn a_header_of_two_lines_is_like_itself() {
        let twice =
            "GET\n/b/k\n\nhost:h\nx-amz-meta-a:1\nx-amz-meta-a:2\n\nhost;x-amz-meta-a\nUNSIGNED-PAYLOAD";
        assert_eq!(compare_canonical_requests(twice, twice), []);
        let differences = compare_canonical_requests(twice, &twice.replace("a:2", "a:3"));
        assert_eq!(differences.len(), 1);
        assert_eq!((differences[0].line, differences[0].signed.as_deref()), (6, Some("x-amz-meta-a:2")));
    }

    #[test]
    fn an_ampersand_too_many_is_shown() {
        let signed = "GET\n/b/k\na=1&&b=2\nhost:h\n\nhost\nUNSIGNED-PAYLOAD";
        let differences = compare_canonical_requests(signed, &signed.replace("&&", "&"));
        assert_eq!(differences.len(), 1);
        assert_eq!(differences[0].signed.as_deref(), Some("a=1&&b=2"));
    }
}
