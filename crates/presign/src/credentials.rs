//! The credentials of a signer.

use std::fmt;

use zeroize::Zeroize;

/// A secret access key. It is wiped from memory when dropped and never printed.
#[derive(Clone, Zeroize)]
#[zeroize(drop)]
pub struct SecretAccessKey(String);

impl SecretAccessKey {
    /// Takes the secret as AWS prints it.
    pub fn new(secret: impl Into<String>) -> Self {
        SecretAccessKey(secret.into())
    }

    /// The secret itself, for the one who derives a key from it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretAccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretAccessKey(…)")
    }
}

/// An access key id with its secret and, for temporary credentials, their session token.
#[derive(Clone)]
pub struct Credentials {
    access_key_id: String,
    secret_access_key: SecretAccessKey,
    session_token: Option<String>,
}

impl Credentials {
    /// Long-term credentials: an access key id and its secret access key.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Credentials {
            access_key_id: access_key_id.into(),
            secret_access_key: SecretAccessKey::new(secret_access_key),
            session_token: None,
        }
    }

    /// Makes them temporary credentials: the token goes into every signature, and no URL outlives it.
    #[must_use]
    pub fn with_session_token(mut self, token: impl Into<String>) -> Self {
        self.session_token = Some(token.into());
        self
    }

    /// The access key id, the public half.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The secret half.
    pub fn secret_access_key(&self) -> &SecretAccessKey {
        &self.secret_access_key
    }

    /// The session token of temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("session_token", &self.session_token.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_printed() {
        let credentials = Credentials::new("AKIDEXAMPLE", "hidden-secret").with_session_token("hidden-token");
        let printed = format!("{credentials:?} {:?}", credentials.secret_access_key());
        assert!(printed.contains("AKIDEXAMPLE"));
        assert!(!printed.contains("hidden"));
    }
}
