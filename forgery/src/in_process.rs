//! The run without sockets: every altered request is taken to the store's own door and held against its verdict.

use std::collections::BTreeMap;
use std::fmt;

use presign_server::Examination;

use crate::door::{Doors, Outcome};
use crate::executed::{difference, is_as_intended};
use crate::good::{Good, Place};
use crate::log_search;
use crate::meaning::{Verdict, verdict};
use crate::mutation::{MUTATIONS, Material};
use crate::random::Random;
use crate::raw::RawRequest;

/// How many alterations are made of one good request.
const OF_EACH: usize = 40;
/// After how many altered requests one is sent that nobody touched.
const CONTROL_EVERY: u64 = 1000;
/// How many failures are told in full.
const TOLD: usize = 20;

/// What was tried and what came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// Requests of another meaning, altered once.
    pub single: u64,
    /// Requests of another meaning, altered twice.
    pub double: u64,
    /// Requests of the same meaning in other words; each was honoured.
    pub restated: u64,
    /// Requests that a careful store may refuse or honour as what they were.
    pub either_honoured: u64,
    /// Those of them that were refused.
    pub either_refused: u64,
    /// Altered requests that the HTTP library does not let in.
    pub unsendable: u64,
    /// Untouched requests, one for every thousand altered ones.
    pub controls: u64,
    /// Good requests that were altered; each was honoured before.
    pub goods: u64,
    /// How the requests of another meaning were refused.
    pub codes: BTreeMap<String, u64>,
    /// How often each mutation took part in another meaning.
    pub mutations: BTreeMap<&'static str, u64>,
    /// What went wrong, the first of it.
    pub failures: Vec<String>,
    /// How much went wrong.
    pub failed: u64,
}

impl Report {
    /// Requests of another meaning; all of them must have been refused.
    pub fn altered(&self) -> u64 {
        self.single + self.double
    }

    pub(crate) fn fail(&mut self, what: &str, names: &[&str], request: &RawRequest, good: &Good) {
        self.failed += 1;
        if self.failures.len() < TOLD {
            self.failures.push(format!(
                "{what}, by {}\n{}\nwhich was {:?} at {:?}\n{}",
                names.join(" and "),
                request.describe(),
                good.recipe.mechanism,
                good.recipe.place,
                good.request.describe()
            ));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} of another meaning ({} altered once, {} twice): {} failures",
            self.altered(),
            self.single,
            self.double,
            self.failed
        )?;
        writeln!(
            f,
            "{} good ones before they were altered and {} untouched controls honoured; {} restated and honoured; {} of \
             open meaning honoured as what they were, {} refused; {} no HTTP",
            self.goods,
            self.controls,
            self.restated,
            self.either_honoured,
            self.either_refused,
            self.unsendable
        )?;
        let codes: Vec<String> = self.codes.iter().map(|(code, count)| format!("{code} {count}")).collect();
        writeln!(f, "refused with: {}", codes.join(", "))?;
        for failure in &self.failures {
            writeln!(f, "\n{failure}")?;
        }
        Ok(())
    }
}

/// Alters good requests until that many have another meaning.
///
/// # Errors
/// What keeps the stores under test from opening. Failures are in the report.
pub fn run(seed: u64, altered: u64) -> anyhow::Result<Report> {
    log_search::begin();
    let doors = Doors::open()?;
    Ok(run_against(&doors, &|place, request| doors.judge(place, request), seed, altered))
}

/// Who decides what becomes of a request at a place.
type Judge<'j> = &'j dyn Fn(Place, &RawRequest) -> Outcome;

fn run_against(doors: &Doors, judge: Judge<'_>, seed: u64, altered: u64) -> Report {
    let mut random = Random::new(seed);
    let mut report = Report::default();
    let places = [Place::Library, Place::Plain, Place::Plain, Place::Public];
    let settings = places.map(|place| doors.setting(place));
    let mut next_control = CONTROL_EVERY;
    while report.altered() < altered && report.failed < 1000 {
        let setting = random.pick(&settings);
        let good = Good::draw(&mut random, setting);
        let Some(meant) = honoured(judge, &good, &mut report) else { continue };
        report.goods += 1;
        log_search::watch(&good);
        let wanted = |donor: &Good| donor.recipe.mechanism == good.recipe.mechanism;
        let donor = loop {
            let donor = Good::draw(&mut random, setting);
            if wanted(&donor) {
                break donor;
            }
        };
        log_search::watch(&donor);
        for _ in 0..OF_EACH {
            alter_once(judge, &good, &donor, &meant, &mut random, &mut report);
            for line in log_search::leaks() {
                report.fail("TOLD in the log", &[&line], &good.request, &good);
            }
            if report.altered() >= next_control {
                next_control += CONTROL_EVERY;
                let control = Good::draw(&mut random, setting);
                if honoured(judge, &control, &mut report).is_some() {
                    report.controls += 1;
                }
            }
        }
    }
    report
}

/// What a good request would be run as; it must be what its recipe says.
fn honoured(judge: Judge<'_>, good: &Good, report: &mut Report) -> Option<Examination> {
    match judge(good.recipe.place, &good.request) {
        Outcome::Executed(found) => match is_as_intended(&good.recipe, &found) {
            Ok(()) => return Some(*found),
            Err(what) => {
                report.fail(&format!("not what was meant: {what}"), &["nothing"], &good.request, good);
            }
        },
        outcome => report.fail(
            &format!("a good request was refused: {outcome:?}"),
            &["nothing"],
            &good.request,
            good,
        ),
    }
    None
}

fn alter_once(
    judge: Judge<'_>,
    good: &Good,
    donor: &Good,
    meant: &Examination,
    random: &mut Random,
    report: &mut Report,
) {
    let Some((request, names)) = altered(good, donor, random) else { return };
    let outcome = judge(good.recipe.place, &request);
    let verdict = match verdict(good, &request) {
        // Two alterations can make the donor's own request of this one, which is as good.
        Verdict::Different(_) if !matches!(crate::verdict(donor, &request), Verdict::Different(_)) => return,
        verdict => verdict,
    };
    match (verdict, outcome) {
        (_, Outcome::Unsendable) => report.unsendable += 1,
        (Verdict::Different(reason), Outcome::Refused(status, code)) => {
            *report.codes.entry(code).or_default() += 1;
            match names[..] {
                [_] => report.single += 1,
                _ => report.double += 1,
            }
            for name in &names {
                *report.mutations.entry(name).or_default() += 1;
            }
            if status >= 500 && status != 501 {
                report.fail(&format!("answered {status} ({reason})"), &names, &request, good);
            }
        }
        (Verdict::Different(reason), Outcome::Executed(found)) => {
            report.fail(&format!("ACCEPTED, although {reason}: {found:?}"), &names, &request, good);
        }
        (Verdict::Same, Outcome::Refused(status, code)) => {
            report.fail(&format!("a restatement was refused: {status} {code}"), &names, &request, good);
        }
        (Verdict::Either, Outcome::Refused(status, _)) => {
            report.either_refused += 1;
            if status >= 500 && status != 501 {
                report.fail(&format!("answered {status}"), &names, &request, good);
            }
        }
        (Verdict::Same | Verdict::Either, Outcome::Executed(found)) => {
            if let Some(what) = difference(&good.recipe, &request.method, meant, &found) {
                report.fail(&format!("ACCEPTED as something else: {what}"), &names, &request, good);
            } else if verdict == Verdict::Same {
                report.restated += 1;
            } else {
                report.either_honoured += 1;
            }
        }
    }
}

/// One good request, altered once or twice, and how.
pub(crate) fn altered(
    good: &Good,
    donor: &Good,
    random: &mut Random,
) -> Option<(RawRequest, Vec<&'static str>)> {
    let mut request = good.request.clone();
    let material = Material { good, donor };
    let mut names = Vec::with_capacity(2);
    let wanted = 1 + random.below(2);
    for _ in 0..20 {
        let mutation = random.pick(MUTATIONS);
        if mutation.apply(&mut request, &material, random) {
            names.push(mutation.name);
        }
        if names.len() == wanted {
            break;
        }
    }
    // Signed rightly for another time and then taken there, it is a good request again.
    let has = |name: &str| names.contains(&name);
    let is_good_again = has("signature::another_day") && (has("line::later") || has("line::earlier"));
    (!names.is_empty() && !is_good_again && request != good.request).then_some((request, names))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Runs against the real stores, with an outcome put in their place here and there.
    fn run_with(bend: impl Fn(&RawRequest, Outcome, Option<&Outcome>) -> Outcome) -> Report {
        let doors = Doors::open().unwrap();
        let last_good = RefCell::new(None);
        let judge = |place: Place, request: &RawRequest| {
            let outcome = doors.judge(place, request);
            if let Outcome::Executed(_) = &outcome {
                *last_good.borrow_mut() = Some(outcome.clone());
            }
            bend(request, outcome, last_good.borrow().as_ref())
        };
        run_against(&doors, &judge, 3, 20_000)
    }

    fn tells(report: &Report, what: &str) -> bool {
        report.failures.iter().any(|failure| failure.contains(what))
    }

    // Ports differ from run to run, and with them the signatures and what a mutation makes of them. So each store is bent
    // where dozens of the requests of a run go, and not where three of them may.

    #[test]
    fn a_store_that_honours_what_nobody_signed_is_found_out() {
        const SIGNED_BY_NONE: [&[u8]; 12] = [
            b"x-amz-acl",
            b"x-amz-bypass-governance-retention",
            b"x-amz-copy-source",
            b"x-amz-copy-source-range",
            b"x-amz-grant-read",
            b"x-amz-meta-added",
            b"x-amz-metadata-directive",
            b"x-amz-object-lock-mode",
            b"x-amz-request-payer",
            b"x-amz-server-side-encryption",
            b"x-amz-tagging",
            b"x-amz-website-redirect-location",
        ];
        let report = run_with(|request, outcome, good| {
            let has_one = SIGNED_BY_NONE.iter().any(|name| request.value(name).is_some());
            match good {
                Some(good) if has_one => good.clone(),
                _ => outcome,
            }
        });
        assert!(tells(&report, "ACCEPTED, although an x-amz header that nobody signed"), "{report}");
    }

    #[test]
    fn a_store_that_compares_no_signature_is_found_out() {
        let report = run_with(|_, outcome, good| match (outcome, good) {
            (Outcome::Refused(_, code), Some(good)) if code == "SignatureDoesNotMatch" => good.clone(),
            (outcome, _) => outcome,
        });
        assert!(tells(&report, "ACCEPTED, although"), "{report}");
    }

    #[test]
    fn a_store_that_refuses_other_words_is_found_out() {
        // No signer writes an escape in small letters.
        let has_small_escape = |target: &[u8]| {
            target.windows(3).any(|three| three[0] == b'%' && three[1..].iter().any(u8::is_ascii_lowercase))
        };
        let report = run_with(|request, outcome, _| match has_small_escape(&request.target) {
            true => Outcome::Refused(403, "SignatureDoesNotMatch".to_owned()),
            false => outcome,
        });
        assert!(tells(&report, "a restatement was refused"), "{report}");
    }

    #[test]
    fn a_store_that_runs_something_else_is_found_out() {
        let report = run_with(|_, outcome, _| match outcome {
            Outcome::Executed(mut found) => {
                found.max_body_bytes = Some(7);
                Outcome::Executed(found)
            }
            outcome => outcome,
        });
        assert!(tells(&report, "not what was meant"), "{report}");
    }

    #[test]
    fn a_store_that_breaks_down_is_found_out() {
        let report = run_with(|request, outcome, _| match request.method.as_slice() {
            b"GET" | b"HEAD" | b"PUT" | b"DELETE" => outcome,
            _ => Outcome::Refused(500, "InternalError".to_owned()),
        });
        assert!(tells(&report, "answered 500"), "{report}");
    }
}
