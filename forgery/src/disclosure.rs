//! Links that are good, and secrets that stand in the place of an access key id, put into every part of a request that somebody
//! may quote: no line of the log, and no cause of a refusal, may tell them.

use std::fmt;

use presign::{Credentials, Mechanism, Request, Timestamp, VerifyPolicy, diagnose};

use crate::door::{Doors, Outcome};
use crate::good::{ACCESS_KEY_ID, Good, Place, REGION, SECRET};
use crate::log_search::{self, live_signature, tells};
use crate::random::Random;
use crate::raw::RawRequest;

/// After how many requests one is diagnosed here and now; the stores diagnose ten a second at most.
const DIAGNOSE_EVERY: u64 = 20;
/// How often a text is percent-encoded at most.
const DEEPEST: usize = 12;
/// How many failures are told in full.
const TOLD_FAILURES: usize = 20;

/// What was tried and what came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// Requests with a link in them, of which the stores wrote lines.
    pub links: u64,
    /// Requests with nothing but a signature in them.
    pub signatures: u64,
    /// Requests with a secret in the place of an access key id.
    pub secrets: u64,
    /// Diagnoses that were made and searched, besides those in the log.
    pub diagnoses: u64,
    /// Lines that were searched.
    pub lines: u64,
    /// What was told, the first of it.
    pub failures: Vec<String>,
    /// How much was told.
    pub failed: u64,
}

impl Report {
    fn fail(&mut self, what: &str, told: &str, request: &RawRequest) {
        self.failed += 1;
        if self.failures.len() < TOLD_FAILURES {
            self.failures.push(format!("{what}: {told}\nof {}", request.describe()));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} links, {} bare signatures and {} secrets put into requests, {} diagnoses and {} lines of the log searched: {} told something",
            self.links, self.signatures, self.secrets, self.diagnoses, self.lines, self.failed
        )?;
        for failure in &self.failures {
            writeln!(f, "\n{failure}")?;
        }
        Ok(())
    }
}

/// Puts that many links and secrets into requests.
///
/// # Errors
/// What keeps the stores under test from opening. Failures are in the report.
pub fn run(seed: u64, requests: u64) -> anyhow::Result<Report> {
    log_search::begin();
    let doors = Doors::open()?;
    let mut random = Random::new(seed);
    let mut report = Report::default();
    let lines_before = log_search::lines();
    let places = [Place::Plain, Place::Public];
    while report.links + report.signatures + report.secrets < requests && report.failed < 100 {
        let place = *random.pick(&places);
        let setting = doors.setting(place);
        let (good, donor) = (Good::draw(&mut random, &setting), Good::draw(&mut random, &setting));
        log_search::watch(&good);
        log_search::watch(&donor);
        let mut request = good.request.clone();
        let secret = random.chance(30).then(|| put_secret(&mut request, &mut random));
        let is_bare = secret.is_none() && random.chance(40);
        let is_in_path = is_bare && put_signature(&mut request, &donor, &mut random);
        if secret.is_none() && !is_bare {
            put_link(&mut request, &donor, &mut random);
        }
        log_search::allow_in_path(is_in_path);
        log_search::watch_secret(secret.as_deref().unwrap_or_default());
        if doors.judge(place, &request) == Outcome::Unsendable {
            continue;
        }
        report.secrets += u64::from(secret.is_some());
        report.signatures += u64::from(is_bare);
        report.links += u64::from(secret.is_none() && !is_bare);
        if (report.links + report.signatures + report.secrets).is_multiple_of(DIAGNOSE_EVERY)
            && !is_in_path
            && let Some(told) = diagnosed(&good, &request)
        {
            report.diagnoses += 1;
            if tells(told.as_bytes()) {
                report.fail("a diagnosis", &told, &request);
            }
        }
        for line in log_search::leaks() {
            report.fail("a line of the log", &line, &request);
        }
    }
    report.lines = log_search::lines() - lines_before;
    Ok(report)
}

/// Percent-encodes a text that many times; once escapes all but letters and digits, as a careful client does.
fn encoded(text: &str, times: usize, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..times {
        let lower = random.chance(30);
        text = text
            .bytes()
            .map(|byte| match byte {
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(byte).to_string()
                }
                _ if lower => format!("%{byte:02x}"),
                _ => format!("%{byte:02X}"),
            })
            .collect();
    }
    text
}

/// Path and query of a request's target.
fn split(request: &RawRequest) -> (String, String) {
    let target = String::from_utf8_lossy(&request.target).into_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    (path.to_owned(), query.to_owned())
}

fn join(request: &mut RawRequest, path: &str, query: &str) {
    let mark = if query.is_empty() { "" } else { "?" };
    request.target = format!("{path}{mark}{query}").into_bytes();
}

/// Puts a good link into some part of the request.
fn put_link(request: &mut RawRequest, donor: &Good, random: &mut Random) {
    let (path, query) = split(request);
    let host = String::from_utf8_lossy(donor.request.value(b"host").unwrap_or_default()).into_owned();
    let signature = live_signature(donor).unwrap_or_default();
    let link = match donor.recipe.mechanism {
        Mechanism::HeaderV4 => {
            String::from_utf8_lossy(donor.request.value(b"authorization").unwrap_or_default()).into_owned()
        }
        _ => format!("https://{host}{}", String::from_utf8_lossy(&donor.request.target)),
    };
    // Most are encoded once or twice; an escape of an escape grows with each time.
    let times = if random.chance(80) { random.below(3) } else { random.below(DEEPEST + 1) };
    let link = encoded(&link, times, random);
    let in_target = if times == 0 { encoded(&link, 1, random) } else { link.clone() };
    let name = *random.pick(&["X-Amz-Signature", "Signature", "x-amz-signature", "X%2DAmz-Signature"]);
    match random.below(8) {
        0 => join(request, &path, &format!("{query}&{in_target}=1")),
        1 => join(request, &path, &format!("{query}&u={in_target}")),
        2 => join(request, &path, &format!("{query}&a?{name}={signature}")),
        3 => join(request, &format!("/{in_target}{path}"), &query),
        4 => join(request, &format!("{path}{in_target}/"), &query),
        5 => {
            let header = *random.pick(&[
                "user-agent",
                "referer",
                "origin",
                "x-forwarded-host",
                "x-amz-meta-a",
                "content-type",
                "cookie",
                "x-amz-date",
                "forwarded",
                "range",
            ]);
            request.push(header, link);
        }
        6 => {
            let in_host = format!("h&{name}={}", encoded(&signature, 1, random));
            for (name, value) in &mut request.fields {
                if name.eq_ignore_ascii_case(b"host") {
                    *value = in_host.clone().into_bytes();
                }
            }
        }
        _ => {
            let mut pairs: Vec<String> = query.split('&').map(str::to_owned).collect();
            let at = random.below(pairs.len());
            let name = pairs[at].split('=').next().unwrap_or_default().to_owned();
            pairs[at] = format!("{name}={in_target}");
            join(request, &path, &pairs.join("&"));
        }
    }
}

/// Puts nothing but a good signature into some part of the request, and says whether it is the path.
fn put_signature(request: &mut RawRequest, donor: &Good, random: &mut Random) -> bool {
    let (path, query) = split(request);
    let signature = live_signature(donor).unwrap_or_default();
    // Without the sign that fills it up, whoever reads it puts that back.
    let signature = if random.chance(50) { signature.trim_end_matches('=').to_owned() } else { signature };
    let times = random.below(4);
    let written = encoded(&signature, times, random);
    let in_target = encoded(&signature, times.max(1), random);
    match random.below(9) {
        0 => join(request, &path, &format!("{query}&{in_target}")),
        1 => join(request, &path, &format!("{query}&{in_target}=1")),
        2 => {
            let name = *random.pick(&["X-Amz-Sig", "Sgnature", "foo", "versionId", "X-Presign-Max-Size"]);
            join(request, &path, &format!("{query}&{name}={in_target}"));
        }
        3 => {
            let query = query.replacen("SignedHeaders=host", &format!("SignedHeaders=host%3B{in_target}"), 1);
            join(request, &path, &query);
        }
        4 => {
            for (name, value) in &mut request.fields {
                if name.eq_ignore_ascii_case(b"host") {
                    *value = written.clone().into_bytes();
                }
            }
        }
        5 => request.method = signature.into_bytes(),
        6 => {
            let header =
                *random.pick(&["user-agent", "referer", "x-forwarded-host", "range", "content-type"]);
            let value = match random.below(3) {
                0 => written,
                1 => format!("/{written}"),
                _ => format!("a ({written}) b://c"),
            };
            request.push(header, value);
        }
        7 => {
            join(request, &format!("/{in_target}{path}"), &query);
            return true;
        }
        _ => {
            join(request, &format!("{path}/{in_target}"), &query);
            return true;
        }
    }
    false
}

/// Puts a secret where an access key id belongs, and returns it.
fn put_secret(request: &mut RawRequest, random: &mut Random) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = *random.pick(&[LETTERS, LETTERS, &LETTERS[..26]]);
    let mut secret = random.text(letters, 40..41);
    // The worst of them have a slash where a scope might begin.
    let slash = random.below(8);
    secret.replace_range(slash..=slash, ["/", "/", "A"][random.below(3)]);
    let (path, query) = split(request);
    let times = 1 + random.below(2);
    let escaped = encoded(&secret, times, random);
    let is_header = request.value(b"authorization").is_some();
    if !is_header && random.chance(30) {
        let name =
            *random.pick(&["AWSAccessKeyId", "X-Amz-Credential", "x-amz-credential", "X-Amz%2DCredential"]);
        join(request, &path, &format!("{query}&{name}={escaped}"));
        return secret;
    }
    // With its scope behind it or without one.
    let whole = random.chance(50);
    let put = |text: &str, id: &str, secret: &str| match text.find(id) {
        Some(at) if !whole => {
            let end = text[at..].find(['&', ',']).map_or(text.len(), |end| at + end);
            format!("{}{secret}{}", &text[..at], &text[end..])
        }
        _ => text.replace(id, secret),
    };
    request.target = put(&format!("{path}?{query}"), ACCESS_KEY_ID, &escaped).into_bytes();
    for (name, value) in &mut request.fields {
        if name.eq_ignore_ascii_case(b"authorization") {
            *value = put(&String::from_utf8_lossy(value), ACCESS_KEY_ID, &secret).into_bytes();
        }
    }
    secret
}

/// All that a diagnosis of the request says, in words and as its debug output.
fn diagnosed(good: &Good, request: &RawRequest) -> Option<String> {
    let parts = request.to_parts()?;
    let target = parts.uri.path_and_query()?.as_str();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let fields: Vec<(String, String)> =
        request.fields.iter().map(|(name, value)| (text(name), text(value))).collect();
    let headers: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let method = text(&request.method);
    let request = Request {
        method: &method,
        target,
        headers: &headers,
        remote_address: Some(request.peer),
        host_bucket: None,
    };
    let key = Credentials::new(ACCESS_KEY_ID, SECRET);
    let now = Timestamp::from_unix(good.request.now);
    let host = good.signed_host();
    let found = diagnose(&request, &key, now, &VerifyPolicy::new(REGION), &[host.as_str()]);
    let words: Vec<String> = found.cause.iter().chain(&found.also).map(ToString::to_string).collect();
    Some(format!("{words:?} {:?} {:?} {:?}", found.cause, found.also, found.differing_lines))
}
