//! Requests that anybody can send, each made to cost a server as much as a head within the limits can.

use std::fmt;

use clap::ValueEnum;
use presign::{BucketUrl, PresignRequest, Signer, Timestamp};

use crate::{ACCESS_KEY_ID, BUCKET, REGION, credentials};

/// What a store takes: bytes of a target, and of header fields together.
const TARGET_BYTES: usize = 16 * 1024;
const HEADER_BYTES: usize = 16 * 1024 - 512;
/// A key that no store of ours has.
const UNKNOWN_KEY_ID: &str = "AKIAUNKNOWNUNKNOWN00";

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// An honest download with as large a head as there may be: what the others are held against.
    Largest,
    /// Nearly as many parameters as there may be, of characters that have to be escaped, with a key that does not exist.
    Unescaped,
    /// As many signed headers as there may be, alike but for their ends, and other methods to be tried, with a key that
    /// exists.
    Listed,
    /// Parameters and headers that the old signature signs.
    SigV2,
    /// A long path in needless escapes, and no signature.
    Unsigned,
    /// A CORS preflight.
    Preflight,
    /// Text that the log's redaction has most to do with, in the target and the User-Agent.
    Redacted,
    /// Text that is made for the log's redaction to look back in, in the User-Agent and in the query.
    LookedBack,
    /// As many parameters in one Forwarded as there is room for, from a proxy that is trusted.
    Forwarded,
}

/// The head of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The method.
    pub method: &'static str,
    /// The target.
    pub target: String,
    /// The fields besides Host and Accept; the User-Agent where it is not the ordinary one.
    pub headers: Vec<(String, String)>,
    /// The status of the right answer.
    pub statuses: &'static [u16],
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

impl Kind {
    /// Whether it comes from a proxy that the store trusts.
    pub fn is_from_proxy(self) -> bool {
        self == Kind::Forwarded
    }

    /// The head, for the object `key` of the bucket at `origin`.
    ///
    /// # Errors
    /// What the signer refuses.
    pub fn head(self, origin: &str, key: &str, now: Timestamp) -> anyhow::Result<Head> {
        let path = format!("/{BUCKET}/{key}");
        let long = "v, ".repeat(HEADER_BYTES / 3 - 2);
        let plain = |method, target, statuses| Head { method, target, headers: Vec::new(), statuses };
        Ok(match self {
            Kind::Largest => {
                let signer = Signer::new(credentials(), REGION)?;
                let bucket = BucketUrl::path_style(origin, BUCKET)?;
                let url = |pad: usize| {
                    let request = PresignRequest::get(key.to_owned());
                    let request = request.query("x-pad", "p".repeat(pad)).header("x-pad", long.clone());
                    signer.presign(&bucket, &request, now).map(|url| url.as_str().replacen(origin, "", 1))
                };
                let target = url(TARGET_BYTES - url(0)?.len())?;
                Head { headers: vec![("x-pad".to_owned(), long)], ..plain("GET", target, &[200]) }
            }
            Kind::Unescaped => {
                let query = query_v4(UNKNOWN_KEY_ID, "host;x-pad", now);
                let target = filled(&format!("{path}?{query}"), 90, |at| format!("&{at}!"), "!");
                Head { headers: vec![("x-pad".to_owned(), long)], ..plain("GET", target, &[403]) }
            }
            Kind::Listed => {
                let length = HEADER_BYTES / 92 - 8;
                let headers: Vec<(String, String)> =
                    (0..92).map(|at| (format!("x-{}{at:02}", "a".repeat(length)), "v".to_owned())).collect();
                // Backwards, so that nobody finds them sorted.
                let names: Vec<&str> = headers.iter().rev().map(|(name, _)| name.as_str()).collect();
                let list = format!("host;{}", names.join(";"));
                let list = list.get(..TARGET_BYTES - 1024).unwrap_or(&list);
                let methods = "x-presign-methods=GET,HEAD,PUT,POST,DELETE,OPTIONS";
                let query = query_v4(ACCESS_KEY_ID, list, now);
                Head { headers, ..plain("GET", format!("{path}?{methods}&{query}"), &[403]) }
            }
            Kind::SigV2 => {
                let query = format!(
                    "AWSAccessKeyId={UNKNOWN_KEY_ID}&Expires={}&Signature=AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D",
                    now.as_unix() + 60
                );
                let target = filled(&format!("{path}?{query}"), 90, |_| "&acl=%41".to_owned(), "%41");
                let length = HEADER_BYTES / 90 - 12;
                let headers =
                    (0..90).map(|at| (format!("x-amz-{}{at:02}", "a".repeat(length)), "v".to_owned()));
                Head { headers: headers.collect(), ..plain("GET", target, &[403]) }
            }
            Kind::Unsigned => plain("GET", filled(&path, 1, |_| "%41".to_owned(), "%41"), &[403]),
            Kind::Preflight => {
                let target = filled(&format!("{path}?"), 90, |at| format!("&{at}=!"), "!");
                let origin = ("origin".to_owned(), "https://example.com".to_owned());
                let method = ("access-control-request-method".to_owned(), "GET".to_owned());
                Head { headers: vec![origin, method], ..plain("OPTIONS", target, &[403]) }
            }
            Kind::Redacted => {
                let target = filled(&format!("{path}?%41"), 1, |_| String::new(), "d=");
                let agent = format!("%41{}", "d=".repeat(HEADER_BYTES / 2 - 10));
                Head { headers: vec![("user-agent".to_owned(), agent)], ..plain("GET", target, &[403]) }
            }
            Kind::LookedBack => {
                let blanks = "%20".repeat(TARGET_BYTES / 6);
                let target = filled(&format!("{path}?%41{blanks}"), 1, |_| String::new(), ":");
                let (blanks, signs) = (" ".repeat(HEADER_BYTES / 2 - 10), ":".repeat(HEADER_BYTES / 2 - 10));
                let agent = format!("?{blanks}{signs}");
                Head { headers: vec![("user-agent".to_owned(), agent)], ..plain("GET", target, &[403]) }
            }
            Kind::Forwarded => {
                let pairs: String = (0..HEADER_BYTES / 7 - 10).map(|at| format!("a{at:03x}=1;")).collect();
                let headers = vec![("forwarded".to_owned(), pairs)];
                Head { headers, ..plain("GET", filled(&path, 1, |_| String::new(), "a"), &[403]) }
            }
        })
    }
}

/// The parameters of a signature that is none: nobody's search for the cause of it begins.
fn query_v4(access_key_id: &str, signed_headers: &str, now: Timestamp) -> String {
    let time = now.basic();
    format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={access_key_id}%2F{}%2F{REGION}%2Fs3%2Faws4_request\
         &X-Amz-Date={}&X-Amz-Expires=60&X-Amz-SignedHeaders={signed_headers}&X-Amz-Signature=0",
        time.date(),
        time.as_str()
    )
}

/// A target of the most bytes that one may have, with so many parameters behind its start, each filled up.
fn filled(start: &str, count: usize, parameter: impl Fn(usize) -> String, filling: &str) -> String {
    let mut target = start.to_owned();
    for at in 0..count {
        target.push_str(&parameter(at));
        let end = start.len() + (TARGET_BYTES - start.len()) * (at + 1) / count;
        while target.len() + filling.len() <= end {
            target.push_str(filling);
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_head_is_within_the_limits_and_near_them() {
        for kind in Kind::value_variants() {
            let head = kind.head("http://127.0.0.1:9", "k", crate::now()).unwrap();
            assert!((14 * 1024..=TARGET_BYTES).contains(&head.target.len()), "{kind}: {}", head.target.len());
            let headers: usize = head.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
            assert!(headers <= HEADER_BYTES && head.headers.len() <= 96, "{kind}: {headers}");
            assert!(head.target.matches('&').count() < 100, "{kind}");
        }
    }
}
