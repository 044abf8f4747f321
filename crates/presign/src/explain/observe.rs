//! Finding what is unusual about a URL.

use std::collections::HashMap;

use crate::caveats::{Caveats, InvalidCaveat};
use crate::explain::claimed::Claimed;
use crate::explain::limit::is_caveat;
use crate::explain::link::Link;
use crate::explain::location::{self, Location, Reach, Scheme};
use crate::explain::notice::{ADVISABLE_DOWNLOAD_SECONDS, ADVISABLE_UPLOAD_SECONDS, Notice};
use crate::explain::operation::Operations;
use crate::signing_key::parse_hex;
use crate::timestamp::Timestamp;
use crate::verify::Mechanism;

/// What a look at a URL has found so far.
pub(super) struct Observed<'o, 'a> {
    pub(super) link: &'o Link<'a>,
    pub(super) claimed: &'o Claimed,
    pub(super) location: &'o Location,
    pub(super) operations: &'o Operations,
    pub(super) now: Timestamp,
}

impl Observed<'_, '_> {
    /// Everything unusual, what stops the URL from working first.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        self.time(&mut notices);
        self.signature(&mut notices);
        self.life(&mut notices);
        self.host(&mut notices);
        self.caveats(&mut notices);
        self.spelling(&mut notices);
        notices
    }

    fn time(&self, notices: &mut Vec<Notice>) {
        let claimed = self.claimed;
        if claimed.mechanism == Mechanism::QueryV4 && claimed.signed_at.is_none() {
            let value = self.link.parameter("X-Amz-Date").unwrap_or_default().to_owned();
            notices.push(Notice::MalformedDate { value });
        }
        if let Some(expires_at) = claimed.expires_at() {
            if self.now >= expires_at {
                let seconds = self.now.seconds_since(expires_at).unsigned_abs();
                notices.push(Notice::Expired { seconds });
            }
        } else if let Some(value) = claimed.expires.as_ref().filter(|_| claimed.life_seconds().is_none()) {
            notices.push(Notice::MalformedLife { value: value.clone() });
        }
        if let Some(ahead) = claimed.signed_at.map(|signed_at| signed_at.seconds_since(self.now))
            && ahead > 0
        {
            notices.push(Notice::NotValidYet { seconds: ahead.unsigned_abs() });
        }
        if let (Some(scope), Some(signed_at)) = (&claimed.scope, claimed.signed_at) {
            let signed_day = signed_at.basic().date().to_owned();
            if scope.day != signed_day {
                notices.push(Notice::ScopeOfAnotherDay { scope_day: scope.day.clone(), signed_day });
            }
        }
    }

    fn signature(&self, notices: &mut Vec<Notice>) {
        let claimed = self.claimed;
        let is_v2 = claimed.mechanism == Mechanism::QueryV2;
        if !is_v2 && parse_hex(&claimed.signature).is_none() {
            notices.push(Notice::MalformedSignature { length: claimed.signature.chars().count() });
        }
        if is_v2 {
            notices.push(Notice::OldSignature);
        } else if !claimed.signed_headers.iter().any(|name| name == "host") {
            notices.push(Notice::HostNotSigned);
        }
        if let Some(scope) = claimed.scope.as_ref().filter(|scope| scope.service != "s3") {
            notices.push(Notice::OtherService { service: scope.service.clone() });
        }
        if claimed.has_session_token {
            notices.push(Notice::TemporaryCredentials);
        } else if claimed.access_key_id.starts_with("ASIA") {
            notices.push(Notice::SessionTokenMissing);
        }
    }

    fn life(&self, notices: &mut Vec<Notice>) {
        let max = i64::try_from(crate::sign::MAX_LIFE.as_secs()).unwrap_or(i64::MAX);
        let life = match self.claimed.life_seconds() {
            Some(life) => life,
            // SigV2 does not say when it was signed; what is left of it is the least that its life can be.
            None => match self.claimed.expires_at() {
                Some(expires_at) => expires_at.seconds_since(self.now).max(1),
                None => return,
            },
        };
        if !(1..=max).contains(&life) {
            notices.push(Notice::LifeOutOfRange { seconds: life });
            return;
        }
        let is_upload = self.operations.likely.is_some_and(|operation| operation.is_upload());
        let advisable_seconds = if is_upload { ADVISABLE_UPLOAD_SECONDS } else { ADVISABLE_DOWNLOAD_SECONDS };
        let seconds = life.unsigned_abs();
        if seconds > advisable_seconds {
            notices.push(Notice::LongLife { seconds, advisable_seconds, is_upload });
        }
    }

    fn host(&self, notices: &mut Vec<Notice>) {
        let authority = self.link.authority;
        if authority.is_empty() {
            return;
        }
        let name = location::host_name(authority);
        let host = authority.to_owned();
        let reach = Reach::of(name);
        match reach {
            Reach::Everyone => {}
            Reach::ThisMachine => notices.push(Notice::HostIsThisMachine { host }),
            Reach::PrivateNetwork => notices.push(Notice::HostIsPrivate { host }),
        }
        if self.link.scheme == Some(Scheme::Http) && reach != Reach::ThisMachine {
            notices.push(Notice::NoTls);
        }
        let default = self.link.scheme.map(Scheme::default_port);
        if let Some(port) = location::port(authority).filter(|port| Some(*port) == default) {
            notices.push(Notice::DefaultPortSpelt { port: port.to_owned() });
        }
    }

    fn caveats(&self, notices: &mut Vec<Notice>) {
        let caveats = || self.link.parameters.iter().filter(|parameter| is_caveat(&parameter.name));
        if caveats().next().is_none() {
            return;
        }
        if self.claimed.mechanism != Mechanism::QueryV4 {
            notices.push(Notice::CaveatsNotSigned);
        }
        // One at a time, so that one that is not understood does not hide the next.
        for caveat in caveats() {
            match Caveats::from_parameters(std::iter::once((&*caveat.name, &*caveat.value))) {
                Ok(_) => {}
                Err(InvalidCaveat::Unknown(name)) => notices.push(Notice::UnknownCaveat { name }),
                Err(other) => notices.push(Notice::MalformedCaveat { message: other.to_string() }),
            }
        }
    }

    fn spelling(&self, notices: &mut Vec<Notice>) {
        let link = self.link;
        if self.location.key.is_none() {
            notices.push(Notice::NotAnObject);
        }
        if link.path.contains('+') {
            notices.push(Notice::PlusInPath);
        }
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for (parameter, raw) in link.parameters.iter().zip(link.query.split('&')) {
            let name = || parameter.name.to_string();
            if raw.contains('+') {
                notices.push(Notice::PlusInQuery { name: name() });
            }
            let count = counts.entry(&parameter.name).or_default();
            *count += 1;
            if *count == 2 {
                notices.push(Notice::RepeatedParameter { name: name() });
            }
            if is_tracking(&parameter.name) {
                notices.push(Notice::TrackingParameter { name: name() });
            }
        }
        if link.path.split('/').any(is_dot_segment) {
            notices.push(Notice::DotSegments);
        }
        if has_double_escape(link.path) {
            notices.push(Notice::PathEncodedTwice);
        }
    }
}

/// `.` or `..`, however they are escaped: readers of URLs undo that first.
fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// A percent sign, itself escaped, before two hexadecimal digits.
pub(super) fn has_double_escape(text: &str) -> bool {
    text.split("%25").skip(1).any(|after| {
        let mut bytes = after.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_hexdigit())
            && bytes.next().is_some_and(|b| b.is_ascii_hexdigit())
    })
}

/// Whether mail programs, advertisers or social networks append that parameter to URLs.
pub(super) fn is_tracking(name: &str) -> bool {
    const EXACT: [&str; 11] = [
        "fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "twclid", "igshid", "mc_cid", "mc_eid",
        "_gl",
    ];
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_") || EXACT.contains(&name.as_str())
}
