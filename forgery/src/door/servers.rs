//! The stores: real servers with a clock that can be set, asked what they would run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use presign_server::{Clock, Config, Overrides, Server};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::library::Library;
use super::{Door, Outcome};
use crate::good::{
    ACCESS_KEY_ID, CLIENT, CLIENTS, LIBRARY_HOST, NOON, PUBLIC_ENDPOINTS, Place, SECRET, Setting,
};
use crate::raw::RawRequest;

/// A clock that stands where it is put.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that stands at noon.
    pub(crate) fn at_noon() -> Arc<Self> {
        Arc::new(TestClock(AtomicI64::new(NOON)))
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// The settings of a store under test, with the key of this crate and what else is given.
pub(crate) fn config(data: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Config> {
    let data = data.to_string_lossy().into_owned();
    let mut environment: BTreeMap<String, String> = BTreeMap::new();
    let own = [
        ("PRESIGN_DATA", data.as_str()),
        ("PRESIGN_LISTEN", "127.0.0.1:0"),
        ("PRESIGN_ROOT_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("PRESIGN_ROOT_SECRET_ACCESS_KEY", SECRET),
    ];
    for (name, value) in own.iter().chain(settings) {
        environment.insert((*name).to_owned(), (*value).to_owned());
    }
    Ok(Config::load(&environment, &Overrides::default())?)
}

struct Store {
    server: Server,
    clock: Arc<TestClock>,
    _data: TempDir,
}

impl Store {
    fn open(runtime: &Runtime, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let data = TempDir::new()?;
        let clock = TestClock::at_noon();
        let config = config(data.path(), settings)?;
        let server =
            runtime.block_on(Server::bind_with_clock(config, Arc::clone(&clock) as Arc<dyn Clock>))?;
        Ok(Store { server, clock, _data: data })
    }
}

impl Door for Store {
    fn judge(&self, request: &RawRequest) -> Outcome {
        let Some(parts) = request.to_parts() else { return Outcome::Unsendable };
        self.clock.0.store(request.now, Ordering::SeqCst);
        match self.server.examine(&parts, request.peer) {
            Ok(examination) => Outcome::Executed(Box::new(examination)),
            Err(error) => Outcome::Refused(error.status(), error.code().to_string()),
        }
    }
}

/// All doors: the library, a store that is reached directly, and one behind a proxy.
pub struct Doors {
    library: Library,
    plain: Store,
    public: Store,
    runtime: Runtime,
}

impl Doors {
    /// Opens the stores, each on a data directory of its own.
    ///
    /// # Errors
    /// What keeps a store from opening.
    pub fn open() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let endpoints = PUBLIC_ENDPOINTS.join(",");
        let proxied =
            [("PRESIGN_PUBLIC_ENDPOINTS", endpoints.as_str()), ("PRESIGN_TRUSTED_PROXIES", "10.0.0.0/8")];
        Ok(Doors {
            library: Library::new(),
            plain: Store::open(&runtime, &[])?,
            public: Store::open(&runtime, &proxied)?,
            runtime,
        })
    }

    /// What a request becomes at that place.
    pub fn judge(&self, place: Place, request: &RawRequest) -> Outcome {
        let _within = self.runtime.enter();
        match place {
            Place::Library => self.library.judge(request),
            Place::Plain => self.plain.judge(request),
            Place::Public => self.public.judge(request),
        }
    }

    /// What requests for that place are made for.
    pub fn setting(&self, place: Place) -> Setting {
        let buckets = ["bucket", "photos.2026", "a-b"].map(str::to_owned).to_vec();
        let (endpoint, virtual_endpoint) = match place {
            Place::Library => (format!("https://{LIBRARY_HOST}"), format!("https://{LIBRARY_HOST}")),
            Place::Plain => {
                let address = self.plain.server.local_addr();
                (format!("http://{address}"), format!("http://localhost:{}", address.port()))
            }
            Place::Public => (PUBLIC_ENDPOINTS[0].to_owned(), PUBLIC_ENDPOINTS[0].to_owned()),
        };
        Setting {
            place,
            endpoint,
            virtual_endpoint,
            buckets,
            keys: Vec::new(),
            client: CLIENT,
            network: CLIENTS,
        }
    }
}
