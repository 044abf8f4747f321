//! Loses power under a Presign store, thousands of times, and holds what is left against what was acknowledged.
//! README.md beside this crate says how.

mod campaign;
mod control;
mod crash;
mod device;
mod disk;
mod figures;
mod guard;
mod history;
mod kinds;
mod mounted;
mod requirements;
mod shelf;
mod subject;
mod verify;
mod workload;

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::Parser;

/// Loses power under a Presign store and holds what is left against what was acknowledged.
#[derive(Parser)]
#[command(max_term_width = 100)]
pub(crate) struct Arguments {
    /// At least this many images are made of first crashes.
    #[arg(long, default_value_t = 60)]
    images: usize,
    /// At least this many are made of second crashes, in the recovery from a first one.
    #[arg(long, default_value_t = 12)]
    second_crashes: usize,
    /// At least this many are made with a broken write order, and must show losses.
    #[arg(long, default_value_t = 20)]
    controls: usize,
    /// Decides what is written and when the power is lost; how the writers interleave it does not.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the file systems are mounted, and images that show a fault are kept.
    #[arg(long, value_name = "DIRECTORY", default_value = "target/powerloss")]
    scratch: PathBuf,
    /// Whether this process has mounts of its own.
    #[arg(long, hide = true)]
    isolated: bool,
    #[command(flatten)]
    watch: guard::Watch,
}

/// Something is missing on this machine, so nothing was tried.
const NOT_RUN: u8 = 77;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.watch.guard.is_some() {
        return match guard::watch(&arguments.watch) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("powerloss: {error:#}");
                ExitCode::FAILURE
            }
        };
    }
    if let Some(missing) = requirements::missing() {
        println!("the power-loss rig was not run, for this machine lacks: {missing}");
        return ExitCode::from(NOT_RUN);
    }
    let done = if arguments.isolated { campaign::run(&arguments) } else { isolate().map(|()| false) };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("powerloss: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Starts over with mounts that nobody else sees. However the process ends, be it by SIGKILL, they end with it (the guard
/// sees to that), and the loop devices, which free themselves when they are unmounted, end with them.
fn isolate() -> anyhow::Result<()> {
    let program = std::env::current_exe().context("where this program is")?;
    let error = Command::new("unshare")
        .args(["--mount", "--propagation", "private"])
        .arg(program)
        .arg("--isolated")
        .args(std::env::args_os().skip(1))
        .exec();
    Err(error).context("`unshare` could not be started")
}
