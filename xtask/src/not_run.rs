//! What a task does not run because the machine lacks something: said at once, and again at the very end, with its number.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::workspace::Workspace;

/// The environment variable that names the list. `.ci/run` sets it, so that several tasks share one list, whose end it prints
/// itself. A test that cannot do what it is for on this machine adds a line of its own.
const LIST: &str = "XTASK_NOT_RUN";

/// The list of what is not run. A line is a number, a tab, and what it counts with the reason.
pub(crate) struct NotRun {
    list: PathBuf,
    /// Whether somebody else prints it.
    is_shared: bool,
}

impl NotRun {
    /// The list that the environment names, or an empty one of this task's own.
    pub(crate) fn of(workspace: &Workspace) -> anyhow::Result<Self> {
        let shared = std::env::var_os(LIST).filter(|path| !path.is_empty());
        let is_shared = shared.is_some();
        let list = shared.map_or_else(|| workspace.target().join("not-run"), PathBuf::from);
        if !is_shared {
            fs::write(&list, "").with_context(|| format!("{} cannot be written", list.display()))?;
        }
        Ok(Self { list, is_shared })
    }

    /// Adds so many of something, and why.
    pub(crate) fn add(&self, count: usize, what: &str, why: &str) -> anyhow::Result<()> {
        eprintln!("not run: {what}; {why}");
        let append = || OpenOptions::new().append(true).create(true).open(&self.list);
        append()
            .and_then(|mut list| writeln!(list, "{count}\t{what}; {why}"))
            .with_context(|| format!("{} cannot be written", self.list.display()))
    }

    /// Lets a command add to the list.
    pub(crate) fn share<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env(LIST, &self.list)
    }

    /// Says at the end what was not run; nothing where everything was, and where the list is another's to print.
    pub(crate) fn tell(&self) {
        if let (false, Some(text)) = (self.is_shared, summary(&self.list)) {
            eprint!("{text}");
        }
    }
}

fn summary(list: &Path) -> Option<String> {
    let list = fs::read_to_string(list).unwrap_or_default();
    let lines: Vec<(usize, &str)> = list
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(count, what)| Some((count.parse().ok()?, what)))
        .collect();
    let all: usize = lines.iter().map(|(count, _)| count).sum();
    let told: String = lines.iter().map(|(count, what)| format!("{count:6}  {what}\n")).collect();
    (all > 0).then(|| format!("\nNOT RUN: {all} tests and proofs\n{told}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_was_not_run_is_counted() {
        let list = std::env::temp_dir().join(format!("xtask-not-run-{}", std::process::id()));
        let not_run = NotRun { list: list.clone(), is_shared: false };
        fs::write(&list, "").unwrap();
        assert_eq!(summary(&list), None);
        not_run.add(3, "counts of instructions", "valgrind is missing").unwrap();
        not_run.add(14, "requests through nginx", "nginx is missing").unwrap();
        let told = summary(&list).unwrap();
        fs::remove_file(&list).unwrap();
        assert_eq!(
            told,
            "\nNOT RUN: 17 tests and proofs\n     3  counts of instructions; valgrind is missing\n    \
             14  requests through nginx; nginx is missing\n"
        );
    }
}
