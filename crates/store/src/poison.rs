//! The end of all writes after data could not be made durable.

use std::sync::{Arc, OnceLock};

use crate::StoreError;

/// Set once, by the first failed fsync or commit, and shared by the engines of one store. From then on no write is
/// acknowledged: after a failed fsync the kernel may have dropped the pages, so a second fsync that succeeds proves
/// nothing. Only a restart, which reads what is really there, clears it.
#[derive(Debug, Clone, Default)]
pub struct Poison {
    reason: Arc<OnceLock<String>>,
}

impl Poison {
    /// Stops all writes after a failure to make data durable. The first reason is kept.
    pub fn set(&self, reason: &dyn std::fmt::Display) -> StoreError {
        self.stop(reason, "data could not be made durable; the store takes no more writes")
    }

    /// Stops all writes for another reason. The log gets the first one, with what it means and what to do.
    pub(crate) fn stop(&self, reason: &dyn std::fmt::Display, meaning: &'static str) -> StoreError {
        let kept = self.reason.get_or_init(|| {
            tracing::error!(%reason, "{meaning}");
            reason.to_string()
        });
        StoreError::Stopped { reason: kept.clone() }
    }

    /// Whether writes may go on.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] with the reason.
    pub fn check(&self) -> Result<(), StoreError> {
        match self.reason.get() {
            None => Ok(()),
            Some(reason) => Err(StoreError::Stopped { reason: reason.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_is_kept() {
        let poison = Poison::default();
        assert_eq!(poison.check(), Ok(()));
        let first = poison.set(&"fsync failed");
        assert_eq!(first, StoreError::Stopped { reason: "fsync failed".into() });
        assert_eq!(poison.clone().set(&"commit failed"), first);
        assert_eq!(poison.check(), Err(first));
    }
}
