//! Several steps, all of which are taken even when one fails: a person wants the whole list.

use anyhow::bail;

/// The steps taken so far.
#[derive(Default)]
pub(crate) struct Steps {
    passed: Vec<&'static str>,
    failed: Vec<&'static str>,
}

impl Steps {
    /// Takes a step, and says so if it fails.
    pub(crate) fn take(&mut self, name: &'static str, step: impl FnOnce() -> anyhow::Result<()>) {
        match step() {
            Ok(()) => self.passed.push(name),
            Err(error) => {
                eprintln!("{name}: {error:#}");
                self.failed.push(name);
            }
        }
    }

    /// Says how it went; fails if any step did.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        if !self.passed.is_empty() {
            eprintln!("passed: {}", self.passed.join(", "));
        }
        if !self.failed.is_empty() {
            bail!("did not pass: {}; see above", self.failed.join(", "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_taken_and_one_failure_fails_all() {
        let mut steps = Steps::default();
        steps.take("first", || bail!("broken"));
        let mut taken = false;
        steps.take("second", || {
            taken = true;
            Ok(())
        });
        assert!(taken);
        assert_eq!(steps.finish().unwrap_err().to_string(), "did not pass: first; see above");
        let mut steps = Steps::default();
        steps.take("only", || Ok(()));
        assert!(steps.finish().is_ok());
    }
}
