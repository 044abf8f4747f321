//! The log as an output: every line that the stores write is searched for what would let its reader act.
//!
//! The stores under test run in this process, so one subscriber sees all that they say, at every level: the access log, the line
//! that explains a wrong signature behind its answer, spans and errors. A line is decoded until nothing in it is percent-encoded
//! any more and then searched for every signature that is good somewhere, and for the secrets of the keys.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use tracing_subscriber::filter::LevelFilter;

use crate::good::{Good, SECRET, TOKEN};

/// The characters of a signature: 64 hexadecimal digits in SigV4, 28 of base64 in SigV2.
const LENGTHS: [usize; 2] = [64, 28];
/// The same in a text: without the sign that fills it up, SigV2's is as good, for anybody can put that back.
const LIVE_LENGTHS: [usize; 2] = [64, 27];
/// How many characters of a secret in a row are no chance. Four of them are told.
const PART: usize = 7;
/// How many lines that told something are kept.
const KEPT: usize = 20;

/// What is searched for, and what was found.
#[derive(Default)]
struct Search {
    live: HashSet<Vec<u8>>,
    /// Parts of the secret that the request of the moment has in the place of an id.
    parts: Vec<String>,
    /// Whether the path of the request of the moment has a signature in it, which the access log takes for an object's name.
    is_in_path: bool,
    leaks: Vec<String>,
}

static SEARCH: LazyLock<Mutex<Search>> = LazyLock::new(Mutex::default);
static LINES: AtomicU64 = AtomicU64::new(0);

/// Listens to the log of this process, from the first call on.
pub(crate) fn begin() {
    static LISTENING: LazyLock<()> = LazyLock::new(|| {
        let lines = tracing_subscriber::fmt().with_ansi(false).with_max_level(LevelFilter::TRACE);
        lines.with_writer(|| Lines).init();
    });
    LazyLock::force(&LISTENING);
}

/// Searches all lines from now on for the signature of a good request.
pub(crate) fn watch(good: &Good) {
    if let Some(signature) = live_signature(good) {
        search().live.insert(signature.trim_end_matches('=').as_bytes().to_vec());
    }
}

/// Searches all lines, until the next call, for parts of a secret: nothing of it but its beginning may be told.
pub(crate) fn watch_secret(secret: &str) {
    let parts = secret.as_bytes().windows(PART).map(|part| String::from_utf8_lossy(part).into_owned());
    search().parts = parts.collect();
}

/// Searches all lines, until the next call, for signatures anywhere, or anywhere but in the path of the access log's `request`.
pub(crate) fn allow_in_path(is_in_path: bool) {
    search().is_in_path = is_in_path;
}

/// A line without the path of its `request`.
fn without_path(line: &str) -> String {
    match line.split_once(" request=\"") {
        Some((before, request)) => {
            let end = request.find(['?', '"']).unwrap_or(request.len());
            let method =
                request.get(..end).and_then(|text| text.split_once(' ')).map_or("", |(method, _)| method);
            format!("{before} {method} {}", request.get(end..).unwrap_or_default())
        }
        None => line.to_owned(),
    }
}

/// The lines that told something since the last call.
pub(crate) fn leaks() -> Vec<String> {
    std::mem::take(&mut search().leaks)
}

/// How many lines have been searched.
pub(crate) fn lines() -> u64 {
    LINES.load(Ordering::Relaxed)
}

fn search() -> MutexGuard<'static, Search> {
    SEARCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The signature of a good request, decoded.
pub(crate) fn live_signature(good: &Good) -> Option<String> {
    let in_target = after_signature(&decoded(&good.request.target));
    in_target.or_else(|| after_signature(&decoded(good.request.value(b"authorization")?)))
}

fn after_signature(text: &str) -> Option<String> {
    let (_, value) = text.rsplit_once("Signature=")?;
    let value = value.split('&').next().unwrap_or(value);
    LENGTHS.contains(&value.len()).then(|| value.to_owned())
}

/// Whether a text tells a signature that is watched, or a secret, however it is percent-encoded.
pub(crate) fn tells(text: &[u8]) -> bool {
    let text = decoded(text);
    let is_secret = [SECRET, TOKEN].iter().any(|secret| text.contains(secret));
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let search = search();
    let has_part = search.parts.iter().any(|part| text.contains(part));
    // Signatures stand within runs of the letters that they are made of.
    let is_live = text.as_bytes().split(|byte| !is_letter(byte)).any(|run| {
        LIVE_LENGTHS.iter().any(|length| run.windows(*length).any(|window| search.live.contains(window)))
    });
    is_secret || has_part || is_live
}

/// A text in which nothing is percent-encoded any more.
pub(crate) fn decoded(text: &[u8]) -> String {
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for byte in text {
        bytes.push(*byte);
        while let [.., b'%', high, low] = bytes[..]
            && let (Some(high), Some(low)) = (char::from(high).to_digit(16), char::from(low).to_digit(16))
        {
            bytes.truncate(bytes.len() - 3);
            bytes.push((high << 4 | low) as u8);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where the lines go. Each is written at once.
struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.fetch_add(1, Ordering::Relaxed);
        let is_in_path = search().is_in_path;
        let searched = match is_in_path {
            true => without_path(&String::from_utf8_lossy(line)).into_bytes(),
            false => line.to_vec(),
        };
        if tells(&searched) {
            let mut search = search();
            if search.leaks.len() < KEPT {
                search.leaks.push(String::from_utf8_lossy(line).into_owned());
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Doors, Place, Random};

    #[test]
    fn a_line_that_tells_a_live_signature_or_a_secret_is_found() {
        begin();
        let doors = Doors::open().unwrap();
        let mut random = Random::new(1);
        for _ in 0..50 {
            let good = Good::draw(&mut random, &doors.setting(Place::Plain));
            let signature = live_signature(&good).unwrap();
            assert!(!tells(signature.as_bytes()));
            watch(&good);
            let once = signature.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
            let letters: String = signature.bytes().map(|byte| format!("%25{byte:02x}")).collect();
            for told in [&signature, &once, &once.replace('%', "%25"), &letters] {
                assert!(tells(format!("path=\"/b/{told}x\" end").as_bytes()), "{told}");
            }
            assert!(tells(format!("`{}`", signature.trim_end_matches('=')).as_bytes()));
            assert!(!tells(&signature.as_bytes()[1..]));
            let line = |method, path| format!("x request=\"{method} /{path}?a=1\" status=403");
            assert!(!tells(without_path(&line("GET", signature.as_str())).as_bytes()));
            assert!(tells(without_path(&line(signature.as_str(), "b")).as_bytes()));
        }
        assert!(tells(SECRET.replace('/', "%252F").as_bytes()));
    }
}
