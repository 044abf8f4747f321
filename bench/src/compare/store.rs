//! `presign serve`, as a user runs it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::boto3::Boto3;
use super::contestant::{Contestant, version_told_by};
use crate::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};

/// The store, asked with URLs that boto3 made.
#[derive(Debug)]
pub struct PresignServe {
    /// What the table calls it.
    pub name: String,
    /// The binary.
    pub program: PathBuf,
    /// What makes its URLs.
    pub boto3: Boto3,
}

impl PresignServe {
    /// `presign serve` on this address and folder, without any setting that a user would not give; `wrapper` is the
    /// beginning of a command that runs it, or nothing.
    #[must_use]
    pub fn serve(program: &Path, address: SocketAddr, data: &Path, wrapper: &[&str]) -> Command {
        let mut serve = match wrapper.split_first() {
            None => Command::new(program),
            Some((runner, options)) => {
                let mut runner = Command::new(runner);
                runner.args(options).arg(program);
                runner
            }
        };
        serve.arg("serve").arg("--data").arg(data).args(["--listen", &address.to_string()]);
        // The server takes every PRESIGN_ variable for a setting.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PRESIGN_"))
        {
            serve.env_remove(name);
        }
        serve.env("PRESIGN_ROOT_ACCESS_KEY_ID", ACCESS_KEY_ID);
        serve.env("PRESIGN_ROOT_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        serve
    }
}

impl Contestant for PresignServe {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> Option<String> {
        version_told_by(Command::new(&self.program).arg("--version"))
    }

    fn command(&self, address: SocketAddr, folder: &Path) -> anyhow::Result<Command> {
        Ok(Self::serve(&self.program, address, &folder.join("data"), &[]))
    }

    fn targets(&self, address: SocketAddr, method: &str, keys: &[String]) -> anyhow::Result<Vec<String>> {
        self.boto3.targets(address, method, keys)
    }
}
