//! Access keys, as the store sees them: an id and sealed bytes.

use crate::UnixMillis;

/// One access key. The secret is sealed before it comes here and opened after it has left.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKeyRow {
    /// The access key id, unique in the store.
    pub access_key_id: String,
    /// The secret access key, sealed with the master key.
    pub sealed_secret: Vec<u8>,
    /// The principal that the key speaks for.
    pub principal: String,
    /// Whether requests signed with the key are to be honoured.
    pub active: bool,
    /// When the key was made.
    pub created: UnixMillis,
}

impl std::fmt::Debug for AccessKeyRow {
    // Sealed or not, key material stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKeyRow")
            .field("access_key_id", &self.access_key_id)
            .field("sealed_secret", &format_args!("{} sealed bytes", self.sealed_secret.len()))
            .field("principal", &self.principal)
            .field("active", &self.active)
            .field("created", &self.created)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_sealed_secret() {
        let row = AccessKeyRow {
            access_key_id: "AKIDEXAMPLE".into(),
            sealed_secret: vec![201, 202, 203],
            principal: "root".into(),
            active: true,
            created: UnixMillis(1),
        };
        let text = format!("{row:?}");
        assert!(text.contains("AKIDEXAMPLE") && text.contains("3 sealed bytes"), "{text}");
        assert!(!text.contains("201"), "{text}");
    }
}
