//! Readers that nobody but this crate calls, for the fuzz targets. No part of what the crate promises.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use ipnet::IpNet;
use zeroize::Zeroizing;

use crate::http::TrustedProxies;
use crate::{Config, ConfigError, MasterKey, PublicEndpoints, keys};

/// The settings that a configuration file of this text makes, over the defaults.
pub fn read_settings(text: &str) -> Result<Config, ConfigError> {
    Config::of_toml(Path::new("presign.toml"), text)
}

/// Proxies that are believed.
pub struct Proxies(TrustedProxies);

impl Proxies {
    /// Those of the networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(TrustedProxies::new(networks))
    }

    /// The address of the client behind `peer`, and the Host that it sent.
    pub fn client<'h, V: Iterator<Item = &'h str>>(
        &self,
        peer: IpAddr,
        header_values: impl Fn(&'static str) -> V,
    ) -> (Option<IpAddr>, Option<String>) {
        let client = self.0.client(peer, header_values);
        (client.address, client.forwarded_host)
    }
}

/// The hosts that clients know a server by.
pub struct Hosts(crate::http::PublicHosts);

impl Hosts {
    /// Those of the endpoints.
    #[must_use]
    pub fn new(endpoints: &PublicEndpoints, listening_on: SocketAddr) -> Self {
        Self(crate::http::PublicHosts::new(endpoints, listening_on))
    }

    /// The Hosts that a request may have been signed for.
    #[must_use]
    pub fn candidates<'h>(&'h self, received: &'h str, forwarded: Option<&'h str>) -> Vec<&'h str> {
        self.0.candidates(received, forwarded)
    }
}

/// A secret sealed for an access key id.
pub fn seal(master: &MasterKey, access_key_id: &str, secret: &str) -> Option<Vec<u8>> {
    keys::seal(master, access_key_id, secret).ok()
}

/// The secret, if it was sealed with this key for this id.
#[must_use]
pub fn open_sealed(master: &MasterKey, access_key_id: &str, sealed: &[u8]) -> Option<Zeroizing<String>> {
    keys::open(master, access_key_id, sealed).ok()
}
