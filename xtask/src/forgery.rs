//! `cargo xtask forgery`: the long run of altered requests.

use crate::command::{cargo, run};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the random numbers begin. The stores' ports, and with them the signatures, differ from run to run.
    #[arg(long, default_value_t = 20_261_121)]
    seed: u64,
    /// How many requests of another meaning are tried in process.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    in_process: u64,
    /// How many are sent over a socket.
    #[arg(long, value_name = "COUNT", default_value_t = 50_000)]
    wire: u64,
    /// How many links and secrets are put into requests, to be searched for in the log.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000)]
    disclosure: u64,
}

pub(crate) fn run_long(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let mut forgery = cargo(workspace.root());
    forgery.args(["run", "--quiet", "--release", "--package", "presign-forgery", "--bin", "forgery", "--"]);
    for (name, value) in [
        ("--seed", options.seed),
        ("--in-process", options.in_process),
        ("--wire", options.wire),
        ("--disclosure", options.disclosure),
    ] {
        forgery.args([name, &value.to_string()]);
    }
    run(&mut forgery)
}
