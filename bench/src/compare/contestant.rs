//! A server that takes part.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// How to run a server, and how to ask it for an object.
pub trait Contestant {
    /// What the table calls it.
    fn name(&self) -> &str;

    /// Its version. `None`: it does not tell.
    fn version(&self) -> Option<String>;

    /// The command that serves on this address and keeps everything in this folder. What the folder must hold before is
    /// made here.
    ///
    /// # Errors
    /// When the folder cannot be written.
    fn command(&self, address: SocketAddr, folder: &Path) -> anyhow::Result<Command>;

    /// What to ask for, for each of these keys: the path and query of its URL.
    ///
    /// # Errors
    /// When the URLs cannot be made.
    fn targets(&self, address: SocketAddr, method: &str, keys: &[String]) -> anyhow::Result<Vec<String>>;
}

/// The version that a command prints, to whichever output.
pub(super) fn version_told_by(command: &mut Command) -> Option<String> {
    let answer = command.output().ok().filter(|answer| answer.status.success())?;
    version_in(&String::from_utf8_lossy(&[answer.stdout, answer.stderr].concat()))
}

/// The first word of the first line that begins with a digit, behind a name and a slash or without them.
fn version_in(told: &str) -> Option<String> {
    let words = told.lines().next()?.split_whitespace();
    let mut versions = words.filter_map(|word| word.rsplit('/').next());
    versions.find(|word| word.starts_with(|first: char| first.is_ascii_digit())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        for (told, version) in [
            ("nginx version: nginx/1.22.1\n", Some("1.22.1")),
            ("nginx version: nginx/1.24.0 (Ubuntu)\n", Some("1.24.0")),
            ("presign 0.1.0\n", Some("0.1.0")),
            ("s3s-fs 0.11.1\n", Some("0.11.1")),
            ("usage: server\n2 options\n", None),
            ("", None),
        ] {
            assert_eq!(version_in(told).as_deref(), version, "{told}");
        }
    }
}
