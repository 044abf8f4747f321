//! The bytes of a disk, in memory. A copy costs no more than its table of pages, so that thousands can be had.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// What survives or is lost as a whole when a write is torn, in bytes.
pub(crate) const PAGE: usize = 4096;

type Page = [u8; PAGE];

/// A disk. Pages that were never written read as zeroes and take no memory.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    pages: Vec<Option<Arc<Page>>>,
}

impl Disk {
    pub(crate) fn new(length: u64) -> Self {
        let pages = usize::try_from(length / PAGE as u64).unwrap_or(0);
        Self { pages: vec![None; pages] }
    }

    /// Its length in bytes.
    pub(crate) fn length(&self) -> u64 {
        (self.pages.len() * PAGE) as u64
    }

    /// The bytes at `offset`, fewer at its end.
    pub(crate) fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        let length = length.min(usize::try_from(self.length().saturating_sub(offset)).unwrap_or(usize::MAX));
        let mut bytes = Vec::with_capacity(length);
        for (page, within, piece) in pieces(offset, length) {
            match self
                .pages
                .get(page)
                .and_then(Option::as_ref)
                .and_then(|page| page.get(within..within + piece))
            {
                Some(stored) => bytes.extend_from_slice(stored),
                None => bytes.resize(bytes.len() + piece, 0),
            }
        }
        bytes
    }

    /// Replaces the bytes at `offset`. What lies behind the end is dropped.
    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8]) {
        let mut rest = bytes;
        for (page, within, piece) in pieces(offset, bytes.len()) {
            let (new, later) = rest.split_at(piece);
            rest = later;
            let Some(slot) = self.pages.get_mut(page) else { return };
            let page = Arc::make_mut(slot.get_or_insert_with(|| Arc::new([0; PAGE])));
            if let Some(old) = page.get_mut(within..within + piece) {
                old.copy_from_slice(new);
            }
        }
    }

    /// Keeps it as a file, which takes no more space than was written.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        let file = File::create(path)?;
        file.set_len(self.length())?;
        for (at, page) in self.pages.iter().enumerate() {
            if let Some(page) = page {
                file.write_all_at(page.as_slice(), (at * PAGE) as u64)?;
            }
        }
        Ok(())
    }
}

/// Cuts a range at the borders of pages: the page, the offset within it, and the length of each piece.
pub(crate) fn pieces(offset: u64, length: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut at = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = at.saturating_add(length);
    std::iter::from_fn(move || {
        let within = at % PAGE;
        let piece = (PAGE - within).min(end - at);
        let page = at / PAGE;
        at += piece;
        (piece > 0).then_some((page, within, piece))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_copy_stays_as_it_was() {
        let mut disk = Disk::new(4 * PAGE as u64);
        disk.write(PAGE as u64 - 2, &[1, 2, 3, 4]);
        let copy = disk.clone();
        disk.write(PAGE as u64, &[9]);
        assert_eq!(disk.read(PAGE as u64 - 3, 6), [0, 1, 2, 9, 4, 0]);
        assert_eq!(copy.read(PAGE as u64 - 3, 6), [0, 1, 2, 3, 4, 0]);
        disk.write(disk.length() - 1, &[5, 6]);
        assert_eq!(disk.read(disk.length() - 1, 10), [5]);
        assert_eq!(disk.read(disk.length(), 10), []);
    }

    #[test]
    fn a_range_is_cut_at_the_borders_of_pages() {
        let cut: Vec<_> = pieces(PAGE as u64 - 1, PAGE + 2).collect();
        assert_eq!(cut, [(0, PAGE - 1, 1), (1, 0, PAGE), (2, 0, 1)]);
        assert_eq!(pieces(7, 0).count(), 0);
    }
}
