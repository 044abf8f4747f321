//! Access keys: made, sealed at rest, kept open in memory.

mod master_key;
mod ring;
mod root_key;
mod seal;

pub use master_key::{InvalidMasterKey, MasterKey, MasterKeyError};
pub use root_key::{NewRootKey, RootKeyError};

pub(crate) use ring::{KeyRing, KnownKey};
pub(crate) use root_key::{UnkeptRootKey, open_ring};
#[cfg(feature = "fuzzing")]
pub(crate) use seal::{open, seal};
