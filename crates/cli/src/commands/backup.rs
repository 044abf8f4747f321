//! `presign backup`: a copy of a store, also of one that runs.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use presign_store::backup::{BackupOptions, MASTER_KEY, create};

use crate::standard_error::say;

/// Copy a store, also while a server has it open
///
/// The backup holds everything that was acknowledged before it began, every object as it was at one moment, and all of it
/// is compared with its checksums on the way. It is a directory that is made under the name DIR.partial and renamed when
/// it is whole and on the disk: what has the name DIR is a backup. While it is made, deleted objects keep their space.
///
/// The master key, which the secret access keys in the store are sealed with, is not in the backup unless
/// --with-master-key says so. If the data directory has a master.key, keep a copy of it elsewhere: without it a restored
/// store has every object, and needs new access keys. With it, whoever has the backup can sign as anyone the store knows.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BackupArguments {
    /// Where the backup is to be; it must not exist yet
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    destination: PathBuf,

    /// The data directory; ./presign-data without it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, env = "PRESIGN_DATA", default_value = "presign-data")]
    data: PathBuf,

    /// Take master.key along, if there is one
    #[arg(long)]
    with_master_key: bool,
}

const EXAMPLES: &str = "\
Examples:
  presign backup --data /srv/presign /mnt/backups/2026-11-27
  presign restore /mnt/backups/2026-11-27 --data /srv/presign-again

It is to be run as the user that the server runs as, on the same machine.";

/// Makes the backup.
pub(crate) fn run(arguments: &BackupArguments, quiet: bool) -> Result<()> {
    let options = BackupOptions { with_master_key: arguments.with_master_key };
    let made = create(&arguments.data, &arguments.destination, options, |finding| {
        say(format_args!("damaged: {finding}"));
    })?;
    if !quiet {
        let (objects, blobs, bytes) = (made.objects, made.blobs, made.blob_bytes);
        let destination = arguments.destination.display();
        say(format_args!(
            "{destination}: {objects} object(s), {blobs} of them in blobs of {bytes} bytes together"
        ));
        // With the root key, or the master key itself, in the settings there is no such file.
        let master_key = arguments.data.join(MASTER_KEY);
        if !arguments.with_master_key && master_key.exists() {
            let master_key = master_key.display();
            say(format_args!("The master key is not in it; keep a copy of {master_key} elsewhere."));
        }
    }
    Ok(())
}
