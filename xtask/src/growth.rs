//! `cargo xtask growth`: what requests, listings and starts cost with five million objects, beside ten thousand.

use std::ffi::OsString;
use std::process::Command;

use crate::command::{cargo, run};
use crate::workspace::Workspace;

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// `--help` lists them: `--large NUMBER`, `--presign PATH`, `--windows NUMBER`, `--markdown`, …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Builds the store, as its users do, and what fills and measures it; a `presign` that is named is not built.
pub(crate) fn measure(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let root = workspace.root();
    let is_named =
        |name: &str| options.arguments.iter().any(|argument| argument.to_string_lossy().starts_with(name));
    run(cargo(root).args(["build", "--release", "--package", "presign-bench", "--bin", "growth"]))?;
    let mut growth = Command::new(workspace.built("growth", true));
    if !is_named("--presign") {
        run(cargo(root).args(["build", "--release", "--package", "presign-cli"]))?;
        growth.arg("--presign").arg(workspace.presign(true));
    }
    if !is_named("--folder") {
        growth.arg("--folder").arg(workspace.target().join("growth"));
    }
    run(growth.args(&options.arguments))
}
