//! nginx and `presign serve` side by side; `cargo xtask compare` builds what this needs and runs it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser;
use presign_bench::Style;
use presign_bench::compare::{Boto3, Contestant, Nginx, Options, PresignServe, ROWS, Row, S3sFs, compare};
use presign_bench::load::AWAKE;

/// Measure what a request costs nginx, `presign serve` and s3s-fs, one after the other.
///
/// s3s-fs, another S3 server that verifies signatures, is measured where it is on the path; to install it:
/// cargo install s3s-fs --features binary
#[derive(Parser)]
#[command(bin_name = "cargo xtask compare", max_term_width = 100)]
struct Arguments {
    /// A `presign` to measure, as a path or NAME=PATH. Repeat it to compare several.
    #[arg(long = "presign", value_name = "[NAME=]PATH", required = true)]
    binaries: Vec<String>,
    /// A Python that has boto3.
    #[arg(long, value_name = "PATH")]
    python: PathBuf,
    /// The script that asks boto3 for URLs.
    #[arg(long, value_name = "PATH")]
    script: PathBuf,
    /// Where to keep everything meanwhile; removed at the end.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// Measure only this row: get-1k, get-64k, get-10m, put-1k, put-64k, put-256m. Repeat it for several.
    #[arg(long, value_name = "ROW")]
    only: Vec<String>,
    /// How many windows each server gets in each row.
    #[arg(long, default_value_t = 5, value_name = "NUMBER")]
    windows: usize,
    /// How long each window is.
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS")]
    seconds: f64,
    /// How often each server is started for its first answer.
    #[arg(long, default_value_t = 10, value_name = "NUMBER")]
    starts: usize,
    /// Let the client sleep whenever there is no answer yet, so that waking it up is a part of the server's time.
    #[arg(long)]
    sleepy_client: bool,
    /// Write the table as Markdown.
    #[arg(long)]
    markdown: bool,
    /// Record one more, longer window of each row and server with `perf`, into this folder.
    #[arg(long, value_name = "DIR")]
    profile: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let nginx = Nginx::find()?;
    let boto3 = Boto3 { python: arguments.python, script: arguments.script };
    let stores = arguments.binaries.iter().map(|given| {
        let (name, program) = given.split_once('=').unwrap_or(("presign", given));
        let program = PathBuf::from(program);
        let program =
            program.canonicalize().with_context(|| format!("{} is not there", program.display()))?;
        Ok(PresignServe { name: name.to_owned(), program, boto3: boto3.clone() })
    });
    let stores = stores.collect::<anyhow::Result<Vec<_>>>()?;
    let mut contestants: Vec<&dyn Contestant> = vec![&nginx];
    contestants.extend(stores.iter().map(|store| -> &dyn Contestant { store }));
    let peer = S3sFs::find(boto3);
    match &peer {
        Some(peer) => contestants.push(peer),
        None => eprintln!("s3s-fs is not installed, so it is not measured"),
    }
    let folder = tempfile::Builder::new().prefix("compare-").tempdir_in(&arguments.folder);
    let folder = folder.with_context(|| format!("{} cannot be written", arguments.folder.display()))?;
    let options = Options {
        rows: rows(&arguments.only)?,
        windows: arguments.windows.max(1),
        window: Duration::try_from_secs_f64(arguments.seconds).context("--seconds")?,
        awake: if arguments.sleepy_client { Duration::ZERO } else { AWAKE },
        starts: arguments.starts,
        folder: folder.path().to_owned(),
        profile: arguments.profile,
        style: if arguments.markdown { Style::Markdown } else { Style::Text },
    };
    print!("{}", compare(&contestants, &options)?);
    Ok(())
}

fn rows(only: &[String]) -> anyhow::Result<Vec<Row>> {
    if let Some(unknown) = only.iter().find(|&id| ROWS.iter().all(|row| row.id != *id)) {
        let known: Vec<&str> = ROWS.iter().map(|row| row.id).collect();
        bail!("there is no row `{unknown}`; there are {}", known.join(", "));
    }
    Ok(ROWS.iter().filter(|row| only.is_empty() || only.iter().any(|id| id == row.id)).copied().collect())
}
