//! `presign restore`: a store from a backup.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use presign_store::backup::{MASTER_KEY, restore};

use crate::standard_error::say;

/// Make a store of a backup, and check all of it
///
/// The data directory must not exist, or be empty. The database comes last: a directory in which that was not reached is
/// refused by `presign serve`, and can be deleted.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RestoreArguments {
    /// The backup, as `presign backup` made it
    #[arg(value_name = "BACKUP", value_hint = ValueHint::DirPath)]
    backup: PathBuf,

    /// The data directory to make; ./presign-data without it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, env = "PRESIGN_DATA", default_value = "presign-data")]
    data: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  presign restore /mnt/backups/2026-11-27 --data /srv/presign-again

If the store had a master.key and the backup is without it, copy it into the data directory before the store is started. A
store with the root key or the master key in its settings is started with the same settings.";

/// Restores, and says what there is.
pub(crate) fn run(arguments: &RestoreArguments, quiet: bool) -> Result<()> {
    let made =
        restore(&arguments.backup, &arguments.data, |finding| say(format_args!("damaged: {finding}")))?;
    let key = arguments.backup.join(MASTER_KEY);
    // The copy is its owner's alone; a disaster is no time to refuse one, on a disk that knows no modes perhaps.
    if std::fs::metadata(&key).is_ok_and(|metadata| metadata.permissions().mode() & 0o007 != 0) {
        let key = key.display();
        say(format_args!(
            "presign: warning: {key}: everybody on the machine may read this master key; run: chmod 600 {key}"
        ));
    }
    if !quiet {
        let (objects, blobs, bytes) = (made.objects, made.blobs, made.blob_bytes);
        let data = arguments.data.display();
        say(format_args!(
            "{data}: {objects} object(s), {blobs} of them in blobs of {bytes} bytes together; all of it checked"
        ));
    }
    Ok(())
}
