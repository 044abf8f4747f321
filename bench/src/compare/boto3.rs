//! Presigned URLs made by boto3, which is what the store's users have.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, ensure};

use crate::{ACCESS_KEY_ID, BUCKET, REGION, SECRET_ACCESS_KEY};

/// A Python that has boto3, and the script that asks it.
#[derive(Debug, Clone)]
pub struct Boto3 {
    /// The interpreter.
    pub python: PathBuf,
    /// `bench/presigned_urls.py`.
    pub script: PathBuf,
}

impl Boto3 {
    /// Makes the bucket where it is missing, and gives the target, path and query, of one URL for each key.
    ///
    /// # Errors
    /// When Python or boto3 fails.
    pub fn targets(&self, address: SocketAddr, method: &str, keys: &[String]) -> anyhow::Result<Vec<String>> {
        let origin = format!("http://{address}");
        let mut python = Command::new(&self.python)
            .arg(&self.script)
            .args([&origin, BUCKET, method])
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .env("AWS_DEFAULT_REGION", REGION)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", self.python.display()))?;
        let mut asks = python.stdin.take().context("Python's input")?;
        let answers = BufReader::new(python.stdout.take().context("Python's output")?);
        let lines: String = keys.iter().flat_map(|key| [key.as_str(), "\n"]).collect();
        let writer = thread::spawn(move || asks.write_all(lines.as_bytes()));
        let mut targets = Vec::with_capacity(keys.len());
        for line in answers.lines() {
            let line = line?;
            let target = line
                .strip_prefix(&origin)
                .with_context(|| format!("boto3 signed for another host: {line}"))?;
            targets.push(target.to_owned());
        }
        let status = python.wait()?;
        ensure!(status.success(), "boto3 could not presign: {status}; see its words above");
        writer.join().ok().context("the writer to Python")?.context("writing to Python")?;
        ensure!(targets.len() == keys.len(), "boto3 made {} URLs of {} keys", targets.len(), keys.len());
        Ok(targets)
    }
}
