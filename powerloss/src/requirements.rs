//! What a machine must have.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use crate::mounted::{FILE_SYSTEMS, FileSystem};

/// Programs, and the Debian packages they come from.
const PROGRAMS: &[(&str, &str)] = &[
    ("mkfs.ext4", "e2fsprogs"),
    ("mkfs.xfs", "xfsprogs"),
    ("mount", "mount"),
    ("umount", "mount"),
    ("unshare", "util-linux"),
];

/// What is missing, in one line. `None`: nothing.
pub(crate) fn missing() -> Option<String> {
    let mut missing = Vec::new();
    if !rustix::process::geteuid().is_root() {
        missing.push("root".to_owned());
    }
    for device in ["/dev/fuse", "/dev/loop-control"] {
        if OpenOptions::new().read(true).write(true).open(device).is_err() {
            missing.push(device.to_owned());
        }
    }
    for (program, package) in PROGRAMS {
        if !starts(program, &["--version"]) {
            missing.push(format!("{program} (Debian: apt-get install {package})"));
        }
    }
    for FileSystem { name, .. } in FILE_SYSTEMS {
        let has = is_known(name) || (succeeds("modprobe", &[name]) && is_known(name));
        if !has {
            missing.push(format!("a kernel with {name}"));
        }
    }
    if missing.is_empty() && !succeeds("unshare", &["--mount", "true"]) {
        missing.push("leave to mount (in a container: --privileged)".to_owned());
    }
    (!missing.is_empty()).then(|| missing.join(", "))
}

/// Whether the kernel has a file system, now.
fn is_known(name: &str) -> bool {
    let known = std::fs::read_to_string("/proc/filesystems").unwrap_or_default();
    known.lines().any(|line| line.trim_start() == name)
}

fn quiet(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether a program is there, whatever it says.
fn starts(program: &str, arguments: &[&str]) -> bool {
    quiet(program, arguments).status().is_ok()
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    quiet(program, arguments).status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_does_not_start() {
        assert!(starts("true", &[]) && succeeds("true", &[]));
        assert!(starts("false", &[]) && !succeeds("false", &[]));
        assert!(!starts("mkfs.of-no-file-system", &[]));
    }
}
