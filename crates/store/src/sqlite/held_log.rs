//! A process that reads the database for long, as a backup does, keeps the log from beginning anew: it grows with every write.
//!
//! The writer names such a process, and stops growing the log while there is still room to delete.

use std::time::{Duration, Instant};

use super::growth::Growth;
use super::writer::Writer;
use crate::StoreError;

/// It is named when it has been in the way for so long, and again each time that it has been for so long more.
const NAMED_AFTER: Duration = Duration::from_secs(5 * 60);

/// Pages in the log from which on it counts as long: 32 MiB.
const LONG_PAGES: i32 = 8_192;
/// What must be free on the disk for a long log to grow further.
const LEAST_FREE_BYTES: u64 = 64 << 20;

/// What the writer knows about whoever keeps the log from beginning anew.
#[derive(Debug, Default)]
pub(super) struct HeldLog {
    since: Option<Instant>,
    named_at: Option<Instant>,
    pages: i32,
}

impl HeldLog {
    /// Whether somebody keeps the log from beginning anew, as far as the last attempt to write it back has shown.
    pub(super) fn is_held(&self) -> bool {
        self.since.is_some()
    }

    /// The log was written back.
    pub(super) fn ended(&mut self) {
        *self = Self::default();
    }
}

impl Writer {
    /// The log has this many pages, and could not be written back since somebody reads it.
    pub(super) fn log_is_held(&mut self, pages: i32) {
        let held = &mut self.held_log;
        let since = *held.since.get_or_insert_with(Instant::now);
        held.pages = pages;
        if held.named_at.unwrap_or(since).elapsed() < NAMED_AFTER {
            return;
        }
        held.named_at = Some(Instant::now());
        let (minutes, log_bytes) = (since.elapsed().as_secs() / 60, i64::from(pages) * 4096);
        if self.growth.reader_of_log().is_some() {
            tracing::warn!(
                reader = reader(&self.growth),
                minutes,
                log_bytes,
                place = self.place,
                "another process reads the database, and its write-ahead log grows meanwhile; if it hangs, end that process"
            );
        } else {
            tracing::warn!(
                minutes,
                log_bytes,
                place = self.place,
                "a request of this server reads the database for long, and its write-ahead log grows meanwhile"
            );
        }
    }

    /// Whether the log may grow by what makes no room.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] when it is long, nearly all of the disk is in use, and somebody keeps it from being emptied.
    pub(super) fn may_grow_held_log(&self) -> Result<(), StoreError> {
        let is_long = self.held_log.is_held() && self.held_log.pages >= LONG_PAGES;
        if !is_long || self.growth.free_bytes().is_none_or(|free| free >= LEAST_FREE_BYTES) {
            return Ok(());
        }
        let place = format!("{}-log, which {} keeps from being emptied", self.place, reader(&self.growth));
        Err(StoreError::DiskFull { action: "keeping room to delete", place })
    }
}

fn reader(growth: &Growth) -> String {
    match growth.reader_of_log() {
        Some(process) => format!("process {process}"),
        None => "a reader of this process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::process::{Command, Stdio};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::files::Disk;
    use crate::sqlite::schema;

    /// Set in the process that reads: where the database is.
    const READ: &str = "PRESIGN_STORE_READ";

    #[test]
    fn the_process_that_reads_is_known_by_its_number() {
        if let Some(path) = std::env::var_os(READ) {
            let reader = schema::open_reader(path.as_ref()).unwrap();
            reader.execute_batch("BEGIN; SELECT count(*) FROM bucket").unwrap();
            println!("reading");
            // Until the other end is closed.
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.sqlite");
        let conn = schema::open_writer(&path).unwrap();
        conn.execute_batch("CREATE TABLE more (x)").unwrap();
        let growth = Growth::open(&Disk::default(), &path).unwrap();
        assert_eq!(growth.reader_of_log(), None);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "sqlite::held_log::tests::the_process_that_reads_is_known_by_its_number",
                "--nocapture",
            ])
            .env(READ, &path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = Vec::new();
        let mut from_child = child.stdout.take().unwrap();
        while !String::from_utf8_lossy(&said).contains("reading") {
            let mut byte = [0];
            assert_eq!(from_child.read(&mut byte).unwrap(), 1, "the child ended");
            said.push(byte[0]);
        }
        assert_eq!(growth.reader_of_log(), Some(i32::try_from(child.id()).unwrap()));
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
        assert_eq!(growth.reader_of_log(), None);
    }

    #[test]
    fn room_is_known() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.sqlite");
        let room = Arc::new(AtomicUsize::new(5_000));
        let growth = Growth::open(&Disk::with_room(&room), &path).unwrap();
        assert_eq!(growth.free_bytes(), Some(5_000));
        room.store(7, Ordering::SeqCst);
        assert_eq!(growth.free_bytes(), Some(7));
        assert!(Growth::open(&Disk::default(), &path).unwrap().free_bytes().is_some_and(|free| free > 0));
    }
}
