//! What every request of a server shares.

use std::sync::Arc;

use presign::VerifyPolicy;
use presign_store::Store;

use crate::auth::Diagnoses;
use crate::clock::Clock;
use crate::http::{PublicHosts, TrustedProxies};
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
    pub(crate) diagnoses: Diagnoses,
}
