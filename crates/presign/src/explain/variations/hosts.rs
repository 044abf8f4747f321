//! The Host as it may have been signed.

use crate::explain::attempt::Attempt;
use crate::explain::cause::Cause;
use crate::explain::location::{host_name, port};
use crate::explain::variations::{MAX_LISTED, Variation};

/// Names that a machine has for itself, and a container for its host.
const OWN_NAMES: [&str; 5] = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "host.docker.internal"];

/// Ports that S3 servers and the proxies before them listen on by habit.
const HABITUAL_PORTS: [&str; 7] = ["9000", "8080", "8000", "4566", "3000", "5000", "8443"];

/// The hosts that something points to: a proxy's own headers, the endpoints that the caller knows of, and the
/// arrived one with other letters or another port.
pub(in crate::explain) fn likely_hosts(arrived: &Attempt, known: &[&str]) -> Vec<Variation> {
    let mut hosts: Vec<String> = Vec::new();
    for name in ["x-forwarded-host", "x-original-host", "x-host"] {
        let values = arrived.header(name).unwrap_or_default().split(',');
        hosts.extend(values.take(MAX_LISTED).map(|host| host.trim().to_owned()));
    }
    hosts.extend(forwarded_hosts(arrived.header("forwarded").unwrap_or_default()).take(MAX_LISTED));
    if let Some(forwarded_port) = arrived.header("x-forwarded-port") {
        let with_port: Vec<String> = hosts
            .iter()
            .map(String::as_str)
            .chain([arrived.host()])
            .map(|host| format!("{}:{}", bare(host), forwarded_port.trim()))
            .collect();
        hosts.extend(with_port);
    }
    for endpoint in known {
        let host = host_of_endpoint(endpoint);
        if let Some(bucket) = &arrived.host_bucket {
            hosts.push(format!("{bucket}.{host}"));
        }
        hosts.push(host);
    }
    let host = arrived.host();
    let name = bare(host).trim_end_matches('.').to_ascii_lowercase();
    hosts.extend([host.to_ascii_lowercase(), name.clone(), format!("{name}:443"), format!("{name}:80")]);
    to_variations(arrived, hosts)
}

/// Hosts that nothing points to but habit: the machine's own names, the usual ports, and AWS.
pub(in crate::explain) fn hosts(arrived: &Attempt, region: &str) -> Vec<Variation> {
    let host = arrived.host();
    let name = bare(host);
    let mut hosts: Vec<String> = Vec::new();
    let arrived_port = port(host);
    for own in OWN_NAMES {
        hosts.extend(arrived_port.map(|port| format!("{own}:{port}")));
        hosts.push(own.to_owned());
    }
    hosts.extend(HABITUAL_PORTS.iter().map(|port| format!("{name}:{port}")));
    if !region.is_empty() {
        let endpoints = [
            format!("s3.{region}.amazonaws.com"),
            "s3.amazonaws.com".to_owned(),
            format!("s3.dualstack.{region}.amazonaws.com"),
        ];
        for endpoint in endpoints {
            hosts.extend(arrived.host_bucket.as_ref().map(|bucket| format!("{bucket}.{endpoint}")));
            hosts.push(endpoint);
        }
    }
    for own in OWN_NAMES {
        hosts.extend(HABITUAL_PORTS.iter().map(|port| format!("{own}:{port}")));
    }
    to_variations(arrived, hosts)
}

/// The bucket in the host where it arrived in the path, and the other way about.
pub(in crate::explain) fn addressing(arrived: &Attempt, known: &[&str], region: &str) -> Vec<Variation> {
    let mut endpoints: Vec<String> = known.iter().map(|endpoint| host_of_endpoint(endpoint)).collect();
    let host = arrived.host();
    endpoints.push(host.to_owned());
    if !region.is_empty() {
        endpoints.extend([format!("s3.{region}.amazonaws.com"), "s3.amazonaws.com".to_owned()]);
    }
    let mut variations = Vec::new();
    let mut push = |signed_host: String, signed_path: String| {
        let attempt = arrived.with_host(&signed_host).with_path(signed_path.as_str());
        let cause =
            Cause::AddressingChanged { signed_host: signed_host.into(), signed_path: signed_path.into() };
        variations.push((cause, attempt));
    };
    let path = arrived.path.strip_prefix('/').unwrap_or(&arrived.path);
    if let Some((bucket, key)) = path.split_once('/') {
        for endpoint in &endpoints {
            push(format!("{bucket}.{endpoint}"), format!("/{key}"));
        }
    }
    if let Some((bucket, endpoint)) = host.split_once('.') {
        push(endpoint.to_owned(), format!("/{bucket}/{path}"));
        for endpoint in &endpoints {
            push(endpoint.clone(), format!("/{bucket}/{path}"));
        }
    }
    variations
}

fn to_variations(arrived: &Attempt, hosts: Vec<String>) -> Vec<Variation> {
    let mut seen = vec![arrived.host().to_owned()];
    let mut variations = Vec::new();
    for signed in hosts {
        if signed.is_empty() || seen.contains(&signed) {
            continue;
        }
        seen.push(signed.clone());
        let attempt = arrived.with_host(&signed);
        let (signed, arrived) = (signed.into(), arrived.host().to_owned().into());
        variations.push((Cause::HostChanged { signed, arrived }, attempt));
    }
    variations
}

/// The host without its port; an IPv6 address keeps its brackets.
fn bare(host: &str) -> &str {
    let name = host_name(host);
    if host.starts_with('[') { host.get(..name.len() + 2).unwrap_or(host) } else { name }
}

/// The Host that clients of an endpoint send; the endpoint is a URL or a host.
fn host_of_endpoint(endpoint: &str) -> String {
    let (default_port, rest) = match endpoint.split_once("://") {
        Some(("https", rest)) => (":443", rest),
        Some((_, rest)) => (":80", rest),
        None => ("", endpoint),
    };
    let host = rest.split('/').next().unwrap_or(rest).to_ascii_lowercase();
    match host.strip_suffix(default_port) {
        Some(name) if !default_port.is_empty() => name.to_owned(),
        _ => host,
    }
}

/// The `host` of each hop in a Forwarded header (RFC 7239).
fn forwarded_hosts(value: &str) -> impl Iterator<Item = String> {
    value.split([',', ';']).filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("host").then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_sent_without_its_default_port() {
        for (endpoint, host) in [
            ("https://Files.example.com:443/", "files.example.com"),
            ("http://files.example.com:443", "files.example.com:443"),
            ("http://[::1]:80/base", "[::1]"),
            ("files.example.com:9000", "files.example.com:9000"),
        ] {
            assert_eq!(host_of_endpoint(endpoint), host);
        }
    }

    #[test]
    fn every_hop_of_forwarded_counts() {
        let value = "for=1.2.3.4;Host=a.example.com, for=5.6.7.8;host=\"b.example.com:8443\"";
        assert_eq!(forwarded_hosts(value).collect::<Vec<_>>(), ["a.example.com", "b.example.com:8443"]);
        assert_eq!((bare("[::1]:9000"), bare("h:1"), bare("h")), ("[::1]", "h", "h"));
    }
}
