//! The server: from the configuration to the last answer.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use presign::VerifyPolicy;
use presign_store::{OpenError, Store, StoreError, StoreOptions};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::app::App;
use crate::auth::Diagnoses;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Sigv2};
use crate::exposure::{Exposure, exposed_directory_above, mode};
use crate::http::{
    PublicHosts, TrustedProxies, WaitingErrors, Watchdog, serve_connection, show_readers_in_small_steps,
};
use crate::keys::{self, NewRootKey, RootKeyError, UnkeptRootKey};
use crate::ops::{Announcement, FullDisk, StoreFailures};
use crate::transfer_limits::TransferLimits;
use crate::upload_memory::UploadMemory;
use crate::{open_files, survive_file_size_limit, sweep};

/// How often it is said at most that no connection can be accepted, which is tried ten times a second.
const UNACCEPTED_SILENCE: Duration = Duration::from_secs(60);

/// Why the server does not start. Each text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data directory cannot be made.
    #[error(
        "{}: the data directory cannot be made: {reason}; choose another with --data or PRESIGN_DATA",
        path.display()
    )]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// Others than its owner can change the data directory, or the database in it, and with it who may do what.
    #[error("{}: everybody on the machine may change this (mode {mode:03o}); run: chmod o-rwx {}", path.display(), path.display())]
    Exposed {
        /// The directory or the database.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Others can put another data directory in the place of this one.
    #[error(
        "{}: the data directory is below this, and everybody on the machine may write it and so exchange what is in it (mode \
         {mode:03o}); run: chmod o-w {}, or chmod +t {}",
        path.display(), path.display(), path.display()
    )]
    ExposedDirectory {
        /// The directory above.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The data directory cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The access keys cannot be opened.
    #[error(transparent)]
    Keys(#[from] RootKeyError),
    /// The address is taken, or not of this machine.
    #[error("cannot listen on {address}: {reason}; choose another address with --listen or PRESIGN_LISTEN")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        reason: String,
    },
}

/// A server that has its address and its store, and answers once [`serve`](Self::serve) runs.
pub struct Server {
    config: Config,
    app: Arc<App>,
    listener: TcpListener,
    local_addr: SocketAddr,
    new_root_key: Option<UnkeptRootKey>,
    places: usize,
}

impl Server {
    /// Opens the store, makes what the first start makes, and takes the address. Connections wait until
    /// [`serve`](Self::serve) runs.
    ///
    /// # Errors
    /// [`StartError`]. What was made before stays, and the next start goes on from there.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        Self::bind_with_clock(config, Arc::new(SystemClock)).await
    }

    /// [`bind`](Self::bind), with another clock than the machine's.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub async fn bind_with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        // The address first: a server that cannot have it leaves no trace.
        let address = config.listen;
        let refused = |error: std::io::Error| StartError::Listen { address, reason: error.to_string() };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let local_addr = listener.local_addr().map_err(refused)?;
        show_readers_in_small_steps(&listener);

        open_files::raise_limit();
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        if let Err(error) = survive_file_size_limit() {
            tracing::warn!(%error, "an upload past the limit on file sizes will end the server");
        }
        make_private_directory(&config.data)?;
        check_exposure(&config.data)?;
        let options = StoreOptions { cache_bytes: config.cache_bytes, ..StoreOptions::default() };
        let store = Store::open(&config.data, options).await?;
        let (ring, new_root_key) = match keys::open_ring(&store, &config, clock.now().into()).await {
            Ok(opened) => opened,
            Err(error) => {
                close(&store).await;
                return Err(error.into());
            }
        };
        let mut policy = VerifyPolicy::new(&config.region);
        policy.sigv2 = match config.auth.sigv2 {
            Sigv2::Allow => presign::SigV2::Allow,
            Sigv2::Deny => presign::SigV2::Deny,
        };
        let places = open_files::connections_within_limit(config.max_connections);
        let app = Arc::new(App {
            store,
            full_disk: FullDisk::default(),
            upload_memory: UploadMemory::new(config.upload_memory_bytes),
            transfers: TransferLimits::new(places, config.transfer_shares),
            store_failures: StoreFailures::default(),
            ring,
            clock,
            policy,
            presigned_bucket_operations: config.auth.presigned_bucket_operations,
            hosts: PublicHosts::new(&config.public_endpoints, local_addr),
            proxies: TrustedProxies::new(config.trusted_proxies.clone()),
            proxy_headers: config.proxy_headers.clone(),
            diagnoses: Diagnoses::default(),
            waiting_errors: WaitingErrors::default(),
        });
        Ok(Self { config, app, listener, local_addr, new_root_key, places })
    }

    /// The address that it listens on, with the port that it got.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What links to this server begin with: the first public endpoint, or the address listened on.
    #[must_use]
    pub fn endpoint_url(&self) -> String {
        self.config.endpoint_url(self.local_addr)
    }

    /// What its requests share.
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// The root key, if this start made it. It is shown once, here, and never again. [`serve`](Self::serve) keeps it; a
    /// server that is dropped or abandoned before has kept none, and the next start makes another.
    #[must_use]
    pub fn new_root_key(&self) -> Option<&NewRootKey> {
        self.new_root_key.as_ref().map(|new| &new.key)
    }

    /// Closes the store without having served, and without keeping a root key that this start made.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be closed.
    pub async fn abandon(self) -> Result<(), StoreError> {
        self.app.store.close().await
    }

    /// Keeps the root key if this start made it, and answers until `shutdown` is ready. Then no connection is accepted any more, idle ones are closed, and running
    /// transfers have `timeouts.shutdown` to finish; at last the store is closed.
    ///
    /// # Errors
    /// [`StoreError`] when the root key cannot be kept, or the store cannot be closed. What was acknowledged is durable all
    /// the same.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), StoreError> {
        let Self { config, app, listener, new_root_key, places, .. } = self;
        if let Some(new) = new_root_key
            && let Err(error) = new.keep(&app.store).await
        {
            close(&app.store).await;
            return Err(error);
        }
        let mut shutdown = pin!(shutdown);
        let watchdog = Arc::new(Watchdog::new(places, config.timeouts));
        let mut unaccepted = Announcement::default();
        let mut connections = JoinSet::new();
        let sweep = tokio::spawn(sweep::run(app.store.clone()));
        let watch = tokio::spawn({
            let watchdog = Arc::clone(&watchdog);
            async move { watchdog.watch().await }
        });
        let newcomer = || async {
            let (stream, peer) = listener.accept().await?;
            Ok::<_, std::io::Error>((stream, watchdog.admit(peer).await))
        };
        // Kept from round to round: whoever was accepted may still wait for a place.
        let mut next = Box::pin(newcomer());
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => {}
                accepted = &mut next => {
                    match accepted {
                        Ok((stream, place)) => {
                            connections.spawn(serve_connection(Arc::clone(&app), stream, place));
                        }
                        Err(error) => {
                            if let Some(unsaid) = unaccepted.meet(Instant::now(), UNACCEPTED_SILENCE) {
                                tracing::warn!(%error, unsaid, "connections cannot be accepted");
                            }
                            // Out of file descriptors, most likely: the next attempt has a better chance a little later.
                            watchdog.make_room();
                            tokio::select! {
                                () = &mut shutdown => break,
                                () = tokio::time::sleep(Duration::from_millis(100)) => {}
                            }
                        }
                    }
                    next.set(newcomer());
                }
            }
        }
        drop(next);
        drop(listener);
        tracing::info!(connections = connections.len(), "stopping: running transfers may finish");
        watchdog.stop();
        let all_ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(config.timeouts.shutdown, all_ended).await.is_err() {
            tracing::warn!(
                connections = connections.len(),
                "running transfers did not finish in time and are cut off"
            );
            connections.shutdown().await;
        }
        sweep.abort();
        watch.abort();
        app.store.close().await
    }
}

/// Makes the data directory, for its owner only: it holds the master key.
fn make_private_directory(path: &Path) -> Result<(), StartError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| StartError::DataDirectory { path: path.to_owned(), reason: error.to_string() })
}

/// Refuses a data directory that everybody on the machine may change, or in which they may change the database: who may do what
/// stands there. So is one that they may exchange. That they may see the names of its files is said, and no more: the files are made for their owner alone.
fn check_exposure(data: &Path) -> Result<(), StartError> {
    if let Some((path, mode)) = exposed_directory_above(data) {
        return Err(StartError::ExposedDirectory { path, mode });
    }
    for path in [data.to_owned(), data.join("metadata.sqlite")] {
        // What is not there yet, or cannot be looked at, is the store's to make or refuse.
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        match Exposure::of(&metadata) {
            Exposure::Writable => return Err(StartError::Exposed { path, mode: mode(&metadata) }),
            Exposure::Readable => {
                let path = path.display();
                tracing::warn!("{path}: everybody on the machine may read this; run: chmod o-rwx {path}");
            }
            Exposure::Private => {}
        }
    }
    Ok(())
}

async fn close(store: &Store) {
    if let Err(error) = store.close().await {
        tracing::warn!(%error, "the store could not be closed");
    }
}
