//! One file a command.

pub(crate) mod access_key;
pub(crate) mod backup;
pub(crate) mod compact;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod fsck;
pub(crate) mod inspect;
pub(crate) mod man;
pub(crate) mod post;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod share;
pub(crate) mod url;

use anyhow::{Context as _, Result};
use tokio::runtime::{Builder, Runtime};

use crate::cli::{Cli, Command};

/// How a command that did its work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Done,
    /// What was looked at is refused; the command has said why.
    Refused,
}

/// Runs what was asked for.
pub(crate) fn run(cli: Cli) -> Result<Outcome> {
    let quiet = cli.quiet;
    match cli.command {
        Command::AccessKey(arguments) => small_runtime()?.block_on(access_key::run(&arguments, quiet)),
        Command::Backup(arguments) => {
            survive_file_size_limit()?;
            backup::run(&arguments, quiet)
        }
        Command::Compact(arguments) => {
            survive_file_size_limit()?;
            compact::run(&arguments, quiet)
        }
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Demo(arguments) => server_runtime()?.block_on(demo::run(&arguments)),
        Command::Fsck(arguments) => {
            survive_file_size_limit()?;
            return fsck::run(&arguments);
        }
        Command::Inspect(arguments) => return small_runtime()?.block_on(inspect::run(&arguments)),
        Command::Man(arguments) => man::run(&arguments),
        Command::Post(arguments) => small_runtime()?.block_on(post::run(&arguments, quiet)),
        Command::Restore(arguments) => {
            survive_file_size_limit()?;
            restore::run(&arguments, quiet)
        }
        Command::Serve(arguments) => return server_runtime()?.block_on(serve::run(*arguments, quiet)),
        Command::Share(arguments) => small_runtime()?.block_on(share::run(&arguments, quiet)),
        Command::Url(arguments) => small_runtime()?.block_on(url::run(&arguments, quiet)),
    }?;
    Ok(Outcome::Done)
}

/// Makes a file that would be too long an error instead of the end of the process, for a command without a runtime.
fn survive_file_size_limit() -> Result<()> {
    small_runtime()?
        .block_on(async { presign_server::survive_file_size_limit() })
        .context("the signal of the limit on file sizes cannot be caught")
}

/// A runtime on this thread alone, for commands that mostly compute.
fn small_runtime() -> Result<Runtime> {
    Builder::new_current_thread().enable_all().build().context("the runtime cannot be started")
}

/// A runtime on all processors, for the store.
fn server_runtime() -> Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("the runtime cannot be started")
}
