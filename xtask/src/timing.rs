//! `cargo xtask timing`: whether the time of a refusal tells a stranger anything.

use crate::command::{cargo, run};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the random numbers begin that choose which of a pair comes next.
    #[arg(long, default_value_t = 20_261_121)]
    seed: u64,
    /// Samples of each case.
    #[arg(long, value_name = "COUNT", default_value_t = 200_000)]
    samples: u64,
}

pub(crate) fn measure(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let mut timing = cargo(workspace.root());
    timing.args(["run", "--quiet", "--release", "--package", "presign-forgery", "--bin", "timing", "--"]);
    timing.args(["--seed", &options.seed.to_string(), "--samples", &options.samples.to_string()]);
    run(&mut timing)
}
