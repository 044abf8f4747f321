//! File systems on devices: made, mounted through a loop device, and unmounted.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::device::Device;
use crate::disk::Disk;
use crate::shelf::Shelf;

/// A kind of file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileSystem {
    pub(crate) name: &'static str,
    /// What it needs at least, and little more, in bytes.
    size: u64,
    make: &'static [&'static str],
    options: &'static str,
}

pub(crate) const FILE_SYSTEMS: &[FileSystem] = &[
    FileSystem {
        name: "ext4",
        size: 128 << 20,
        make: &[
            "mkfs.ext4",
            "-q",
            "-F",
            "-b",
            "4096",
            "-E",
            "nodiscard,lazy_itable_init=0,lazy_journal_init=0",
        ],
        options: "loop,noatime",
    },
    FileSystem {
        name: "xfs",
        size: 320 << 20,
        make: &["mkfs.xfs", "-q", "-f", "-K"],
        // All images are copies of one, with its identity.
        options: "loop,noatime,nouuid",
    },
];

impl FileSystem {
    /// Makes an empty one.
    pub(crate) fn make(&self, shelf: &Shelf) -> anyhow::Result<Disk> {
        let device = Device::new(Disk::new(self.size));
        let file = shelf.put(device.clone());
        let (program, arguments) = self.make.split_first().context("a file system is made by a program")?;
        run(Command::new(program).args(arguments).arg(&file))?;
        std::fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?;
        Ok(device.disk())
    }

    /// Mounts the one on a device.
    pub(crate) fn mount(&self, shelf: &Shelf, device: Device, place: &Path) -> anyhow::Result<Mounted> {
        let file = shelf.put(device);
        let mounted = Mounted { file: file.clone(), place: Some(place.to_owned()) };
        if let Err(error) =
            run(Command::new("mount").args(["-t", self.name, "-o", self.options]).arg(file).arg(place))
        {
            mounted.forget();
            return Err(error);
        }
        Ok(mounted)
    }
}

/// A mounted file system. Its loop device frees itself when it is unmounted.
pub(crate) struct Mounted {
    file: PathBuf,
    place: Option<PathBuf>,
}

impl Mounted {
    /// Unmounts it, once whoever uses it is done.
    pub(crate) fn unmount(mut self) -> anyhow::Result<()> {
        const PATIENCE: Duration = Duration::from_secs(60);
        let Some(place) = self.place.take() else { return Ok(()) };
        let begun = Instant::now();
        while let Err(error) = run(Command::new("umount").arg(&place)) {
            if begun.elapsed() > PATIENCE {
                detach(&place);
                return Err(error);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// It was not mounted after all.
    fn forget(mut self) {
        self.place = None;
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            detach(&place);
        }
        // The device leaves the shelf, and the kernel's memory.
        drop(std::fs::remove_file(&self.file));
    }
}

/// Takes it out of sight at once; the kernel unmounts it when nobody uses it any more.
fn detach(place: &Path) {
    if let Err(error) = run(Command::new("umount").arg("--lazy").arg(place)) {
        eprintln!("{error:#}");
    }
}

/// Runs a program; its output is the error's text.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("`{program}` could not be started"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("`{program}` failed ({}): {}", output.status, words.trim());
    }
    Ok(())
}
