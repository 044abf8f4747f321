//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The folders of this checkout.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Finds the checkout that this task runner was built from, and the folder it was built into.
    pub(crate) fn locate() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent folder")?;
        // The runner itself is `<target>/debug/xtask`, wherever Cargo was told to build.
        let runner = env::current_exe().context("where this program is")?;
        let target = runner.ancestors().nth(2).context("the task runner is not in a target folder")?;
        Ok(Workspace { root: root.to_owned(), target: target.to_owned() })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn conformance(&self) -> PathBuf {
        self.root.join("conformance")
    }

    /// The folder of Cargo's own tools that the project installs.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// The folder in which the conformance suite keeps what it works on; emptied at each run.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.target.join("conformance")
    }

    /// The folder that everything is built into.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The product's binary, as `cargo build` leaves it.
    pub(crate) fn presign(&self, release: bool) -> PathBuf {
        self.built("presign", release)
    }

    /// A binary of this workspace, as `cargo build` leaves it.
    pub(crate) fn built(&self, name: &str, release: bool) -> PathBuf {
        let profile = if release { "release" } else { "debug" };
        self.target.join(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}
