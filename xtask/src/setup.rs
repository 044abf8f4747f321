//! `cargo xtask setup`: everything that the tests and checks need, in the project's own folders.

use crate::workspace::Workspace;
use crate::{node, python};

pub(crate) fn install(workspace: &Workspace) -> anyhow::Result<()> {
    python::install(workspace)?;
    node::install(workspace)
}
