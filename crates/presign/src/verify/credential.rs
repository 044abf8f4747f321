//! The credential: an access key id and a credential scope, as they are claimed.

use std::borrow::Cow;

use crate::signing_key::TERMINAL;
use crate::verify::policy::VerifyPolicy;
use crate::verify::refusal::ScopeFault;

/// A credential, `AKID/yyyymmdd/region/service/aws4_request`, in five parts but otherwise unchecked.
pub(crate) struct Credential<'a> {
    text: Cow<'a, str>,
    /// Where the slashes are.
    slashes: [usize; 4],
}

impl<'a> Credential<'a> {
    pub(crate) fn parse(text: Cow<'a, str>) -> Result<Self, ScopeFault> {
        let mut slashes = [0; 4];
        let mut count = 0;
        for (at, byte) in text.bytes().enumerate() {
            if byte == b'/' {
                *slashes.get_mut(count).ok_or(ScopeFault::Malformed)? = at;
                count += 1;
            }
        }
        let is_whole = count == slashes.len() && slashes[0] > 0;
        if is_whole { Ok(Credential { text, slashes }) } else { Err(ScopeFault::Malformed) }
    }

    fn part(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    pub(crate) fn access_key_id(&self) -> &str {
        self.part(0, self.slashes[0])
    }

    pub(crate) fn date(&self) -> &str {
        self.part(self.slashes[0] + 1, self.slashes[1])
    }

    pub(crate) fn region(&self) -> &str {
        self.part(self.slashes[1] + 1, self.slashes[2])
    }

    pub(crate) fn service(&self) -> &str {
        self.part(self.slashes[2] + 1, self.slashes[3])
    }

    fn terminal(&self) -> &str {
        self.part(self.slashes[3] + 1, self.text.len())
    }

    /// Everything after the access key id.
    pub(crate) fn scope(&self) -> &str {
        self.part(self.slashes[0] + 1, self.text.len())
    }

    /// Whether the scope is of the request's day (`yyyymmdd`) and of this store.
    pub(crate) fn check(&self, request_day: &str, policy: &VerifyPolicy) -> Result<(), ScopeFault> {
        let is_date = self.date().len() == 8 && self.date().bytes().all(|byte| byte.is_ascii_digit());
        if !is_date {
            return Err(ScopeFault::DateFormat { given: self.date().to_owned() });
        }
        if self.region() != policy.region {
            let (given, expected) = (self.region().to_owned(), policy.region.clone());
            return Err(ScopeFault::Region { given, expected });
        }
        if self.service() != policy.service {
            let (given, expected) = (self.service().to_owned(), policy.service.clone());
            return Err(ScopeFault::Service { given, expected });
        }
        if self.terminal() != TERMINAL {
            return Err(ScopeFault::Terminal { given: self.terminal().to_owned() });
        }
        if self.date() != request_day {
            let (given, request_day) = (self.date().to_owned(), request_day.to_owned());
            return Err(ScopeFault::OtherDay { given, request_day });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), ScopeFault> {
        Credential::parse(text.into())?.check("20261121", &VerifyPolicy::new("us-east-1"))
    }

    #[test]
    fn each_part_is_checked() {
        assert_eq!(check("AKID/20261121/us-east-1/s3/aws4_request"), Ok(()));
        for malformed in
            ["", "AKID", "/20261121/us-east-1/s3/aws4_request", "A/B/20261121/us-east-1/s3/aws4_request"]
        {
            assert_eq!(check(malformed), Err(ScopeFault::Malformed), "{malformed}");
        }
        assert!(matches!(check("A/2026112/us-east-1/s3/aws4_request"), Err(ScopeFault::DateFormat { .. })));
        assert!(matches!(check("A/20261121/eu-west-1/s3/aws4_request"), Err(ScopeFault::Region { .. })));
        assert!(matches!(check("A/20261121/us-east-1/sns/aws4_request"), Err(ScopeFault::Service { .. })));
        assert!(matches!(check("A/20261121/us-east-1/s3/aws5_request"), Err(ScopeFault::Terminal { .. })));
        assert!(matches!(check("A/20261120/us-east-1/s3/aws4_request"), Err(ScopeFault::OtherDay { .. })));
    }
}
