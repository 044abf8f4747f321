//! How many files and sockets the process may have open.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the soft limit to the hard one. The soft one is 1,024 on most systems, for the sake of programs that still use
/// `select`; connections and open objects are past that soon, and then neither can be opened.
pub(crate) fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit on open files stays as it is");
    }
}

/// How many of the wanted connections can be served within that limit. The rest of it is for objects on their way, and for
/// the store's own files.
pub(crate) fn connections_within_limit(wanted: usize) -> usize {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return wanted };
    let possible = share_for_connections(limit);
    if possible < wanted {
        tracing::warn!(
            "limits.connections is {wanted}, but the process may have only {limit} files open, so {possible} \
             connections are served; raise its limit (ulimit -Hn, LimitNOFILE=), or lower the setting"
        );
    }
    wanted.min(possible)
}

/// Three quarters of the limit, and at least 64 files less than all of it, as far as it goes.
fn share_for_connections(limit: u64) -> usize {
    let others = (limit / 4).max(64).min(limit / 2);
    usize::try_from(limit - others).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_as_high_as_it_may_be() {
        raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }

    #[test]
    fn connections_leave_files_for_objects() {
        assert_eq!([1, 100, 256, 1024, 20_000].map(share_for_connections), [1, 50, 192, 768, 15_000]);
    }

    #[test]
    fn no_more_connections_than_wanted() {
        assert_eq!(connections_within_limit(1), 1);
    }
}
