//! The S3 front: everything that listens, from socket to store.
//!
//! Four names carry it:
//!
//! - [`Config`], made by [`Config::load`] from the environment, a configuration file and the command line's
//!   [`Overrides`]; [`SETTINGS`] is the one table of every setting.
//! - [`Server`]: [`Server::bind`] opens the store, makes the root key at the first start ([`Server::new_root_key`], to be
//!   printed before the server serves) and takes the address; [`Server::serve`] keeps that key, answers until it is told to
//!   stop, lets running transfers finish, and closes the store.
//! - [`Clock`], which says what time it is.
//! - [`Examination`], by [`Server::examine`]: what a request would be run as, without running it.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use presign_server::{Config, Overrides, Server};
//!
//! let overrides = Overrides { listen: Some("127.0.0.1:0".into()), ..Overrides::default() };
//! let config = Config::load(&std::env::vars().collect(), &overrides)?;
//! let server = Server::bind(config).await?;
//! if let Some(key) = server.new_root_key() {
//!     println!("{} {}", key.access_key_id, key.secret_access_key.expose());
//! }
//! println!("listening on {}", server.local_addr());
//! server.serve(async { let _ = tokio::signal::ctrl_c().await; }).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Inside, a request goes through these rooms in this order: `http` (sockets, limits, timeouts, bodies), `auth` (who,
//! until when, whether allowed), `ops` (one file per operation). A handler in `ops` takes an
//! [`Allowed`](presign_iam::Allowed) input, which only the policy evaluator makes, and has no way to a raw header.

mod access_log;
mod app;
mod auth;
mod clock;
mod config;
mod cors;
mod endpoint;
mod examination;
mod exposure;
mod file_size_limit;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod keys;
mod open_files;
mod ops;
mod server;
mod sweep;
mod transfer_limits;
mod upload_memory;

pub use clock::{Clock, SystemClock};
pub use config::{
    AuthConfig, Config, ConfigError, LogConfig, LogFormat, Origin, Overrides, RootKeySetting, SETTINGS,
    Setting, Sigv2, Timeouts, settings_markdown,
};
pub use endpoint::{NestedEndpoints, PublicEndpoint, PublicEndpoints};
pub use examination::Examination;
pub use file_size_limit::survive_file_size_limit;
pub use keys::{InvalidMasterKey, MasterKey, MasterKeyError, NewRootKey, RootKeyError};
pub use server::{Server, StartError};
