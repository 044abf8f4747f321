//! `cargo xtask forgery`: the long run.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use clap::Parser;
use presign_forgery::{disclosure, in_process, wire};

/// Alters good requests and expects every one of another meaning to be refused.
#[derive(Parser)]
#[command(name = "forgery")]
struct Options {
    /// Where the random numbers begin.
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

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let mut has_failed = false;
    if options.in_process > 0 {
        let report = in_process::run(options.seed, options.in_process)?;
        println!("in process, seed {}: {report}", options.seed);
        has_failed |= report.failed > 0;
    }
    if options.wire > 0 {
        let report = wire::run(options.seed, options.wire)?;
        println!("over the wire, seed {}: {report}", options.seed);
        has_failed |= report.failed > 0;
    }
    if options.disclosure > 0 {
        let report = disclosure::run(options.seed, options.disclosure)?;
        println!("in the log, seed {}: {report}", options.seed);
        has_failed |= report.failed > 0;
    }
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
