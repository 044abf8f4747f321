//! `presign fsck`: whether a store is what was written.

use std::io;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, ValueHint};
use presign_store::check::{Checked, Finding, check};
use presign_store::repair::{Repair, repair};

use super::Outcome;

/// Check a store that is not running: every page, row and index of its database, and every blob
///
/// Each thing that is not as it should be is named, with the bucket and key where they can be known, and with what to
/// do about it. Nothing is changed, but that what a crash left in the database's log is recovered, as the next start
/// would do it. Of a directory that a version of Presign before this one has made, a copy of the database is checked, for
/// which the directory of temporary files (TMPDIR) needs room; so that version can still open the directory.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FsckArguments {
    /// The data directory; ./presign-data without it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, env = "PRESIGN_DATA", default_value = "presign-data")]
    data: PathBuf,

    /// Repair the database if it does not open: accept pages that another program with SQLite has written, and save what
    /// is in a damaged log
    ///
    /// The repair is made on a copy, which takes the place of the database only if every page, row and index in it is whole.
    /// What was there is kept in DIR/before-repair-N. Otherwise nothing is changed. Objects whose blobs are missing or
    /// damaged are named, and the exit code is 1 then; they do not prevent the repair.
    #[arg(long)]
    repair: bool,
}

const EXAMPLES: &str = "\
Examples:
  presign fsck --data /srv/presign
  presign fsck --data /srv/presign --repair

Exit codes:
  0  clean: everything that the store holds is what was written; notes are no damage
  1  damaged, or not to be checked, as while a server has the directory open";

/// Checks, and prints what is found. A reader who has read enough misses nothing of the verdict, which the exit code is.
pub(crate) fn run(arguments: &FsckArguments) -> Result<Outcome> {
    let mut out = io::stdout().lock();
    let mut printed = Ok(());
    let tell = |finding: &Finding| {
        if printed.is_ok() {
            printed = print(&mut out, finding);
        }
    };
    let (checked, repaired) = if arguments.repair {
        let repaired = repair(&arguments.data, tell)?;
        (repaired.checked, Some(repaired))
    } else {
        (check(&arguments.data, tell)?, None)
    };
    let printed = printed.and_then(|()| {
        if let Some(repaired) = &repaired {
            print_repair(&mut out, repaired)?;
        }
        print_verdict(&mut out, arguments, &checked)
    });
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output cannot be written")
        }
        _ if checked.is_clean() => Ok(Outcome::Done),
        _ => Ok(Outcome::Refused),
    }
}

/// Says how much there is, or how much is damaged.
fn print_verdict(out: &mut impl io::Write, arguments: &FsckArguments, checked: &Checked) -> io::Result<()> {
    let (objects, blobs, bytes) = (checked.intact, checked.blobs, checked.blob_bytes);
    let data = arguments.data.display();
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

/// Says exactly what a repair did.
fn print_repair(out: &mut impl io::Write, repair: &Repair) -> io::Result<()> {
    if !repair.was_needed() {
        return writeln!(
            out,
            "repair: nothing was changed, because nothing that a repair can mend is damaged"
        );
    }
    if let Some(log) = &repair.log {
        let (frames, put_right) = (log.frames.len(), log.put_right);
        writeln!(
            out,
            "repair: {frames} frame(s) of the log have changed, and {put_right} of them could be put right"
        )?;
        writeln!(
            out,
            "repair: {} commit(s) in the log are whole, and {} behind the damage are lost",
            log.commits, log.lost_commits
        )?;
    }
    for page in &repair.pages {
        writeln!(out, "repair: page {page} of metadata.sqlite has no valid checksum")?;
    }
    match &repair.replaced {
        Some(kept) => writeln!(
            out,
            "repair: metadata.sqlite was replaced by a copy with all of that and with new checksums, in which every page, row \
             and index is whole; what was there is in {}, and can be deleted when nothing is missed",
            kept.display()
        ),
        None => writeln!(out, "repair: nothing was changed, because the database would be damaged, as above"),
    }
}
