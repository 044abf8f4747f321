//! What the maker of a link should know about it: collected, then printed on standard error.

use std::fmt::Display;
use std::net::IpAddr;
use std::time::Duration;

use presign::{Method, Timestamp};

use crate::aws::FoundCredentials;
use crate::curl::path_of;
use crate::{duration, time};

/// An upload link that lives longer than this lets its holder replace the object for that long.
const LONG_UPLOAD: Duration = Duration::from_secs(3600);

/// Warnings about one link, in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Vec<String>);

impl Warnings {
    /// Adds one.
    pub(crate) fn push(&mut self, warning: impl Display) {
        self.0.push(warning.to_string());
    }

    /// The warnings as texts.
    pub(crate) fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Writes them to standard error, a line each.
    pub(crate) fn print(&self, quiet: bool) {
        for warning in self.0.iter().filter(|_| !quiet) {
            eprintln!("presign: warning: {warning}");
        }
    }

    /// The credentials end before the link would, or may.
    pub(crate) fn check_credentials(
        &mut self,
        found: &FoundCredentials,
        link_ends: Timestamp,
        now: Timestamp,
    ) {
        match found.expires_at {
            Some(ends) if ends <= now => self.push(format_args!(
                "the session token ended at {}, so this link does not work; get new credentials",
                time::on_local_clock(ends, now)
            )),
            Some(ends) if ends < link_ends => self.push(format_args!(
                "works until {} (for {}), limited by the session token; without it, until {}",
                time::on_local_clock(ends, now),
                duration::in_words(u64::try_from(ends.seconds_since(now)).unwrap_or_default()),
                time::on_local_clock(link_ends, now),
            )),
            None if found.credentials.session_token().is_some() => self.push(
                "signed with temporary credentials whose end is not known; the link stops when they end",
            ),
            _ => {}
        }
    }

    /// The link has ended, or ends the moment it is made.
    pub(crate) fn check_end(&mut self, link_ends: Timestamp, now: Timestamp) {
        if link_ends <= now {
            self.push(format_args!("the link ended at {}", time::on_local_clock(link_ends, now)));
        }
    }

    /// An upload that is allowed for long.
    pub(crate) fn check_upload_life(&mut self, method: Method, life: Duration) {
        if matches!(method, Method::Put | Method::Post) && life > LONG_UPLOAD {
            self.push(format_args!(
                "whoever holds this link can upload, and replace what is there, for {}; an hour is plenty for \
                 most uploads",
                duration::in_words(life.as_secs())
            ));
        }
    }

    /// Headers that the recipient must send as they were signed.
    pub(crate) fn check_headers(&mut self, headers: &[(String, String)]) {
        if !headers.is_empty() {
            let list: Vec<String> =
                headers.iter().map(|(name, value)| format!("`{name}: {value}`")).collect();
            self.push(format_args!(
                "the recipient must send {}, or the store refuses the request",
                list.join(" and ")
            ));
        }
    }

    /// A host that only some machines reach.
    pub(crate) fn check_host(&mut self, host: &str) {
        let reach = match classify(host) {
            Reach::Everywhere => return,
            Reach::ThisMachine => "this machine",
            Reach::PrivateNetwork => "the private network it is in",
        };
        self.push(format_args!(
            "the link's host is {host}, which only {reach} can reach; name the address that recipients use with \
             --endpoint-url"
        ));
    }

    /// A key that clients rewrite before they send it.
    pub(crate) fn check_path(&mut self, url: &str) {
        if path_of(url).split('/').any(|segment| matches!(segment, "." | "..")) {
            self.push(
                "the key has `.` or `..` as a part of its path; browsers rewrite such URLs and so ask for another \
                 object, and curl needs --path-as-is",
            );
        }
    }
}

/// Who can connect to a host.
#[derive(Debug, PartialEq, Eq)]
enum Reach {
    Everywhere,
    ThisMachine,
    PrivateNetwork,
}

fn classify(host: &str) -> Reach {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_matches(['[', ']']);
    let Ok(address) = name.parse::<IpAddr>() else {
        let is_local = name == "localhost" || name.ends_with(".localhost");
        return if is_local { Reach::ThisMachine } else { Reach::Everywhere };
    };
    let (loopback, private) = match address.to_canonical() {
        IpAddr::V4(v4) => (v4.is_loopback() || v4.is_unspecified(), v4.is_private() || v4.is_link_local()),
        IpAddr::V6(v6) => {
            (v6.is_loopback() || v6.is_unspecified(), v6.is_unique_local() || v6.is_unicast_link_local())
        }
    };
    match (loopback, private) {
        (true, _) => Reach::ThisMachine,
        (_, true) => Reach::PrivateNetwork,
        _ => Reach::Everywhere,
    }
}

#[cfg(test)]
mod tests {
    use presign::Credentials;

    use super::*;

    #[test]
    fn hosts_that_not_everyone_reaches() {
        for (host, reach) in [
            ("localhost:9000", Reach::ThisMachine),
            ("b.localhost", Reach::ThisMachine),
            ("127.0.0.1:9000", Reach::ThisMachine),
            ("[::1]:9000", Reach::ThisMachine),
            ("[::1]", Reach::ThisMachine),
            ("0.0.0.0:1", Reach::ThisMachine),
            ("10.1.2.3", Reach::PrivateNetwork),
            ("192.168.1.1:80", Reach::PrivateNetwork),
            ("[fd00::1]:1", Reach::PrivateNetwork),
            ("8.8.8.8", Reach::Everywhere),
            ("[2001:db8::1]", Reach::Everywhere),
            ("b.s3.amazonaws.com", Reach::Everywhere),
            ("localhost.example.com:443", Reach::Everywhere),
        ] {
            assert_eq!(classify(host), reach, "{host}");
        }
    }

    fn about_credentials(temporary: bool, ends: Option<i64>) -> Vec<String> {
        let mut credentials = Credentials::new("AKIDEXAMPLE", "secret");
        if temporary {
            credentials = credentials.with_session_token("token");
        }
        let found = FoundCredentials { credentials, expires_at: ends.map(Timestamp::from_unix) };
        let mut warnings = Warnings::default();
        warnings.check_credentials(&found, Timestamp::from_unix(5000), Timestamp::from_unix(1000));
        warnings.0
    }

    #[test]
    fn the_token_that_ends_first_is_told() {
        assert!(about_credentials(true, Some(4999)).concat().contains("limited by the session token"));
        assert!(about_credentials(true, Some(1000)).concat().contains("does not work"));
        assert!(about_credentials(true, None).concat().contains("end is not known"));
        assert_eq!(about_credentials(true, Some(5000)), Vec::<String>::new());
        assert_eq!(about_credentials(false, None), Vec::<String>::new());
    }
}
