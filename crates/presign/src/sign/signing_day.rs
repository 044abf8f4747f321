//! What a signer can make ready once a day.

use crate::credentials::Credentials;
use crate::signing_key::{ALGORITHM, SigningKey, TERMINAL};
use crate::timestamp::BasicTime;
use crate::uri::{self, Keep};

/// One day's signing key, and the parameters of a URL that only the day changes.
pub(crate) struct SigningDay {
    key: SigningKey,
    first_parameters: String,
}

impl SigningDay {
    /// Derives the key of the day of `time`.
    pub(crate) fn new(credentials: &Credentials, time: &BasicTime, region: &str, service: &str) -> Self {
        let key = SigningKey::derive(credentials.secret_access_key(), time.date(), region, service);
        let mut first_parameters = format!("X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential=");
        uri::encode_into(&mut first_parameters, credentials.access_key_id(), Keep::Unreserved);
        for part in [time.date(), region, service, TERMINAL] {
            first_parameters.push_str("%2F");
            uri::encode_into(&mut first_parameters, part, Keep::Unreserved);
        }
        first_parameters.push_str("&X-Amz-Date=");
        SigningDay { key, first_parameters }
    }

    /// Whether this is the day of `time`.
    pub(crate) fn is_of(&self, time: &BasicTime) -> bool {
        self.key.scope().get(..8) == Some(time.date())
    }

    /// The signing key.
    pub(crate) fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The algorithm and the credential, encoded, up to the `=` before the date.
    pub(crate) fn first_parameters(&self) -> &str {
        &self.first_parameters
    }
}
