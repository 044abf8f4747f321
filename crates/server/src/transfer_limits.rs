//! How many transfers one signer, one link and one client may have under way at the same time.
//!
//! A transfer is a request with a body, or an answer that streams an object. It holds its connection's place until the client
//! has sent or read all of it, and no newcomer can be given that place. So no signer, no link and no client address gets more
//! than a share of the places; whoever would go past it is told to slow down.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use presign::{Mechanism, Verified};

use crate::config::TransferShares;

/// A share is never less than this. Where there are few places, a share of them would be less than one client's own
/// transfers side by side.
const LEAST: usize = 32;

/// The transfers under way, by whom they are for.
#[derive(Debug)]
pub(crate) struct TransferLimits {
    hashes: RandomState,
    most: [usize; 3],
    under_way: Arc<Mutex<UnderWay>>,
}

/// By signer, link and client address.
type UnderWay = [HashMap<u64, usize>; 3];

/// Whom a transfer is for: hashes of the signer and the link, and the address, as far as there are such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder([Option<u64>; 3]);

/// One transfer, until it is dropped.
#[derive(Debug)]
pub(crate) struct Transfer {
    holder: Holder,
    under_way: Arc<Mutex<UnderWay>>,
}

impl TransferLimits {
    /// The shares of that many places.
    pub(crate) fn new(places: usize, shares: TransferShares) -> Self {
        let share = |percent: u8| (places.saturating_mul(usize::from(percent)) / 100).max(LEAST);
        Self {
            hashes: RandomState::new(),
            most: [share(shares.key), share(shares.link), share(shares.address)],
            under_way: Arc::default(),
        }
    }

    /// Whom a request is for. A link is told by what was signed for how long: an object and two times. A client that is not
    /// known, as behind a proxy that does not say, is not counted.
    pub(crate) fn holder(&self, verified: &Verified<'_>, resource: &str, address: Option<IpAddr>) -> Holder {
        let is_link = matches!(verified.mechanism(), Mechanism::QueryV4 | Mechanism::QueryV2);
        let key = verified.access_key_id();
        let times = (verified.signed_at(), verified.expires_at());
        Holder([
            Some(self.hash(key)),
            is_link.then(|| self.hash((key, verified.method().as_str(), resource, times))),
            address.map(network),
        ])
    }

    fn hash(&self, value: impl Hash) -> u64 {
        self.hashes.hash_one(value)
    }

    /// Begins a transfer; `None`: there are too many for one of those whom it is for.
    pub(crate) fn begin(&self, holder: Holder) -> Option<Transfer> {
        let mut under_way = lock(&self.under_way);
        let counts = under_way.iter().zip(holder.0).zip(self.most);
        let is_over = |((counts, hash), most): ((&HashMap<u64, usize>, Option<u64>), usize)| {
            hash.and_then(|hash| counts.get(&hash)).is_some_and(|count| *count >= most)
        };
        if counts.into_iter().any(is_over) {
            return None;
        }
        for (counts, hash) in under_way.iter_mut().zip(holder.0) {
            if let Some(hash) = hash {
                *counts.entry(hash).or_insert(0) += 1;
            }
        }
        Some(Transfer { holder, under_way: Arc::clone(&self.under_way) })
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        for (counts, hash) in lock(&self.under_way).iter_mut().zip(self.holder.0) {
            if let Some(Entry::Occupied(mut count)) = hash.map(|hash| counts.entry(hash)) {
                *count.get_mut() = count.get().saturating_sub(1);
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }
}

fn lock(under_way: &Mutex<UnderWay>) -> MutexGuard<'_, UnderWay> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What tells a client from others. A client of IPv6 has a network of 64 bits to itself (RFC 6177), and as many addresses as it
/// likes.
pub(crate) fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        // Where IPv6 has no addresses of its own (RFC 4291, section 2.5.5).
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => u64::try_from(address.to_bits() >> 64).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARES: TransferShares = TransferShares { key: 90, link: 50, address: 60 };

    fn begin_all(limits: &TransferLimits, holders: impl Iterator<Item = Holder>) -> Vec<Transfer> {
        holders.map_while(|holder| limits.begin(holder)).collect()
    }

    #[test]
    fn each_has_its_share_and_gets_it_back() {
        let limits = TransferLimits::new(1000, SHARES);
        let by =
            |at: usize| std::iter::repeat_n(Holder(std::array::from_fn(|of| (of == at).then_some(7))), 2000);
        for (at, most) in [(0, 900), (1, 500), (2, 600)] {
            let transfers = begin_all(&limits, by(at));
            assert_eq!(transfers.len(), most);
            // Of others, and of nobody known, there may be more.
            assert!(limits.begin(Holder(std::array::from_fn(|of| (of == at).then_some(8)))).is_some());
            assert!(limits.begin(Holder([None; 3])).is_some());
            drop(transfers);
            assert!(limits.under_way.lock().unwrap().iter().all(HashMap::is_empty));
            assert_eq!(begin_all(&limits, by(at)).len(), most);
        }
    }

    #[test]
    fn a_transfer_that_is_refused_counts_for_nobody() {
        let limits = TransferLimits::new(1000, SHARES);
        let _link = begin_all(&limits, std::iter::repeat_n(Holder([Some(1), Some(2), None]), 500));
        assert!(limits.begin(Holder([Some(1), Some(2), Some(3)])).is_none());
        assert!(limits.under_way.lock().unwrap()[2].is_empty());
        assert!(limits.begin(Holder([Some(1), Some(4), Some(3)])).is_some());
    }

    #[test]
    fn few_places_are_not_shared_out() {
        let limits = TransferLimits::new(4, SHARES);
        assert_eq!(begin_all(&limits, std::iter::repeat_n(Holder([Some(1); 3]), 100)).len(), LEAST);
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
    }
}
