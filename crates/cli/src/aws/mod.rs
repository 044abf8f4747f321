//! Where AWS tools look: the environment, the shared files, and the providers of credentials.

mod credentials;
mod https;
mod idle_options;
mod options;
mod settings;
mod shared_config;

pub(crate) use credentials::FoundCredentials;
pub(crate) use idle_options::IdleOptions;
pub(crate) use options::{AddressingStyle, StoreOptions};
pub(crate) use settings::Signing;
