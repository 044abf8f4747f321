//! The settings of a server, and where each came from.
//!
//! A setting is looked for in four places, and the first that has it decides: the command line, the environment, the
//! configuration file, the default. [`SETTINGS`] is the one table of them all; reading, `--help` and `docs/settings.md`
//! are made from it, so none of them can fall behind.

mod error;
mod resolve;
mod settings;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use presign::SecretAccessKey;

pub use error::{ConfigError, Origin};
pub use settings::{SETTINGS, Setting, settings_markdown};

use crate::endpoint::PublicEndpoints;
use crate::keys::MasterKey;

/// Everything a server needs to know before it starts. [`Config::load`] makes one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The data directory, made at the first start.
    pub data: PathBuf,
    /// The address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The region that signatures must name.
    pub region: String,
    /// What links say and what verification accepts as Host; empty: whatever Host is received.
    pub public_endpoints: PublicEndpoints,
    /// The networks of the proxies whose `Forwarded` and `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Headers, in lower case, that proxies add and whose values no error and no log line tells.
    pub proxy_headers: Vec<String>,
    /// What signatures are taken.
    pub auth: AuthConfig,
    /// The root key, if it is given and not made by the server.
    pub root_key: Option<RootKeySetting>,
    /// The master key, if it is given and not kept in the data directory.
    pub master_key: Option<MasterKey>,
    /// How long the server waits for what.
    pub timeouts: Timeouts,
    /// Connections served at the same time. A further one gets the place of an idle one, or waits.
    pub max_connections: usize,
    /// What part of those places one signer, one link and one client may take up with transfers.
    pub transfer_shares: TransferShares,
    /// Memory in which all uploads together gather their bodies, in bytes.
    pub upload_memory_bytes: u64,
    /// Memory for object metadata that is read often, in bytes.
    pub cache_bytes: u64,
    /// What is logged, and how. The server only emits events; whoever owns the process subscribes.
    pub log: LogConfig,
    /// What is not as it should be in the places that the settings came from, though the server starts: one sentence each. They
    /// are logged at the start.
    pub warnings: Vec<String>,
}

/// What signatures are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthConfig {
    /// Whether SigV2 URLs are taken, which boto3 still makes in the old regions.
    pub sigv2: Sigv2,
    /// Whether a URL may be signed for a bucket operation, such as a listing. Off: URLs are for objects.
    pub presigned_bucket_operations: bool,
}

/// Whether the old signature is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sigv2 {
    /// It is.
    Allow,
    /// It is refused, in words that say what to set on the client.
    Deny,
}

/// A root key that the operator chose.
#[derive(Debug, Clone)]
pub struct RootKeySetting {
    /// Its access key id.
    pub access_key_id: String,
    /// Its secret access key.
    pub secret_access_key: SecretAccessKey,
}

/// How long the server waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the head of a request, from its first byte to its last.
    pub header_read: Duration,
    /// For the next request; for each 16 KiB of a body from the client, and each 128 KiB of an answer to it.
    pub idle: Duration,
    /// For running transfers after the server was told to stop.
    pub shutdown: Duration,
}

/// What part of the connections may be transfers for the same one, in percent: uploads, and downloads of more than 64 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferShares {
    /// For requests that the same access key signed.
    pub key: u8,
    /// For requests with the same presigned URL.
    pub link: u8,
    /// For requests from the same client address.
    pub address: u8,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// A filter as `tracing-subscriber` reads it: `info`, `warn`, `info,presign_server=debug`.
    pub level: String,
    /// How lines are written.
    pub format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What the command line says. Whatever is `None` or empty is left to the environment, the file and the defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--config`: the configuration file. Without it `PRESIGN_CONFIG` names one; without that there is none.
    pub config_file: Option<PathBuf>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--region`.
    pub region: Option<String>,
    /// `--public-endpoint`, once or more.
    pub public_endpoints: Vec<String>,
    /// `--trusted-proxy`, once or more.
    pub trusted_proxies: Vec<String>,
    /// `--set name=value`: any other setting of [`SETTINGS`] by its name, secrets aside.
    pub settings: Vec<(String, String)>,
}

impl Config {
    /// The endpoint that links should begin with: the first public one, or else the address listened on.
    #[must_use]
    pub fn endpoint_url(&self, listening_on: SocketAddr) -> String {
        match self.public_endpoints.first() {
            Some(endpoint) => endpoint.url().to_owned(),
            None if listening_on.ip().is_unspecified() => format!("http://localhost:{}", listening_on.port()),
            None => format!("http://{listening_on}"),
        }
    }
}
