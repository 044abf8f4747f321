//! The JavaScript SDK, for the tests in `conformance/js`.

use std::process::Command;

use anyhow::bail;

use crate::command::{answers, run};
use crate::stamp::Stamp;
use crate::workspace::Workspace;

/// Installs the packages where they are not what `conformance/js/package-lock.json` asks for.
pub(crate) fn install(workspace: &Workspace) -> anyhow::Result<()> {
    let project = workspace.conformance().join("js");
    let modules = project.join("node_modules");
    let stamp = Stamp::new(&modules, &[project.join("package.json"), project.join("package-lock.json")])?;
    for (program, package) in [("node", "Node.js 20 or later"), ("npm", "npm, which comes with Node.js")] {
        if !answers(Command::new(program).arg("--version")) {
            bail!("`{program}` was not found. Install {package} (nodejs.org), and run this again.");
        }
    }
    if stamp.is_current() {
        return Ok(());
    }
    run(Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&project))?;
    stamp.write()
}
