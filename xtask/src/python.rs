//! The project's own Python environment: boto3, the AWS CLI, pytest and the spelling check.

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use crate::command::{answers, run};
use crate::stamp::Stamp;
use crate::workspace::Workspace;

/// Installs the environment where it is not what `conformance/requirements.txt` asks for.
pub(crate) fn install(workspace: &Workspace) -> anyhow::Result<()> {
    let requirements = workspace.conformance().join("requirements.txt");
    let environment = workspace.root().join(".venv");
    let stamp = Stamp::new(&environment, std::slice::from_ref(&requirements))?;
    if stamp.is_current() && answers(Command::new(interpreter(workspace)).arg("--version")) {
        return Ok(());
    }
    let Some(python) = ["python3", "python"].into_iter().find(|name| is_python_3(name)) else {
        bail!(
            "Python 3 was not found. Install Python 3.10 or later so that `python3` is on the PATH (from \
             python.org, or your system's package `python3`), and run this again."
        );
    };
    let make = |options: &[&str]| {
        Command::new(python).args(["-m", "venv", "--clear"]).args(options).arg(&environment).status()
    };
    let mut install = Command::new(interpreter(workspace));
    if make(&[])?.success() {
        install.args(["-m", "pip"]);
    } else if answers(Command::new(python).args(["-m", "pip", "--version"]))
        && make(&["--without-pip"])?.success()
    {
        // Debian keeps the part that puts pip into an environment in a package of its own.
        install = Command::new(python);
        install.args(["-m", "pip", "--python"]).arg(interpreter(workspace));
    } else {
        bail!(
            "`{python} -m venv` does not work here. On Debian and Ubuntu install the package python3-venv \
             (apt install python3-venv) or, without root, pip; then run this again."
        );
    }
    install.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&requirements);
    run(&mut install)?;
    stamp.write()
}

/// The environment's Python.
pub(crate) fn interpreter(workspace: &Workspace) -> PathBuf {
    program(workspace, "python")
}

/// A program that the environment has.
pub(crate) fn program(workspace: &Workspace, name: &str) -> PathBuf {
    let programs = if cfg!(windows) { "Scripts" } else { "bin" };
    workspace.root().join(".venv").join(programs).join(name)
}

fn is_python_3(name: &str) -> bool {
    answers(Command::new(name).args(["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]))
}
