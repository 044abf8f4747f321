//! The command tree.

use clap::{Parser, Subcommand};

use crate::commands::access_key::AccessKeyArguments;
use crate::commands::backup::BackupArguments;
use crate::commands::compact::CompactArguments;
use crate::commands::completions::CompletionsArguments;
use crate::commands::demo::DemoArguments;
use crate::commands::fsck::FsckArguments;
use crate::commands::inspect::InspectArguments;
use crate::commands::man::ManArguments;
use crate::commands::post::PostArguments;
use crate::commands::restore::RestoreArguments;
use crate::commands::serve::ServeArguments;
use crate::commands::share::ShareArguments;
use crate::commands::url::UrlArguments;

/// Make, check and honour presigned S3 URLs.
#[derive(Debug, Parser)]
#[command(name = "presign", version, propagate_version = true, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    /// Print no warnings
    #[arg(long, short, global = true, display_order = 900)]
    pub(crate) quiet: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the store: an S3 that honours presigned URLs
    Serve(Box<ServeArguments>),
    /// See what presigned URLs do, on a store made for it
    Demo(DemoArguments),
    /// Sign a URL for one object
    Url(Box<UrlArguments>),
    /// Sign a form with which browsers upload
    Post(Box<PostArguments>),
    /// Upload a file and print a link to it
    Share(Box<ShareArguments>),
    /// Say what a presigned URL is for, until when, and why it is refused
    Inspect(Box<InspectArguments>),
    /// Check a store that is not running
    Fsck(FsckArguments),
    /// Copy a store, also while it runs
    Backup(BackupArguments),
    /// Make a store of a backup
    Restore(RestoreArguments),
    /// Give the space of deleted rows in the database back
    Compact(CompactArguments),
    /// List the access keys of a store, or delete one
    AccessKey(AccessKeyArguments),
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
    /// Print the manual page
    Man(ManArguments),
}

const AFTER_HELP: &str = "\
Examples:
  presign demo
  presign serve
  presign url s3://my-bucket/report.pdf --expires-in 24h
  presign url s3://my-bucket/photo.jpg --http-method PUT --expires-in 15m --max-size 10MiB --curl
  presign post s3://my-bucket/inbox/ --max-size 10MiB --format html > upload.html
  presign share report.pdf s3://my-bucket/outbox/
  presign inspect 'https://…'

Exit codes:
  0  done
  1  refused or failed; standard error says why
  2  called with options that make no sense";
