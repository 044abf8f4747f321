//! Free pages of the database go back to the file system when nothing else is to be done.
//!
//! A database that was made with `auto_vacuum = incremental` can move pages from its end into free ones and end earlier. One
//! that an earlier version made cannot, until it is compacted once.

use super::failure::{is_disk_full, is_io, store_error};
use super::writer::Writer;

/// Free pages from which on some are given back: 8 MiB, and a quarter of the database.
const BEGIN_PAGES: u64 = 2_048;
const BEGIN_SHARE: u64 = 4;
/// How many are kept, so that they are not taken again right away: 4 MiB, or an eighth of the database.
const KEPT_PAGES: u64 = 1_024;
const KEPT_SHARE: u64 = 8;

/// How many pages are given back in one commit: a write that comes meanwhile waits for no more than that.
const STEP_PAGES: u64 = 256;

/// `PRAGMA auto_vacuum` of a database that can.
const INCREMENTAL: u32 = 2;

/// Whether the database can give pages back, and has begun to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GivingBack {
    /// Not asked yet.
    Unknown,
    /// It can, and has nothing to give.
    Resting,
    /// There is more to give.
    Begun,
    /// It cannot, or it failed once.
    Never,
}

impl Writer {
    /// Gives back a few pages if there are many free ones.
    pub(super) fn give_back(&mut self) {
        if self.giving_back == GivingBack::Unknown {
            let mode = self.conn.pragma_query_value(None, "auto_vacuum", |row| row.get::<_, u32>(0));
            let can = mode.is_ok_and(|mode| mode == INCREMENTAL);
            self.giving_back = if can { GivingBack::Resting } else { GivingBack::Never };
        }
        if self.giving_back == GivingBack::Never {
            return;
        }
        // On a full disk what is free within the database is all the room there is. And every step goes through the log: where
        // that cannot be emptied, it would grow by more than is given back.
        let may = self.poison.check().is_ok() && self.reserve.is_held() && !self.held_log.is_held();
        if !may || !self.has_more_to_give() {
            self.giving_back = GivingBack::Resting;
            return;
        }
        self.giving_back = GivingBack::Begun;
        let step = self.give_back_step();
        let outcome = self.roll_back().and(step);
        if let Err(error) = outcome {
            if is_disk_full(&error) {
                // Uploads that are refused tell of that.
                self.giving_back = GivingBack::Resting;
                return;
            }
            self.giving_back = GivingBack::Never;
            let failure = store_error("giving space back", &self.place, &error);
            if is_io(&error) {
                drop(self.poison.set(&failure));
            } else {
                tracing::warn!(error = %failure, "free pages of the database were not given back");
            }
        }
    }

    fn has_more_to_give(&self) -> bool {
        let Ok(pages) = self.pages() else { return false };
        let free = self.spare_pages();
        match self.giving_back {
            GivingBack::Begun => free > KEPT_PAGES.max(pages / KEPT_SHARE),
            _ => free > BEGIN_PAGES.max(pages / BEGIN_SHARE),
        }
    }

    fn give_back_step(&mut self) -> rusqlite::Result<()> {
        self.begin()?;
        let sql = format!("PRAGMA incremental_vacuum({STEP_PAGES})");
        let mut statement = self.conn.prepare(&sql)?;
        // One page to a row.
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        drop(rows);
        drop(statement);
        // No row is changed: this says nothing about when the last write was.
        self.commit_pages(self.stamp)
    }
}
