//! The `presign` command.

#![forbid(unsafe_code)]
// They panic where they cannot write: a result is written with `writeln!`, whose error counts, and the rest with
// `standard_error::say`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod aws;
mod cli;
mod commands;
mod content_disposition;
mod curl;
mod demo;
mod duration;
mod exports;
mod gathered_log;
mod html_form;
mod log_line;
mod media_type;
mod pairs;
mod s3_uri;
mod server_log;
mod shell;
mod size;
mod standard_error;
mod stop_signal;
mod store_error;
mod time;
mod upload;
mod url_path;
mod usage;
mod warnings;

use std::io;
use std::process::ExitCode;

use clap::Parser as _;
use presign::SignError;

use crate::cli::Cli;
use crate::commands::Outcome;
use crate::usage::UsageError;

/// glibc's malloc keeps what thousands of connections needed once.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Done.
const SUCCESS: u8 = 0;
/// Refused or failed; standard error says why.
const FAILURE: u8 = 1;
/// Called in a way that makes no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    ExitCode::from(match commands::run(cli) {
        Ok(Outcome::Done) => SUCCESS,
        Ok(Outcome::Refused) => FAILURE,
        // Whoever read our output has read enough of it.
        Err(error) if is_broken_pipe(&error) => SUCCESS,
        Err(error) => {
            standard_error::say(format_args!("presign: {error:#}"));
            if is_usage(&error) { USAGE } else { FAILURE }
        }
    })
}

/// What cannot be signed as asked was asked on the command line, such as a life of eight days.
fn is_usage(error: &anyhow::Error) -> bool {
    error.is::<UsageError>() || error.is::<SignError>()
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
