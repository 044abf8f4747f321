//! What the writer does when the disk is full: deletes go on, and so do writes for which the database has room inside.

use super::failure::{is_io, store_error};
use super::operation::Queued;
use super::writer::{Group, Writer, answer_all};
use crate::StoreError;

/// How many operations that make room share a commit when the disk is full, so that the reserve is enough for it.
const RESCUE_OPERATIONS: usize = 16;

/// Free pages inside the database from which on a write is tried on a full disk: enough for the largest object that
/// stands in a row, and for what its row and the index may need.
const SPARE_PAGES: u64 = 32;

impl Writer {
    /// Commits operations that make room on a full disk, with the space that was held back for them.
    pub(super) fn rescue(&mut self, mut group: Group) {
        if group.is_empty() {
            return;
        }
        if let Err(error) = self.reserve.lend() {
            return answer_all(group, &Err(error));
        }
        while !group.is_empty() {
            let mut part: Group = group.drain(..group.len().min(RESCUE_OPERATIONS)).collect();
            let answer = self.commit_again(&mut part);
            answer_all(part, &answer);
            self.checkpoint("TRUNCATE");
        }
        self.end_loan();
    }

    /// Commits operations that need no more room than deleted rows have left inside the database; the reserve is lent to
    /// the log meanwhile. The others get the error. The file system never gets that room back, so without this a disk that
    /// was filled with small objects would stay full however many are deleted.
    pub(super) fn squeeze_in(&mut self, group: Group, full: &StoreError) {
        if group.is_empty() {
            return;
        }
        if self.poison.check().is_err() || self.spare_pages() < SPARE_PAGES {
            return answer_all(group, &Err(full.clone()));
        }
        if let Err(error) = self.reserve.lend() {
            return answer_all(group, &Err(error));
        }
        for mut operation in group {
            let committed =
                if self.spare_pages() < SPARE_PAGES { Ok(false) } else { self.fit(operation.as_mut()) };
            let mut group = vec![operation];
            let committed = match committed {
                Ok(true) => self.commit(&group).map(|()| true),
                other => other,
            };
            let answer = match (committed, self.roll_back()) {
                (Ok(true), Ok(())) => Ok(()),
                (Ok(false), Ok(())) => Err(full.clone()),
                (Err(error), Ok(())) if !is_io(&error) => Err(store_error("committing", &self.place, &error)),
                (Err(error), _) | (Ok(_), Err(error)) => {
                    Err(self.poison.set(&store_error("committing", &self.place, &error)))
                }
            };
            answer_all(std::mem::take(&mut group), &answer);
            if answer.is_ok() {
                self.checkpoint("TRUNCATE");
            }
        }
        self.end_loan();
    }

    /// Applies an operation in a transaction of its own; says whether the database did not have to grow for it.
    fn fit(&self, operation: &mut dyn Queued) -> rusqlite::Result<bool> {
        let before = self.pages()?;
        self.begin()?;
        self.apply(operation)?;
        Ok(self.pages()? <= before)
    }

    /// Pages of the database that hold nothing.
    pub(super) fn spare_pages(&self) -> u64 {
        let counted = self.conn.prepare_cached("PRAGMA freelist_count");
        counted.and_then(|mut count| count.query_row([], |row| row.get::<_, u32>(0))).map_or(0, u64::from)
    }

    fn end_loan(&self) {
        if let Err(error) = self.reserve.take_back() {
            tracing::warn!(%error, "the space held in reserve could not be taken again");
        }
    }
}
