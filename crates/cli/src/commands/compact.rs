//! `presign compact`: the database without the space of what was deleted.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use presign_store::compact;

use crate::standard_error::say;

/// Give the space of deleted rows in the database back, of a store that is not running
///
/// A running store gives it back by itself when it has nothing else to do, unless its database was made by a version of
/// Presign before that. This writes such a database anew, once. The new database is compared row by row and is on the disk
/// before it takes the place of the old one, and needs its space beside it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompactArguments {
    /// The data directory; ./presign-data without it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, env = "PRESIGN_DATA", default_value = "presign-data")]
    data: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  presign compact --data /srv/presign";

/// Compacts, and says what that gave.
pub(crate) fn run(arguments: &CompactArguments, quiet: bool) -> Result<()> {
    let made = compact(&arguments.data)?;
    if !quiet {
        let (before, after) = (made.before, made.after);
        say(format_args!("{}: the database had {before} bytes and has {after}", arguments.data.display()));
    }
    Ok(())
}
