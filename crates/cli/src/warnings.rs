//! What the maker of a link should know about it: collected, then printed on standard error.

use std::fmt::Display;

use presign::{Explanation, Method, Notice, Timestamp, Validity};

use crate::aws::FoundCredentials;
use crate::standard_error::say;
use crate::time;

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
            say(format_args!("presign: warning: {warning}"));
        }
    }

    /// What the library finds unusual about the link, but for what was asked for in so many words.
    pub(crate) fn check_url(&mut self, url: &str, method: Method, now: Timestamp) {
        let explanation = Explanation::of_url_with_method(url, Some(method), now);
        for notice in explanation.map(|explanation| explanation.notices).unwrap_or_default() {
            match notice {
                // Said in `check_credentials`, which knows more.
                Notice::TemporaryCredentials | Notice::OldSignature | Notice::TrackingParameter { .. } => {}
                // A download can be for a week if its maker wants it so; an upload is another matter.
                Notice::LongLife { is_upload: false, .. } => {}
                notice => self.push(notice),
            }
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
                "works until {} ({}), limited by the session token; without that, until {}",
                time::on_local_clock(ends, now),
                Validity::Valid { seconds_left: ends.seconds_since(now).unsigned_abs() },
                time::on_local_clock(link_ends, now),
            )),
            None if found.credentials.session_token().is_some() => self.push(
                "signed with temporary credentials whose end is not known; the link stops when they end",
            ),
            _ => {}
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
}

#[cfg(test)]
mod tests {
    use presign::Credentials;

    use super::*;

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
        let limited = about_credentials(true, Some(4600)).concat();
        assert!(limited.contains("(1 hour left), limited by the session token"), "{limited}");
        assert!(about_credentials(true, Some(1000)).concat().contains("does not work"));
        assert!(about_credentials(true, None).concat().contains("end is not known"));
        assert_eq!(about_credentials(true, Some(5000)), Vec::<String>::new());
        assert_eq!(about_credentials(false, None), Vec::<String>::new());
    }
}
