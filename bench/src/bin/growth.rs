//! What grows with the number of objects; `cargo xtask growth` builds what this needs and runs it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use presign_bench::Style;
use presign_bench::growth::{Options, Part, Population, measure};

/// Measure a large store beside a small one.
#[derive(Parser)]
#[command(bin_name = "cargo xtask growth", max_term_width = 100)]
struct Arguments {
    /// The `presign` to measure.
    #[arg(long, value_name = "PATH")]
    presign: PathBuf,
    /// Where the filled stores are kept, for the next run too: about four gigabytes.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// How many objects the small store has.
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER")]
    small: u64,
    /// How many objects the large store has.
    #[arg(long, default_value_t = 5_000_000, value_name = "NUMBER")]
    large: u64,
    /// How many objects beside those are files of their own, in the large store; the small one has a tenth.
    #[arg(long, default_value_t = 20_000, value_name = "NUMBER")]
    blobs: u64,
    /// Measure only this. Repeat it for several.
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// Leave what `perf` sees of the requests in this folder.
    #[arg(long, value_name = "DIR")]
    profile: Option<PathBuf>,
    /// How many windows each store gets.
    #[arg(long, default_value_t = 5, value_name = "NUMBER")]
    windows: usize,
    /// How long each window is.
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS")]
    seconds: f64,
    /// Write the tables as Markdown.
    #[arg(long)]
    markdown: bool,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("growth: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    std::fs::create_dir_all(&arguments.folder)
        .with_context(|| format!("{} cannot be made", arguments.folder.display()))?;
    let options = Options {
        program: arguments.presign,
        folder: arguments.folder,
        populations: [
            Population { objects: arguments.small, blobs: arguments.blobs / 10 },
            Population { objects: arguments.large, blobs: arguments.blobs },
        ],
        only: arguments.only,
        profile: arguments.profile,
        windows: arguments.windows.max(1),
        window: Duration::try_from_secs_f64(arguments.seconds).context("--seconds")?,
        style: if arguments.markdown { Style::Markdown } else { Style::Text },
    };
    measure(&options, &|table| println!("{table}"))
}
