//! `presign man`: the manual pages.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Command, CommandFactory as _, ValueHint};
use clap_mangen::Man;

use crate::cli::Cli;

/// Print the manual page, or write the pages of all commands into a folder.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ManArguments {
    /// Write presign.1 and a page for each command into this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  presign man | man -l -
  presign man --out ~/.local/share/man/man1";

/// Prints or writes the pages.
pub(crate) fn run(arguments: &ManArguments) -> Result<()> {
    let mut root = Cli::command();
    root.build();
    let Some(folder) = &arguments.out else {
        io::stdout().write_all(&page(&root)?)?;
        return Ok(());
    };
    fs::create_dir_all(folder).with_context(|| format!("{}: the folder cannot be made", folder.display()))?;
    let write = |name: String, command: &Command| -> Result<()> {
        let path = folder.join(name);
        fs::write(&path, page(command)?).with_context(|| format!("{} cannot be written", path.display()))
    };
    write("presign.1".to_owned(), &root)?;
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        write(format!("presign-{}.1", command.get_name()), command)?;
    }
    Ok(())
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let extra = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    let command = command.clone().after_help(None::<&str>).after_long_help(None::<&str>);
    Man::new(command).render(&mut page)?;
    if let Some(extra) = extra {
        // Otherwise the lines would be filled, and examples are to be copied.
        writeln!(page, ".SH EXTRA\n.nf")?;
        for line in extra.lines() {
            writeln!(page, "\\&{}", line.replace('\\', "\\e").replace('-', "\\-"))?;
        }
        writeln!(page, ".fi")?;
    }
    Ok(page)
}
