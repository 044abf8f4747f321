//! Who makes a backup: what the file that backups lock says about them.
//!
//! Each backup writes a line into the file when it has the lock, and sets the time of the file when it has come further. The
//! server reads both, to name a backup that takes long, and to end the protection of one that makes no progress any more.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::process;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Writes the line of this process, after those of other backups that run.
pub(super) fn announce(file: &File, destination: &Path) -> std::io::Result<()> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // One line, whatever the path holds.
    let line = format!("{} {seconds} {:?}\n", process::id(), destination);
    file.write_all_at(line.as_bytes(), file.metadata()?.len())
}

/// The processes that make a backup at the moment, for a person: from the lines of the file whose process is there.
pub(super) fn holders(file: Option<File>) -> String {
    let text = file.and_then(|file| std::io::read_to_string(file).ok()).unwrap_or_default();
    let told: Vec<String> = text.lines().filter_map(holder).collect();
    if told.is_empty() { "a process that is not known".to_owned() } else { told.join("; ") }
}

fn holder(line: &str) -> Option<String> {
    let mut parts = line.splitn(3, ' ');
    let process: u32 = parts.next()?.parse().ok()?;
    let since = UNIX_EPOCH + Duration::from_secs(parts.next()?.parse().ok()?);
    let destination = parts.next()?;
    let processes = Path::new("/proc");
    if processes.join("self").exists() && !processes.join(process.to_string()).exists() {
        return None;
    }
    let minutes = SystemTime::now().duration_since(since).unwrap_or_default().as_secs() / 60;
    Some(format!("process {process}, for {minutes} minute(s), to {destination}"))
}

/// Whether the open file is still the one at this path.
pub(super) fn is_at(file: &File, path: &Path) -> std::io::Result<bool> {
    let (held, there) = (file.metadata()?, fs::metadata(path));
    Ok(there.is_ok_and(|there| (there.dev(), there.ino()) == (held.dev(), held.ino())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_run_are_named_and_no_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("backup.lock");
        let file = File::create(&path).unwrap();
        assert_eq!(holders(File::open(&path).ok()), "a process that is not known");
        announce(&file, Path::new("/mnt/a b\nc")).unwrap();
        // No process has this number.
        let end = file.metadata().unwrap().len();
        file.write_all_at(b"4294967295 1 \"/mnt/gone\"\nnot a line\n", end).unwrap();
        let expected = format!("process {}, for 0 minute(s), to \"/mnt/a b\\nc\"", process::id());
        assert_eq!(holders(File::open(&path).ok()), expected);
    }
}
