//! The run over a socket: altered requests as bytes to a running store, and a look at everything in it afterwards.

mod client;
mod store;

use presign::Method;

use crate::executed::is_free;
use crate::good::Good;
use crate::in_process::{Report, altered};
use crate::log_search;
use crate::meaning::{Verdict, verdict};
use crate::random::Random;
use crate::raw::RawRequest;
use client::{Answer, Client};
use store::{SECRET_WORDS, WireStore, content_of};

/// How many alterations are made of one good request.
const OF_EACH: usize = 25;
/// After how many altered requests one is sent that nobody touched.
const CONTROL_EVERY: u64 = 1000;
/// After how many altered requests every object is looked at.
const LOOK_EVERY: u64 = 500;

/// Sends that many requests of another meaning.
///
/// # Errors
/// What keeps the store from starting or answering, and a store that is not what it was. Other failures are in the report.
pub fn run(seed: u64, altered_requests: u64) -> anyhow::Result<Report> {
    log_search::begin();
    let mut store = WireStore::start()?;
    let setting = store.setting();
    let mut client = Client::new(store.address);
    let mut random = Random::new(seed);
    let mut report = Report::default();
    let (mut next_control, mut next_look) = (CONTROL_EVERY, LOOK_EVERY);
    while report.altered() < altered_requests && report.failed < 100 {
        let good = Good::draw(&mut random, &setting);
        if !honoured(&mut client, &mut store, &good, &mut report)? {
            continue;
        }
        report.goods += 1;
        let donor = loop {
            let donor = Good::draw(&mut random, &setting);
            if donor.recipe.mechanism == good.recipe.mechanism {
                break donor;
            }
        };
        log_search::watch(&good);
        log_search::watch(&donor);
        for _ in 0..OF_EACH {
            alter_once(&mut client, &mut store, &good, &donor, &mut random, &mut report)?;
            for line in log_search::leaks() {
                report.fail("TOLD in the log", &[&line], &good.request, &good);
            }
            if report.altered() >= next_control {
                next_control += CONTROL_EVERY;
                let control = Good::draw(&mut random, &setting);
                report.controls += u64::from(honoured(&mut client, &mut store, &control, &mut report)?);
            }
            if report.altered() >= next_look {
                next_look += LOOK_EVERY;
                store.check_state()?;
            }
        }
    }
    store.check_state()?;
    Ok(report)
}

/// Sends a request, and puts back what it has changed if it was a good one.
fn send(client: &mut Client, good: &Good, request: &RawRequest) -> anyhow::Result<Option<Answer>> {
    let mut bytes = request.to_bytes(b"");
    let length: Option<usize> =
        request.value(b"content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    // As much body as is announced: what is wrong with the announcement is another suite's subject.
    bytes.extend(good.recipe.body.iter().take(length.unwrap_or(0)));
    client.send(&bytes, request.method == b"HEAD")
}

/// Whether a good request did what it was made for; afterwards the store is as it was.
fn honoured(
    client: &mut Client,
    store: &mut WireStore,
    good: &Good,
    report: &mut Report,
) -> anyhow::Result<bool> {
    let Some(answer) = send(client, good, &good.request)? else {
        report.fail("a good request got no answer", &["nothing"], &good.request, good);
        return Ok(false);
    };
    let what = wrong_with(good, &good.request, &answer, true);
    put_back(store, good)?;
    if let Some(what) = &what {
        report.fail(&format!("a good request: {what}"), &["nothing"], &good.request, good);
    }
    Ok(what.is_none())
}

fn put_back(store: &mut WireStore, good: &Good) -> anyhow::Result<()> {
    match &good.recipe.key {
        Some(key) if matches!(good.recipe.method, Method::Put | Method::Delete) => store.restore(key),
        _ => Ok(()),
    }
}

/// What is wrong with the answer to a request that means what the good one means. `must_succeed`: it may not be refused.
fn wrong_with(good: &Good, request: &RawRequest, answer: &Answer, must_succeed: bool) -> Option<String> {
    let body = String::from_utf8_lossy(&answer.body);
    let tell = |what: &str| Some(format!("{what}: {} {body}", answer.status));
    if body.contains(SECRET_WORDS) {
        return tell("it reads what nobody may read");
    }
    if answer.status >= 500 && answer.status != 501 {
        return tell("an error of the server");
    }
    if !(200..300).contains(&answer.status) {
        return if must_succeed { tell("it was refused") } else { None };
    }
    let Some(key) = &good.recipe.key else { return None };
    if request.method == b"GET" {
        let content = content_of(key);
        let is_part =
            answer.body.is_empty() || content.windows(answer.body.len()).any(|part| part == answer.body);
        let is_right = if answer.status == 200 { answer.body == content } else { is_part };
        return if is_right { None } else { tell("the bytes are another object's") };
    }
    None
}

fn alter_once(
    client: &mut Client,
    store: &mut WireStore,
    good: &Good,
    donor: &Good,
    random: &mut Random,
    report: &mut Report,
) -> anyhow::Result<()> {
    let Some((mut request, names)) = altered(good, donor, random) else { return Ok(()) };
    // Time and peer are the socket's here.
    (request.now, request.peer) = (good.request.now, good.request.peer);
    if request == good.request || !is_for_this_suite(good, &request) {
        return Ok(());
    }
    let verdict = match verdict(good, &request) {
        Verdict::Different(_) if !matches!(crate::verdict(donor, &request), Verdict::Different(_)) => {
            return Ok(());
        }
        verdict => verdict,
    };
    let answer = send(client, good, &request)?;
    let Verdict::Different(reason) = verdict else {
        let must_succeed = verdict == Verdict::Same && says_what_it_said(good, &request);
        match answer {
            Some(answer) => {
                if let Some(what) = wrong_with(good, &request, &answer, must_succeed) {
                    report.fail(&what, &names, &request, good);
                }
                let was_honoured = (200..300).contains(&answer.status);
                match (verdict, was_honoured) {
                    (Verdict::Same, _) => report.restated += 1,
                    (_, true) => report.either_honoured += 1,
                    (_, false) => report.either_refused += 1,
                }
            }
            None if must_succeed => report.fail("a restatement got no answer", &names, &request, good),
            None => report.either_refused += 1,
        }
        return put_back(store, good);
    };
    match names[..] {
        [_] => report.single += 1,
        _ => report.double += 1,
    }
    for name in &names {
        *report.mutations.entry(name).or_default() += 1;
    }
    let Some(answer) = answer else {
        *report.codes.entry("closed".to_owned()).or_default() += 1;
        return Ok(());
    };
    *report.codes.entry(answer.status.to_string()).or_default() += 1;
    let body = String::from_utf8_lossy(&answer.body);
    if answer.status < 400 || body.contains(SECRET_WORDS) {
        report.fail(
            &format!("ACCEPTED, although {reason}: {} {body}", answer.status),
            &names,
            &request,
            good,
        );
        put_back(store, good)?;
    } else if answer.status >= 500 && answer.status != 501 {
        report.fail(&format!("answered {} ({reason}): {body}", answer.status), &names, &request, good);
    }
    Ok(())
}

/// Whether the request is one by itself. What breaks lines, or says another length than the body has, is cut into requests
/// differently by different readers; that is the subject of the suite on smuggling.
fn is_for_this_suite(good: &Good, request: &RawRequest) -> bool {
    let lengths: Vec<&[u8]> = request.values(b"content-length").collect();
    let own = good.recipe.body.len().to_string();
    let is_of_its_length = match lengths[..] {
        [] => good.recipe.body.is_empty(),
        [length] => length == own.as_bytes(),
        _ => false,
    };
    is_of_its_length
        && !request.breaks_lines()
        && !["transfer-encoding", "expect", "connection", "upgrade"]
            .iter()
            .any(|name| request.values(name.as_bytes()).next().is_some())
}

/// Whether nothing was added or changed that the holder of the URL may say, and that may fail: a condition, a range.
fn says_what_it_said(good: &Good, request: &RawRequest) -> bool {
    let free = |request: &RawRequest| -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut fields: Vec<_> =
            request.fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        fields.retain(|(name, _)| std::str::from_utf8(name).is_ok_and(|name| is_free(&good.recipe, name)));
        fields.sort();
        fields
    };
    free(request) == free(&good.request)
}
