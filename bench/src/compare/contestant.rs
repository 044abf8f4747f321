//! A server that takes part.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// How to run a server, and how to ask it for an object.
pub trait Contestant {
    /// What the table calls it.
    fn name(&self) -> &str;

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
