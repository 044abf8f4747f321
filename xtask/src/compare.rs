//! `cargo xtask compare`: what a request costs `presign serve`, beside nginx.

use std::ffi::OsString;
use std::process::Command;

use crate::command::{cargo, run};
use crate::python;
use crate::workspace::Workspace;

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// `--help` lists them: `--only ROW`, `--presign [NAME=]PATH`, `--windows NUMBER`, `--markdown`, …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Builds the store, as its users do, and what measures it; a `presign` that is named is not built.
pub(crate) fn measure(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let root = workspace.root();
    let is_named = |argument: &OsString| argument.to_string_lossy().starts_with("--presign");
    let mut build = cargo(root);
    build.args(["build", "--release", "--package", "presign-bench", "--bin", "compare"]);
    run(&mut build)?;
    let mut compare = Command::new(workspace.built("compare", true));
    if !options.arguments.iter().any(is_named) {
        run(cargo(root).args(["build", "--release", "--package", "presign-cli"]))?;
        compare.arg("--presign").arg(workspace.presign(true));
    }
    python::install(workspace)?;
    compare.arg("--python").arg(python::interpreter(workspace));
    compare.arg("--script").arg(root.join("bench").join("presigned_urls.py"));
    compare.arg("--folder").arg(workspace.target()).args(&options.arguments);
    run(&mut compare)
}
