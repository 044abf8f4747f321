//! `cargo xtask proxied`: the built `presign serve` behind nginx, where two parties read every request.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};

use crate::command::{answers, cargo, run};
use crate::not_run::NotRun;
use crate::python;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// For pytest, after `--`: `cargo xtask proxied -- -k chunks`.
    #[arg(last = true, value_name = "PYTEST ARGUMENTS")]
    pytest: Vec<String>,
}

/// What it exits with when the machine lacks something, after a line that says what.
const NOT_RUN: u8 = 77;

pub(crate) fn prove(workspace: &Workspace, options: &Options, not_run: &NotRun) -> anyhow::Result<ExitCode> {
    let is_there = |program| answers(Command::new(program).arg("-v"));
    if !is_there("nginx") && !is_there("/usr/sbin/nginx") {
        let count = count_tests(workspace)?;
        not_run.add(count, "tests through a proxy", "nginx is missing (Debian: apt-get install nginx)")?;
        return Ok(ExitCode::from(NOT_RUN));
    }
    python::install(workspace)?;
    run(cargo(workspace.root()).args(["build", "--package", "presign-cli"]))?;
    let mut pytest = Command::new(python::interpreter(workspace));
    pytest.args(["-m", "pytest", "proxied"]).current_dir(workspace.conformance());
    pytest.env("PRESIGN_BINARY", workspace.presign(false));
    pytest.arg("--basetemp").arg(workspace.target().join("proxied"));
    run(pytest.args(&options.pytest))?;
    Ok(ExitCode::SUCCESS)
}

/// How many tests there are, as pytest counts them.
fn count_tests(workspace: &Workspace) -> anyhow::Result<usize> {
    python::install(workspace)?;
    let mut pytest = Command::new(python::interpreter(workspace));
    pytest
        .args(["-m", "pytest", "proxied", "--collect-only", "--quiet"])
        .current_dir(workspace.conformance());
    let listed = pytest.output().context("pytest could not be started")?;
    let count = String::from_utf8_lossy(&listed.stdout).lines().filter(|line| line.contains("::")).count();
    if count == 0 {
        bail!("pytest lists no tests in `proxied`: {}", String::from_utf8_lossy(&listed.stderr));
    }
    Ok(count)
}
