//! `cargo xtask lint`: format, clippy, documentation, spelling, the names of tests, and what the project depends on.

use std::path::PathBuf;
use std::process::Command;

use crate::command::{answers, cargo, run};
use crate::not_run::NotRun;
use crate::steps::Steps;
use crate::workspace::Workspace;
use crate::{published_faults, python};

pub(crate) fn check(workspace: &Workspace, not_run: &NotRun) -> anyhow::Result<()> {
    let root = workspace.root();
    let mut steps = Steps::default();
    steps.take("format", || run(cargo(root).args(["fmt", "--all", "--check"])));
    steps.take("clippy", || {
        run(cargo(root).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    steps.take("documentation", || {
        let mut doc = cargo(root);
        run(doc.args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"))
    });
    steps.take("spelling", || {
        python::install(workspace)?;
        run(Command::new(python::program(workspace, "typos")).current_dir(root))
    });
    steps.take("published faults", || published_faults::check(workspace));
    steps.take("dependencies", || check_dependencies(workspace, not_run));
    steps.finish()
}

/// Licences, sources and bans. The database of advisories is fetched from elsewhere, so it is not part of
/// a check that must give the same answer everywhere.
fn check_dependencies(workspace: &Workspace, not_run: &NotRun) -> anyhow::Result<()> {
    let places = [workspace.tools().join("bin").join("cargo-deny"), PathBuf::from("cargo-deny")];
    let Some(deny) = places.iter().find(|deny| answers(Command::new(deny).arg("--version"))) else {
        let why = "cargo-deny is missing (cargo install --locked cargo-deny)";
        return not_run.add(1, "the check of the dependencies' licences and sources", why);
    };
    run(Command::new(deny).current_dir(workspace.root()).args([
        "--log-level",
        "error",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))?;
    eprintln!("left out: `cargo deny check advisories`, which fetches a database first");
    Ok(())
}
