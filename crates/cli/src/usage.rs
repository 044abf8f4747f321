//! Mistakes in how the command was called.

/// Options that do not go together, or that lack something: exit code 2, as for clap's own refusals.
#[derive(Debug)]
pub(crate) struct UsageError(String);

impl UsageError {
    /// The mistake, in a sentence that says the way out.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        UsageError(message.into())
    }
}

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}
