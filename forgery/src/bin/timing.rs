//! `cargo xtask timing`: what the time of a refusal tells.

use std::process::ExitCode;

use clap::Parser;
use presign_forgery::{Random, timing};

/// Verifies pairs of requests that differ in what a stranger would like to learn, and compares the times.
#[derive(Parser)]
#[command(name = "timing")]
struct Options {
    /// Where the random numbers begin that choose which of a pair comes next.
    #[arg(long, default_value_t = 20_261_121)]
    seed: u64,
    /// Samples of each case.
    #[arg(long, default_value_t = 200_000)]
    samples: usize,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut random = Random::new(options.seed);
    println!("seed {}, {} samples of each case", options.seed, options.samples);
    let mut is_control_found = true;
    for case in timing::cases() {
        let measurement = timing::measure(&case, options.samples, &mut random);
        println!("{measurement}");
        if case.is_control && measurement.t.abs() < 10.0 {
            println!(
                "the leak of the control was not found: this machine is too restless to measure anything"
            );
            is_control_found = false;
        }
    }
    if is_control_found { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
