//! `presign fsck`: whether a store is what was written.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueHint};
use presign_store::check::{Checked, Finding, check};

use super::Outcome;

/// Check a store that is not running: every page, row and index of its database, and every blob
///
/// Each thing that is not as it should be is named, with the bucket and key where they can be known, and with what to
/// do about it. Nothing is changed, but that what a crash left in the database's log is recovered, as the next start
/// would do it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FsckArguments {
    /// The data directory; ./presign-data without it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, env = "PRESIGN_DATA", default_value = "presign-data")]
    data: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  presign fsck --data /srv/presign

Exit codes:
  0  clean: everything that the store holds is what was written; notes are no damage
  1  damaged, or not to be checked, as while a server has the directory open";

/// Checks, and prints what is found. A reader who has read enough misses nothing of the verdict, which the exit code is.
pub(crate) fn run(arguments: &FsckArguments) -> Result<Outcome> {
    let mut out = io::stdout().lock();
    let mut printed = Ok(());
    let checked = check(&arguments.data, |finding| {
        if printed.is_ok() {
            printed = print(&mut out, finding);
        }
    })?;
    let printed = printed.and_then(|()| print_verdict(&mut out, &arguments.data, &checked));
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output cannot be written")
        }
        _ if checked.is_clean() => Ok(Outcome::Done),
        _ => Ok(Outcome::Refused),
    }
}

fn print_verdict(out: &mut impl io::Write, data: &Path, checked: &Checked) -> io::Result<()> {
    let (objects, blobs, bytes) = (checked.intact, checked.blobs, checked.blob_bytes);
    let data = data.display();
    if checked.is_clean() {
        writeln!(
            out,
            "{data} is clean: {objects} object(s), {blobs} of them in blobs of {bytes} bytes together"
        )?;
    } else {
        let damaged = checked.damaged;
        writeln!(out, "{data} is damaged: {damaged} finding(s); {objects} object(s) are intact")?;
    }
    out.flush()
}

fn print(out: &mut impl io::Write, finding: &Finding) -> io::Result<()> {
    let kind = if finding.is_damage() { "damaged" } else { "note" };
    writeln!(out, "{kind}: {finding}\n    what to do: {}", finding.advice())
}
