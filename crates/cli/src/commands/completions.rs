//! `presign completions`: what a shell needs to complete our options.

use std::io::{self, Write as _};

use anyhow::Result;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;

/// Print a completion script for a shell.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  presign completions bash > ~/.local/share/bash-completion/completions/presign
  presign completions zsh > ~/.zfunc/_presign        # with ~/.zfunc in $fpath
  presign completions fish > ~/.config/fish/completions/presign.fish";

/// Prints the script.
pub(crate) fn run(arguments: &CompletionsArguments) -> Result<()> {
    // Into memory first: the generator panics where a pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "presign", &mut script);
    io::stdout().write_all(&script)?;
    Ok(())
}
