//! What every request of a server shares.

use std::sync::Arc;

use presign::{VerifyPolicy, WithheldHeaders};
use presign_store::Store;

use crate::auth::Diagnoses;
use crate::clock::Clock;
use crate::http::{Client, PublicHosts, TrustedProxies, WaitingErrors};
use crate::keys::KeyRing;
use crate::ops::{FullDisk, StoreFailures};
use crate::transfer_limits::TransferLimits;
use crate::upload_memory::UploadMemory;

/// The server behind the sockets.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) full_disk: FullDisk,
    pub(crate) upload_memory: UploadMemory,
    pub(crate) transfers: TransferLimits,
    pub(crate) store_failures: StoreFailures,
    pub(crate) ring: KeyRing,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: VerifyPolicy,
    pub(crate) presigned_bucket_operations: bool,
    pub(crate) hosts: PublicHosts,
    pub(crate) proxies: TrustedProxies,
    /// Headers that the operator's proxies add and that nobody is told the values of.
    pub(crate) proxy_headers: Vec<String>,
    pub(crate) diagnoses: Diagnoses,
    pub(crate) waiting_errors: WaitingErrors,
}

impl App {
    /// The headers of the client's requests whose values are not printed.
    pub(crate) fn withheld_from(&self, client: &Client) -> WithheldHeaders<'_> {
        match client.is_behind_proxy {
            true => WithheldHeaders::from_proxy(&self.proxy_headers),
            false => WithheldHeaders::from_client(&self.proxy_headers),
        }
    }
}
