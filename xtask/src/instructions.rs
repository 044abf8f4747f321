//! `cargo xtask instructions`: how many instructions a signature, a verification and a presigned GET take, held against what
//! `bench/instructions.toml` says; and a request that nobody signed, held against an honest one.
//!
//! A count does not depend on how busy the machine is, so it can be a test where a time cannot. valgrind counts what the
//! program executes, in user space, on a processor without SHA extensions: hashes weigh more than they do in truth, and
//! system calls nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, bail};

use crate::command::{answers, cargo, run};
use crate::not_run::NotRun;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write the counts down, instead of holding them against the ones that are.
    #[arg(long)]
    pub(crate) record: bool,
}

/// What is counted, as `repeat` calls it, and how often it is done once; then it is done twice as often, and the
/// difference is what the doing costs, without starting and ending.
pub(crate) const COUNTED: &[(&str, u64)] = &[("get", 500), ("sign", 1000), ("verify", 1000)];
/// The requests that anybody can send which `repeat hostile` knows, and how often each is sent. They are held against an
/// honest one with a head of the same size, whatever machine this is.
const HOSTILE: [&str; 8] =
    ["unescaped", "listed", "sig-v2", "unsigned", "preflight", "redacted", "looked-back", "forwarded"];
const LARGEST: &str = "largest";
const HOSTILE_TIMES: u64 = 50;
/// How many times the largest honest request a request may cost that nobody signed.
const HOSTILE_AT_MOST: u64 = 3;
/// By how many hundredths a count may move.
const TOLERATED: u64 = 5;

/// What the counts depend on besides the code, in the order in which it is written down.
const CONDITIONS: [&str; 5] = ["architecture", "compiler", "valgrind", "libc", "processor"];

/// The counts, and what they depend on.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    /// One for each of [`CONDITIONS`].
    conditions: Vec<String>,
    counts: BTreeMap<String, u64>,
}

/// Whether the counting can be done here.
pub(crate) fn can_count() -> bool {
    answers(Command::new("valgrind").arg("--version"))
}

pub(crate) fn check(workspace: &Workspace, options: &Options, not_run: &NotRun) -> anyhow::Result<()> {
    if !can_count() {
        bail!("`valgrind` counts the instructions and was not found; install it (apt install valgrind)");
    }
    let file = workspace.root().join("bench").join("instructions.toml");
    let counted = count(workspace)?;
    check_hostile(workspace, counted.counts.get("get").copied().unwrap_or_default())?;
    if options.record {
        fs::write(&file, counted.write()).with_context(|| format!("{} cannot be written", file.display()))?;
        eprintln!("wrote {}", file.display());
        return Ok(());
    }
    let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let recorded = Record::read(&text).with_context(|| format!("{} cannot be read", file.display()))?;
    let others = counted.other_conditions(&recorded);
    if !others.is_empty() {
        let why = format!("not all is as it was recorded: {others}");
        not_run.add(COUNTED.len(), "the verdict on the counts of instructions", &why)?;
    }
    counted.compare(&recorded)
}

fn count(workspace: &Workspace) -> anyhow::Result<Record> {
    run(cargo(workspace.root()).args([
        "build",
        "--release",
        "--package",
        "presign-bench",
        "--bin",
        "repeat",
    ]))?;
    let program = workspace.built("repeat", true);
    let mut counts = BTreeMap::new();
    for &(what, times) in COUNTED {
        counts.insert(what.to_owned(), of_one(workspace, &program, &[what], times)?);
    }
    Ok(Record { conditions: conditions()?.to_vec(), counts })
}

/// What doing it once costs.
fn of_one(workspace: &Workspace, program: &Path, what: &[&str], times: u64) -> anyhow::Result<u64> {
    let once = instructions(workspace, program, what, times)?;
    let twice = instructions(workspace, program, what, 2 * times)?;
    Ok(twice.saturating_sub(once) / times)
}

/// Counts what requests cost that nobody signed, and fails where one costs more than a few honest ones.
fn check_hostile(workspace: &Workspace, get: u64) -> anyhow::Result<()> {
    let program = workspace.built("repeat", true);
    let count = |kind| of_one(workspace, &program, &["hostile", kind], HOSTILE_TIMES);
    let largest = count(LARGEST)?;
    eprintln!("the largest honest GET: {largest} instructions, an ordinary one {get}");
    let mut dear = Vec::new();
    for kind in HOSTILE {
        let line = told_hostile(kind, count(kind)?, largest, get);
        eprintln!("{}", line.text);
        if line.is_dear {
            dear.push(line.text);
        }
    }
    if !dear.is_empty() {
        bail!(
            "{}: a request that nobody signed costs more than {HOSTILE_AT_MOST} times the largest honest one. Find out why: \
             callgrind_annotate target/callgrind-hostile-*.out",
            dear.join("; ")
        );
    }
    Ok(())
}

struct Hostile {
    text: String,
    is_dear: bool,
}

fn told_hostile(kind: &str, count: u64, largest: u64, get: u64) -> Hostile {
    let times = |of: u64| count as f64 / of.max(1) as f64;
    let text = format!(
        "{kind}, signed by nobody: {count} instructions, {:.1} of the largest honest GET, {:.1} of an ordinary one",
        times(largest),
        times(get)
    );
    Hostile { text, is_dear: count > HOSTILE_AT_MOST * largest }
}

/// What [`CONDITIONS`] are here.
fn conditions() -> anyhow::Result<[String; CONDITIONS.len()]> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Ok([
        env::consts::ARCH.to_owned(),
        said(Command::new(rustc).arg("--version"))?,
        said(Command::new("valgrind").arg("--version"))?,
        // `glibc 2.36`. Other libraries do not know the question, and tell their versions in ways of their own.
        said(Command::new("getconf").arg("GNU_LIBC_VERSION")).unwrap_or_else(|_| "another".to_owned()),
        processor().to_owned(),
    ])
}

/// What a program says, without the end of its line.
fn said(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("`{program}` could not be started"))?;
    if !output.status.success() {
        bail!("`{program}` failed: {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The processor that valgrind shows to the program, by which glibc and the hashes choose their code. It shows one of a few
/// models, the best that this processor has the instructions of.
fn processor() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        let models = [
            ("avx2", std::arch::is_x86_feature_detected!("avx2")),
            ("avx", std::arch::is_x86_feature_detected!("avx")),
            ("ssse3", std::arch::is_x86_feature_detected!("ssse3")),
        ];
        models.into_iter().find_map(|(model, is_one)| is_one.then_some(model)).unwrap_or("sse2")
    }
    #[cfg(not(target_arch = "x86_64"))]
    "any"
}

/// All that one run executes.
fn instructions(workspace: &Workspace, program: &Path, what: &[&str], times: u64) -> anyhow::Result<u64> {
    let out: PathBuf = workspace.target().join(format!("callgrind-{}.out", what.join("-")));
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--tool=callgrind"]);
    valgrind.arg(format!("--callgrind-out-file={}", out.display()));
    valgrind.arg(program).args(what).arg(times.to_string());
    run(&mut valgrind)?;
    let profile = fs::read_to_string(&out).with_context(|| format!("{} cannot be read", out.display()))?;
    let total = profile.lines().find_map(|line| line.strip_prefix("totals: ")?.parse().ok());
    total.with_context(|| format!("{} has no total", out.display()))
}

impl Record {
    fn read(text: &str) -> anyhow::Result<Self> {
        let table: toml::Table = text.parse()?;
        let word = |name: &str| {
            let value = table.get(name).and_then(|value| value.as_str());
            Ok::<_, anyhow::Error>(value.with_context(|| format!("`{name}` is missing"))?.to_owned())
        };
        let mut counts = BTreeMap::new();
        for &(what, _) in COUNTED {
            let count = table.get("counts").and_then(|counts| counts.get(what)?.as_integer());
            let count = count.and_then(|count| u64::try_from(count).ok());
            counts.insert(what.to_owned(), count.with_context(|| format!("`counts.{what}` is missing"))?);
        }
        let conditions = CONDITIONS.into_iter().map(word).collect::<anyhow::Result<_>>()?;
        Ok(Record { conditions, counts })
    }

    fn write(&self) -> String {
        let mut text = format!(
            "# Instructions for each presigned GET, signature and verification, as valgrind counts them. Made by\n\
             # `cargo xtask instructions --record`; `cargo xtask test` fails where one has moved by more than {TOLERATED} %.\n"
        );
        for (name, condition) in CONDITIONS.into_iter().zip(&self.conditions) {
            // Nothing is refused by a String.
            let _ = writeln!(text, "{name} = \"{condition}\"");
        }
        text.push_str("\n[counts]\n");
        for (what, count) in &self.counts {
            let _ = writeln!(text, "{what} = {count}");
        }
        text
    }

    /// Each condition that is not the recorded one; empty where all are.
    fn other_conditions(&self, recorded: &Self) -> String {
        let pairs = self.conditions.iter().zip(&recorded.conditions);
        let others = CONDITIONS.into_iter().zip(pairs).filter(|(_, (here, there))| here != there);
        let told: Vec<String> =
            others.map(|(name, (here, there))| format!("{name} is {here}, was {there}")).collect();
        told.join("; ")
    }

    /// Fails where a count has moved too far, either way: what became cheaper is written down, so that it stays.
    fn compare(&self, recorded: &Self) -> anyhow::Result<()> {
        let mut moved = Vec::new();
        for (what, &count) in &self.counts {
            let before = recorded.counts.get(what).copied().unwrap_or(0);
            let line = format!("{what}: {count} instructions, {before} recorded");
            eprintln!("{line}");
            if count.abs_diff(before) * 100 > before * TOLERATED {
                moved.push(line);
            }
        }
        let others = self.other_conditions(recorded);
        if !others.is_empty() {
            // Another compiler makes other instructions of the same code, another library has other code, and so on: that is
            // no fault of ours.
            return Ok(());
        }
        if !moved.is_empty() {
            bail!(
                "{}: moved by more than {TOLERATED} %. Find out why (callgrind_annotate target/callgrind-*.out), or write it \
                 down with its reason: cargo xtask instructions --record",
                moved.join("; ")
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(get: u64) -> Record {
        let counts = [("get", get), ("sign", 1000), ("verify", 2000)];
        Record {
            conditions: ["x86_64", "rustc 1.95.0", "valgrind-3.19.0", "glibc 2.36", "avx2"]
                .map(str::to_owned)
                .into(),
            counts: counts.map(|(what, count)| (what.to_owned(), count)).into(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(Record::read(&record(5).write()).unwrap(), record(5));
        assert!(Record::read("architecture = \"x86_64\"").is_err());
    }

    #[test]
    fn five_hundredths_are_tolerated_either_way_and_more_is_not() {
        for within in [95_000, 100_000, 105_000] {
            record(within).compare(&record(100_000)).unwrap();
        }
        for beyond in [94_999, 105_001] {
            let moved = record(beyond).compare(&record(100_000)).unwrap_err().to_string();
            assert!(moved.contains(&format!("get: {beyond} instructions, 100000 recorded")), "{moved}");
        }
    }

    #[test]
    fn a_request_that_nobody_signed_costs_three_honest_ones_at_most() {
        assert!(!told_hostile("listed", 3000, 1000, 100).is_dear);
        let dear = told_hostile("listed", 3001, 1000, 100);
        assert!(dear.is_dear);
        let text = "listed, signed by nobody: 3001 instructions, 3.0 of the largest honest GET, 30.0 of an ordinary one";
        assert_eq!(dear.text, text);
    }

    #[test]
    fn what_was_made_under_other_conditions_is_not_judged() {
        for (at, name) in CONDITIONS.into_iter().enumerate() {
            let mut recorded = record(100_000);
            "another".clone_into(&mut recorded.conditions[at]);
            let here = record(200_000);
            here.compare(&recorded).unwrap();
            let told = here.other_conditions(&recorded);
            assert_eq!(told, format!("{name} is {}, was another", here.conditions[at]));
        }
        assert!(record(200_000).compare(&record(100_000)).is_err());
    }

    #[test]
    fn a_record_without_one_of_its_conditions_cannot_be_read() {
        let whole = record(5).write();
        for name in CONDITIONS {
            let lines: Vec<&str> = whole.lines().filter(|line| !line.starts_with(name)).collect();
            let refused = Record::read(&lines.join("\n")).unwrap_err();
            assert_eq!(refused.to_string(), format!("`{name}` is missing"));
        }
    }

    #[test]
    fn the_conditions_here_are_known() {
        // Without valgrind nothing is counted.
        if can_count() {
            assert!(conditions().unwrap().iter().all(|condition| !condition.is_empty()));
        }
        assert!(!processor().is_empty());
    }
}
