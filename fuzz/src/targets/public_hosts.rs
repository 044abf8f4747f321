//! The Host that a request may have been signed for.

use std::sync::LazyLock;

use presign_server::fuzzing::Hosts;
use presign_server::{PublicEndpoint, PublicEndpoints};

use crate::lines::lines;

const OURS: [&str; 2] = ["files.example.com", "files.internal:9000"];

static HOSTS: LazyLock<Hosts> = LazyLock::new(|| {
    let endpoints = ["https://files.example.com", "http://files.internal:9000"];
    let endpoints: Vec<_> = endpoints.iter().map(|url| PublicEndpoint::parse(url).unwrap()).collect();
    Hosts::new(&PublicEndpoints::new(endpoints).unwrap(), ([127, 0, 0, 1], 9000).into())
});

/// The Host received, and the one that a proxy passes on.
pub fn run(input: &[u8]) {
    let Some([received, forwarded]) = lines(input) else { return };
    let forwarded = Some(forwarded).filter(|host| !host.is_empty());
    let candidates = HOSTS.candidates(received, forwarded);
    assert!(OURS.iter().all(|ours| candidates.iter().any(|host| host.eq_ignore_ascii_case(ours))));
    for host in &candidates {
        let lower = host.to_ascii_lowercase();
        let ours = OURS.iter().any(|ours| lower == *ours || lower.ends_with(&format!(".{ours}")));
        assert!(ours, "{host:?} is none of our hosts");
    }
    assert!(candidates.len() <= OURS.len() + 2);
}
