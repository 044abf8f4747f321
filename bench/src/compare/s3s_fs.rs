//! `s3s-fs`, an S3 server in Rust that verifies signatures and keeps objects as plain files, flushing nothing.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::boto3::Boto3;
use super::contestant::{Contestant, version_told_by};
use crate::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};

const PROGRAM: &str = "s3s-fs";

/// The server, asked with URLs that boto3 made.
#[derive(Debug)]
pub struct S3sFs {
    boto3: Boto3,
}

impl S3sFs {
    /// Finds it on the path. `None`: it is not installed (`cargo install s3s-fs --features binary`).
    #[must_use]
    pub fn find(boto3: Boto3) -> Option<Self> {
        Command::new(PROGRAM).arg("--version").output().is_ok().then_some(Self { boto3 })
    }
}

impl Contestant for S3sFs {
    fn name(&self) -> &str {
        PROGRAM
    }

    fn version(&self) -> Option<String> {
        version_told_by(Command::new(PROGRAM).arg("--version"))
    }

    fn command(&self, address: SocketAddr, folder: &Path) -> anyhow::Result<Command> {
        let data = folder.join("data");
        fs::create_dir_all(&data)?;
        let mut serve = Command::new(PROGRAM);
        serve.args(["--host", &address.ip().to_string(), "--port", &address.port().to_string()]);
        serve.args(["--access-key", ACCESS_KEY_ID, "--secret-key", SECRET_ACCESS_KEY]);
        serve.arg(data);
        Ok(serve)
    }

    fn targets(&self, address: SocketAddr, method: &str, keys: &[String]) -> anyhow::Result<Vec<String>> {
        self.boto3.targets(address, method, keys)
    }
}
