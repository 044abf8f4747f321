//! The project's own tasks, run as `cargo xtask TASK`.

mod bench;
mod command;
mod compare;
mod durability;
mod forgery;
mod fuzz;
mod growth;
mod instructions;
mod lint;
mod node;
mod not_run;
mod proxied;
mod published_faults;
mod python;
mod setup;
mod stamp;
mod steps;
mod test;
mod timing;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::not_run::NotRun;
use crate::workspace::Workspace;

/// The project's own tasks.
///
/// A Rust toolchain, Python 3, Node, curl and wget are all that a machine needs. Everything else is installed by
/// the tasks themselves into the project's own folders: `.venv`, `conformance/js/node_modules` and `target`.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every test: the Rust tests, the examples in the documentation, and the conformance suite in which
    /// boto3, the AWS CLI, the JavaScript SDK, curl and wget meet the built `presign`.
    Test(test::Options),
    /// Check format, clippy and rustdoc with warnings denied, spelling, the names of tests in
    /// `docs/published-faults.md`, and the dependencies' licences and sources.
    Lint,
    /// Install what the tests and checks need, and nothing else. `test` and `lint` do this by themselves.
    Setup,
    /// Run the benchmarks.
    Bench(bench::Options),
    /// Measure what a request costs `presign serve`, beside nginx (Linux, two cores, nginx).
    Compare(compare::Options),
    /// Lose power under the store, fill its disk and make its system calls fail, and hold what is left against what
    /// was acknowledged (Linux, root; exits with 77 where something is missing, and says what).
    Durability(durability::Options),
    /// Send requests whose end is a matter of opinion through nginx in front of `presign serve` (exits with 77 where there
    /// is no nginx).
    Proxied(proxied::Options),
    /// Alter a million good requests, and expect the store to refuse every one that means something else. A short run
    /// is part of `test`.
    Forgery(forgery::Options),
    /// Try millions of inputs on one parser with libFuzzer. A short run of every parser is part of `test`.
    Fuzz(fuzz::Options),
    /// Measure whether the time of a refusal tells which keys there are, or how much of a signature is right.
    Timing(timing::Options),
    /// Count the instructions of a signature, a verification and a presigned GET, and hold them against
    /// `bench/instructions.toml` (valgrind). `test` does this where valgrind is installed.
    Instructions(instructions::Options),
    /// Measure a store of five million objects beside one of ten thousand (Linux, two cores, strace, minutes).
    Growth(growth::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::locate()?;
    let not_run = NotRun::of(&workspace)?;
    let outcome = start(task, &workspace, &not_run);
    if let Err(error) = &outcome {
        eprintln!("xtask: {error:#}");
    }
    not_run.tell();
    Ok(outcome.unwrap_or(ExitCode::FAILURE))
}

fn start(task: Task, workspace: &Workspace, not_run: &NotRun) -> anyhow::Result<ExitCode> {
    match task {
        Task::Test(options) => test::pass(workspace, &options, not_run),
        Task::Lint => lint::check(workspace, not_run),
        Task::Setup => setup::install(workspace),
        Task::Bench(options) => bench::measure(workspace, &options),
        Task::Instructions(options) => instructions::check(workspace, &options, not_run),
        Task::Growth(options) => growth::measure(workspace, &options),
        Task::Compare(options) => compare::measure(workspace, &options),
        Task::Forgery(options) => forgery::run_long(workspace, &options),
        Task::Fuzz(options) => fuzz::search(workspace, &options),
        Task::Timing(options) => timing::measure(workspace, &options),
        Task::Proxied(options) => return proxied::prove(workspace, &options, not_run),
        Task::Durability(options) => return durability::prove(workspace, &options, not_run),
    }?;
    Ok(ExitCode::SUCCESS)
}
