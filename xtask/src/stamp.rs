//! What was installed last, so that installing twice costs nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A file inside an installed folder, holding the requirements that the folder was made from. It goes when
/// the folder goes.
pub(crate) struct Stamp {
    file: PathBuf,
    requirements: String,
}

impl Stamp {
    /// The stamp of `folder`, installed from these requirement files.
    pub(crate) fn new(folder: &Path, requirement_files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut requirements = String::new();
        for file in requirement_files {
            requirements.push_str(
                &fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()))?,
            );
        }
        Ok(Stamp { file: folder.join(".installed-from"), requirements })
    }

    /// Whether the folder was made from just these requirements.
    pub(crate) fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|installed| installed == self.requirements)
    }

    /// Notes that it now was.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        fs::write(&self.file, &self.requirements)
            .with_context(|| format!("{} could not be written", self.file.display()))
    }
}
