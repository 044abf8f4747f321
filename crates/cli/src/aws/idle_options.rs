//! The options of the AWS tools that say how to connect or print.

use std::path::PathBuf;

use clap::Args;

/// Options that a command line written for `aws s3 presign` may have, and that have no bearing on a URL: nothing
/// is connected to and nothing but the URL is printed. They are taken so that such lines work as they are, and
/// are not in the help.
#[derive(Args, Debug)]
pub(crate) struct IdleOptions {
    #[arg(long, hide = true)]
    no_verify_ssl: bool,

    #[arg(long, hide = true, value_name = "FILE")]
    ca_bundle: Option<PathBuf>,

    #[arg(long, hide = true, value_name = "SECONDS")]
    cli_read_timeout: Option<u64>,

    #[arg(long, hide = true, value_name = "SECONDS")]
    cli_connect_timeout: Option<u64>,

    #[arg(long, hide = true)]
    no_paginate: bool,

    #[arg(long, hide = true)]
    no_cli_pager: bool,

    #[arg(long, hide = true, value_name = "FORMAT", conflicts_with_all = ["json", "curl"])]
    output: Option<String>,

    #[arg(long, hide = true, value_name = "WHEN")]
    color: Option<String>,
}
