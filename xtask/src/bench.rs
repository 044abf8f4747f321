//! `cargo xtask bench`: what signing and verifying cost, beside other signers.

use crate::command::{cargo, run};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// For the benchmark, after `--`: a filter, or the benchmark harness's own options.
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

pub(crate) fn measure(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let mut bench = cargo(workspace.root());
    bench.args(["bench", "--package", "presign-bench"]);
    if !options.arguments.is_empty() {
        bench.arg("--").args(&options.arguments);
    }
    run(&mut bench)
}
