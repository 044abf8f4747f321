//! The Host that a request was signed for, which a proxy may have replaced on the way.

use std::net::SocketAddr;

use presign_s3::BaseHosts;

use crate::endpoint::PublicEndpoints;

/// The hosts that clients know this server by.
#[derive(Debug)]
pub(crate) struct PublicHosts {
    /// As clients send them: lower case, without the scheme's default port. Empty: whatever Host is received.
    configured: Vec<String>,
    /// The hosts below which a further label is a bucket.
    base: BaseHosts,
}

impl PublicHosts {
    /// Without a public endpoint, `localhost` with the port listened on has virtual hosts (`bucket.localhost:9000`), since
    /// every system resolves them; other hosts are path style.
    pub(crate) fn new(endpoints: &PublicEndpoints, listening_on: SocketAddr) -> Self {
        let configured: Vec<String> = endpoints.iter().map(|endpoint| endpoint.host().to_owned()).collect();
        let base = match configured.is_empty() {
            true => BaseHosts::new([match listening_on.port() {
                // HTTP's own port, which clients leave out.
                80 => "localhost".to_owned(),
                port => format!("localhost:{port}"),
            }]),
            false => BaseHosts::new(&configured),
        };
        Self { configured, base }
    }

    /// The hosts of the public endpoints.
    pub(crate) fn configured(&self) -> &[String] {
        &self.configured
    }

    /// What [`presign_s3::Target`] needs to tell a bucket from a host.
    pub(crate) fn base(&self) -> &BaseHosts {
        &self.base
    }

    /// The Hosts that the request may have been signed for, likeliest first; never empty.
    ///
    /// What a trusted proxy says the client sent comes first, if it is ours: proxies pass that header on as clients invent
    /// it, and a URL of another server that knows the same key is no URL of this one. Then comes the received Host, if it
    /// is ours or has a bucket before one of ours. And a proxy may have put in whatever it knows this server by, one of
    /// ours among them, so each of ours may have been the one.
    pub(crate) fn candidates<'h>(&'h self, received: &'h str, forwarded: Option<&'h str>) -> Vec<&'h str> {
        let is_ours =
            |host: &str| self.configured.is_empty() || self.configured.iter().any(|ours| is_at(host, ours));
        let mut candidates: Vec<&str> = forwarded.into_iter().filter(|host| is_ours(host)).collect();
        if is_ours(received) {
            candidates.push(received);
        }
        for host in &self.configured {
            if !candidates.iter().any(|known| known.eq_ignore_ascii_case(host)) {
                candidates.push(host);
            }
        }
        candidates
    }
}

/// Whether `host` is `ours`, or has a label before it, in whatever case.
fn is_at(host: &str, ours: &str) -> bool {
    let Some(split) = host.len().checked_sub(ours.len()) else { return false };
    let Some((before, rest)) = host.split_at_checked(split) else { return false };
    rest.eq_ignore_ascii_case(ours) && (before.is_empty() || before.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::PublicEndpoint;

    fn hosts(endpoints: &[&str]) -> PublicHosts {
        let endpoints: Vec<_> = endpoints.iter().map(|url| PublicEndpoint::parse(url).unwrap()).collect();
        PublicHosts::new(&PublicEndpoints::new(endpoints).unwrap(), ([127, 0, 0, 1], 9000).into())
    }

    /// Whatever endpoints the settings may hold, the host of a URL says one thing: what its signer meant.
    #[test]
    fn a_host_is_read_as_it_was_signed() {
        let labels = ["aaa", "bbb"];
        let mut names: Vec<String> = labels.map(str::to_owned).to_vec();
        for depth in 0..2 {
            let longer: Vec<String> =
                names.iter().filter(|name| name.matches('.').count() == depth).cloned().collect();
            names.extend(longer.iter().flat_map(|name| labels.map(|label| format!("{label}.{name}"))));
        }
        let urls: Vec<String> = names
            .iter()
            .flat_map(|name| {
                [format!("http://{name}"), format!("https://{name}:443"), format!("http://{name}:9000")]
            })
            .collect();
        let mut accepted = 0;
        for (one, other) in urls.iter().flat_map(|one| urls.iter().map(move |other| (one, other))) {
            let both = [one, other].map(|url| PublicEndpoint::parse(url).unwrap());
            let Ok(endpoints) = PublicEndpoints::new(both.to_vec()) else { continue };
            accepted += 1;
            let hosts = PublicHosts::new(&endpoints, ([127, 0, 0, 1], 9000).into());
            for endpoint in [one, other] {
                let path_style = presign::BucketUrl::path_style(endpoint, "aaa").unwrap();
                assert_eq!(hosts.base().bucket_in(path_style.host()), None, "{one} {other}");
                for bucket in ["aaa", "bbb", "aaa.bbb", "bbb.aaa.aaa"] {
                    let url = presign::BucketUrl::virtual_hosted(endpoint, bucket).unwrap();
                    assert_eq!(hosts.base().bucket_in(url.host()).as_deref(), Some(bucket), "{one} {other}");
                }
            }
        }
        assert!(accepted > urls.len());
    }

    #[test]
    fn without_an_endpoint_the_received_host_counts() {
        assert_eq!(hosts(&[]).candidates("anything:1", None), ["anything:1"]);
        assert_eq!(hosts(&[]).candidates("inner", Some("outer")), ["outer", "inner"]);
    }

    /// Else `http://photos.localhost/files/k`, signed for the bucket `photos`, would be about the bucket `files`.
    #[test]
    fn localhost_on_the_port_of_http_has_its_buckets_before_it_too() {
        let bucket = |port, host| {
            PublicHosts::new(&PublicEndpoints::default(), ([127, 0, 0, 1], port).into())
                .base()
                .bucket_in(host)
        };
        assert_eq!(bucket(80, "photos.localhost").as_deref(), Some("photos"));
        assert_eq!(bucket(80, "localhost"), None);
        assert_eq!(bucket(9000, "photos.localhost:9000").as_deref(), Some("photos"));
        assert_eq!(bucket(9000, "photos.localhost"), None);
    }

    #[test]
    fn a_host_of_ours_comes_before_the_others() {
        let (outer, inner) = ("files.example.com", "files.internal:9000");
        let hosts = hosts(&["https://files.example.com", "http://files.internal:9000"]);
        assert_eq!(hosts.candidates(outer, None), [outer, inner]);
        assert_eq!(hosts.candidates("FILES.example.com", None), ["FILES.example.com", inner]);
        assert_eq!(
            hosts.candidates("photos.files.example.com", None),
            ["photos.files.example.com", outer, inner]
        );
        // A proxy that puts in the address it knows this server by.
        assert_eq!(hosts.candidates(inner, None), [inner, outer]);
    }

    #[test]
    fn a_forwarded_host_counts_if_it_is_ours() {
        let hosts = hosts(&["https://files.example.com"]);
        let forwarded = |host| hosts.candidates("inner", Some(host));
        assert_eq!(forwarded("photos.files.example.com"), ["photos.files.example.com", "files.example.com"]);
        assert_eq!(forwarded("files.example.com"), ["files.example.com"]);
        assert_eq!(forwarded("staging.example.com"), ["files.example.com"]);
    }

    #[test]
    fn any_other_host_may_have_been_each_of_ours() {
        let hosts = hosts(&["https://files.example.com", "http://files.internal:9000"]);
        for host in
            ["127.0.0.1:9000", "evilfiles.example.com", "files.example.com.evil", "files.internal", ""]
        {
            assert_eq!(hosts.candidates(host, None), ["files.example.com", "files.internal:9000"], "{host}");
        }
    }
}
