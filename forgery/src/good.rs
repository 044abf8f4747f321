//! Good requests: for which store, by whom, and what a store must honour.

use std::net::IpAddr;

use presign::{Credentials, Signer};

use crate::random::Random;
use crate::raw::RawRequest;
use crate::recipe::Recipe;

/// The one access key that every store here knows.
pub(crate) const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
/// Its secret.
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// The session token, where the key has one.
pub(crate) const TOKEN: &str = "FwoGZXIvYXdzEXAMPLE//token+with/all=";
/// The stores' region.
pub(crate) const REGION: &str = "us-east-1";
/// 2026-11-21T12:00:00Z.
pub(crate) const NOON: i64 = 1_795_262_400;
/// A trusted proxy in front of [`Place::Public`].
pub(crate) const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
/// A client.
pub(crate) const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

/// The network that it is in.
pub(crate) const CLIENTS: &str = "192.0.2.0/24";

/// Which store a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The library alone, with a key of temporary credentials: the store itself gives out none yet.
    Library,
    /// A store that clients reach directly.
    Plain,
    /// A store behind a proxy, which has public endpoints.
    Public,
}

/// The hosts below which a label is a bucket, at [`Place::Library`].
pub(crate) const LIBRARY_HOST: &str = "s3.example.org";
/// The public endpoints of [`Place::Public`].
pub(crate) const PUBLIC_ENDPOINTS: [&str; 2] = ["https://files.example.com", "http://files.internal:9000"];
/// Their hosts.
pub(crate) const PUBLIC_HOSTS: [&str; 2] = ["files.example.com", "files.internal:9000"];

/// What requests are made for: a place, and the names in it.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The store.
    pub place: Place,
    /// The endpoint of path-style URLs.
    pub endpoint: String,
    /// The endpoint of virtual-hosted URLs.
    pub virtual_endpoint: String,
    /// The buckets that requests are about.
    pub buckets: Vec<String>,
    /// The keys that requests are about; empty: any that come to mind.
    pub keys: Vec<String>,
    /// Where requests come from.
    pub client: IpAddr,
    /// The network that it is in, to which some URLs are limited.
    pub network: &'static str,
}

/// Who signs.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret: String,
    /// The session token.
    pub token: Option<String>,
    /// The region signed for.
    pub region: String,
    /// The service signed for.
    pub service: String,
}

impl Identity {
    /// The key that the store of that place knows.
    pub fn known_at(place: Place) -> Self {
        Identity {
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret: SECRET.to_owned(),
            token: (place == Place::Library).then(|| TOKEN.to_owned()),
            region: REGION.to_owned(),
            service: "s3".to_owned(),
        }
    }

    pub(crate) fn signer(&self) -> Option<Signer> {
        let credentials = Credentials::new(self.access_key_id.as_str(), self.secret.as_str());
        let credentials = match &self.token {
            Some(token) => credentials.with_session_token(token.as_str()),
            None => credentials,
        };
        Signer::for_service(credentials, self.region.as_str(), self.service.as_str()).ok()
    }
}

/// A request that a store must honour.
#[derive(Clone, Debug)]
pub struct Good {
    /// What went into it.
    pub recipe: Recipe,
    /// What comes out.
    pub request: RawRequest,
}

impl Good {
    /// A request of any kind for that place.
    pub fn draw(random: &mut Random, setting: &Setting) -> Self {
        loop {
            let recipe = Recipe::draw(random, setting);
            if let Some(request) = recipe.sign(&Identity::known_at(setting.place)) {
                return Good { recipe, request };
            }
        }
    }

    /// The URL's `Host` as it is signed.
    pub fn signed_host(&self) -> String {
        self.recipe.bucket_url().map(|url| url.host().to_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use presign::Mechanism;

    use super::*;

    #[test]
    fn a_seed_draws_the_same_requests() {
        let setting = Setting {
            place: Place::Library,
            endpoint: format!("https://{LIBRARY_HOST}"),
            virtual_endpoint: format!("https://{LIBRARY_HOST}"),
            buckets: vec!["bucket".to_owned()],
            keys: Vec::new(),
            client: CLIENT,
            network: CLIENTS,
        };
        let draw = |seed| Good::draw(&mut Random::new(seed), &setting).request;
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let mut random = Random::new(3);
        let goods: Vec<Good> = (0..200).map(|_| Good::draw(&mut random, &setting)).collect();
        for mechanism in [Mechanism::QueryV4, Mechanism::HeaderV4, Mechanism::QueryV2] {
            assert!(goods.iter().any(|good| good.recipe.mechanism == mechanism));
        }
        assert!(goods.iter().any(|good| !good.recipe.caveats.is_empty()));
        assert!(goods.iter().all(|good| good.request.to_parts().is_some()));
    }
}
