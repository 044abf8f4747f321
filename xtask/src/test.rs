//! `cargo xtask test`: every test there is.

use std::process::Command;

use anyhow::bail;
use clap::ValueEnum;

use crate::command::{answers, cargo, run};
use crate::not_run::NotRun;
use crate::steps::Steps;
use crate::workspace::Workspace;
use crate::{instructions, python, setup};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Also run what takes long and gigabytes of disk: a 5 GiB upload. Builds `presign` optimised.
    #[arg(long)]
    long: bool,
    /// Run only this part. Repeat it for several.
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// For pytest, after `--`: `cargo xtask test --only conformance -- -k boto3`.
    #[arg(last = true, value_name = "PYTEST ARGUMENTS")]
    pytest: Vec<String>,
}

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The Rust tests, with cargo-nextest where it is installed.
    Rust,
    /// The examples in the documentation.
    Doc,
    /// The built `presign` and its real clients.
    Conformance,
    /// Counts of instructions, held against the recorded ones: where valgrind is installed.
    Instructions,
}

pub(crate) fn pass(workspace: &Workspace, options: &Options, not_run: &NotRun) -> anyhow::Result<()> {
    let wants = |part| options.only.is_empty() || options.only.contains(&part);
    if wants(Part::Conformance) {
        require_clients()?;
    }
    // The Rust tests need Python too: botocore is their byte oracle.
    setup::install(workspace)?;
    let mut steps = Steps::default();
    if wants(Part::Rust) {
        steps.take("Rust tests", || rust(workspace, not_run));
    }
    if wants(Part::Doc) {
        steps.take("documentation tests", || {
            cargo_tests(workspace, &["test", "--workspace", "--doc"], not_run)
        });
    }
    if wants(Part::Conformance) {
        steps.take("conformance suite", || conformance(workspace, options, not_run));
    }
    if options.only.contains(&Part::Instructions) || (options.only.is_empty() && instructions::can_count()) {
        steps.take("counts of instructions", || {
            instructions::check(workspace, &instructions::Options { record: false }, not_run)
        });
    } else if options.only.is_empty() {
        let why = "valgrind is missing (Linux: apt install valgrind)";
        not_run.add(instructions::COUNTED.len(), "counts of instructions", why)?;
    }
    steps.finish()
}

/// Fails before anything is built where a client is missing that no task can install.
fn require_clients() -> anyhow::Result<()> {
    let missing = missing_of(&["curl", "wget"]);
    if !missing.is_empty() {
        bail!(
            "not found: {names}, which the conformance suite fetches files with. Install {names} (Debian: apt install \
             {packages}) and run this again, or leave the suite out: --only rust --only doc",
            names = missing.join(" and "),
            packages = missing.join(" "),
        );
    }
    Ok(())
}

fn missing_of(programs: &[&'static str]) -> Vec<&'static str> {
    let is_missing = |program: &&str| !answers(Command::new(program).arg("--version"));
    programs.iter().copied().filter(is_missing).collect()
}

fn rust(workspace: &Workspace, not_run: &NotRun) -> anyhow::Result<()> {
    if answers(cargo(workspace.root()).args(["nextest", "--version"])) {
        return cargo_tests(workspace, &["nextest", "run", "--workspace"], not_run);
    }
    eprintln!("cargo-nextest is not installed, so `cargo test` runs the tests: slower, and as thorough");
    cargo_tests(workspace, &["test", "--workspace", "--lib", "--bins", "--tests"], not_run)
}

fn cargo_tests(workspace: &Workspace, arguments: &[&str], not_run: &NotRun) -> anyhow::Result<()> {
    let mut cargo = cargo(workspace.root());
    run(not_run.share(cargo.args(arguments).env("PRESIGN_PYTHON", python::interpreter(workspace))))
}

fn conformance(workspace: &Workspace, options: &Options, not_run: &NotRun) -> anyhow::Result<()> {
    let mut build = cargo(workspace.root());
    build.args(["build", "--package", "presign-cli"]);
    if options.long {
        build.arg("--release");
    }
    run(&mut build)?;
    let presign = workspace.presign(options.long);
    if !presign.exists() {
        bail!("{} was built and is not there; is CARGO_BUILD_TARGET set? Unset it", presign.display());
    }
    let mut pytest = Command::new(python::interpreter(workspace));
    pytest.args(["-m", "pytest"]).current_dir(workspace.conformance()).env("PRESIGN_BINARY", presign);
    // A system's own folder for temporary files may be memory, and small.
    pytest.arg("--basetemp").arg(workspace.scratch());
    if options.long {
        pytest.arg("--long");
    }
    run(not_run.share(pytest.args(&options.pytest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_and_nothing_else() {
        assert_eq!(missing_of(&["cargo", "no-program-of-this-name"]), ["no-program-of-this-name"]);
    }
}
