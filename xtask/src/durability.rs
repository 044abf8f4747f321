//! `cargo xtask durability`: what is acknowledged survives a loss of power, a full disk and a disk that fails.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use crate::command::{answers, cargo, run};
use crate::not_run::NotRun;
use crate::python;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// 2,000 images, 300 second crashes, and every fault at every place, on an optimised build. Takes an hour.
    #[arg(long)]
    long: bool,
    /// Decides what is written and when the power is lost.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Run only this part. Repeat it for several.
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// For pytest, after `--`: `cargo xtask durability --only faults -- -k full`.
    #[arg(last = true, value_name = "PYTEST ARGUMENTS")]
    pytest: Vec<String>,
}

/// A part of the proof.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Losses of power, under the store.
    Powerloss,
    /// Full disks and failing system calls, under the built `presign serve`.
    Faults,
}

/// What a part exits with when the machine lacks something, after a line that says what.
const NOT_RUN: u8 = 77;

pub(crate) fn prove(workspace: &Workspace, options: &Options, not_run: &NotRun) -> anyhow::Result<ExitCode> {
    let wants = |part| options.only.is_empty() || options.only.contains(&part);
    if wants(Part::Powerloss) && !lose_power(workspace, options, not_run)? {
        return Ok(ExitCode::from(NOT_RUN));
    }
    if wants(Part::Faults) {
        if !answers(Command::new("strace").arg("--version")) {
            let why = "strace is missing (Debian: apt-get install strace)";
            not_run.add(1, "the proof on full and failing disks", why)?;
            return Ok(ExitCode::from(NOT_RUN));
        }
        inject_faults(workspace, options)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says whether the machine has what it takes.
fn lose_power(workspace: &Workspace, options: &Options, not_run: &NotRun) -> anyhow::Result<bool> {
    build(workspace, options, "presign-powerloss")?;
    let mut rig = Command::new(workspace.built("presign-powerloss", options.long));
    rig.arg("--scratch").arg(workspace.target().join("powerloss"));
    if options.long {
        rig.args(["--images", "2000", "--second-crashes", "320", "--controls", "60"]);
    }
    if let Some(seed) = options.seed {
        rig.arg("--seed").arg(seed.to_string());
    }
    let mut rig = rig.stdout(Stdio::piped()).spawn().context("the power-loss rig could not be started")?;
    let mut last = String::new();
    for line in BufReader::new(rig.stdout.take().context("the rig has no output")?).lines() {
        last = line.context("the rig's output cannot be read")?;
        println!("{last}");
    }
    let status = rig.wait().context("the power-loss rig")?;
    match status.code() {
        Some(0) => Ok(true),
        Some(code) if code == i32::from(NOT_RUN) => {
            not_run.add(1, "the proof by losses of power", &last)?;
            Ok(false)
        }
        _ => bail!("the power-loss rig failed: {status}"),
    }
}

fn inject_faults(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    python::install(workspace)?;
    build(workspace, options, "presign-cli")?;
    let mut pytest = Command::new(python::interpreter(workspace));
    pytest.args(["-m", "pytest", "faults"]).current_dir(workspace.conformance());
    pytest.env("PRESIGN_BINARY", workspace.presign(options.long));
    pytest.arg("--basetemp").arg(workspace.target().join("faults"));
    if options.long {
        pytest.arg("--long");
    }
    if let Some(seed) = options.seed {
        pytest.arg("--seed").arg(seed.to_string());
    }
    run(pytest.args(&options.pytest))
}

fn build(workspace: &Workspace, options: &Options, package: &str) -> anyhow::Result<()> {
    let mut build = cargo(workspace.root());
    build.args(["build", "--package", package]);
    if options.long {
        build.arg("--release");
    }
    run(&mut build)
}
