//! A look at the write-ahead log that an earlier process left, before SQLite recovers it.
//!
//! SQLite takes the log up to the first frame that does not match its checksum and drops what follows, for that is what a
//! loss of power in the middle of a commit looks like. A flipped bit looks the same to it, and would undo every commit
//! behind it without a word. But a commit is flushed before the next one begins: where whole commits follow, the frame was
//! there once, and has changed since.
//!
//! What cannot be told is damage to the last commit in the log, and to the frame that ends the last but one.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// <https://www.sqlite.org/fileformat2.html#walformat>
const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
const MAGIC: u32 = 0x377f_0682;

/// The number of the first frame that commits are lost behind, counted from 1; 0 is the header of the log.
pub(super) fn first_lost(path: &Path) -> io::Result<Option<u64>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut file = BufReader::with_capacity(256 * 1024, file);
    let mut header = [0; HEADER_BYTES];
    let mut frame = vec![0; FRAME_HEADER_BYTES];
    if !fill(&mut file, &mut header)? {
        return Ok(None);
    }
    let Some(mut chain) = Chain::begin(&header) else {
        // The header is flushed before the first frame is written.
        let has_frames = fill(&mut file, &mut frame)? && frame.iter().any(|&byte| byte != 0);
        return Ok(has_frames.then_some(0));
    };
    frame.resize(FRAME_HEADER_BYTES + chain.page_size, 0);
    let mut number = 1;
    while fill(&mut file, &mut frame)? && chain.follows(&frame) {
        number += 1;
    }
    let first_bad = number;
    let mut commits = 0;
    loop {
        commits += u32::from(chain.looks_like_commit(&frame));
        if commits == 2 {
            return Ok(Some(first_bad));
        }
        if !fill(&mut file, &mut frame)? {
            return Ok(None);
        }
    }
}

/// Reads all of it, or says that the file ends before.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            // What is left of the last frame does not count for one.
            buffer.fill(0);
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// The checksum that runs from the header through all frames.
struct Chain {
    page_size: usize,
    salts: [u8; 8],
    is_big_endian: bool,
    sums: (u32, u32),
}

impl Chain {
    fn begin(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let word = |at: usize| header.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let is_big_endian = match word(0)? {
            MAGIC => false,
            other if other == MAGIC | 1 => true,
            _ => return None,
        };
        let page_size = usize::try_from(word(8)?).ok()?;
        let salts = *header.get(16..)?.first_chunk()?;
        let mut chain = Self { page_size, salts, is_big_endian, sums: (0, 0) };
        chain.add(header.get(..24)?);
        let is_valid = page_size.is_power_of_two()
            && (512..=65_536).contains(&page_size)
            && chain.sums == (word(24)?, word(28)?);
        is_valid.then_some(chain)
    }

    /// Whether this is the next frame. If it is not, the chain ends.
    fn follows(&mut self, frame: &[u8]) -> bool {
        let Some((header, page)) = frame.split_at_checked(FRAME_HEADER_BYTES) else { return false };
        let (Some(numbers), Some(salts), Some(sums)) =
            (header.get(..8), header.get(8..16), header.get(16..24))
        else {
            return false;
        };
        self.add(numbers);
        self.add(page);
        let (first, second) = self.sums;
        let expected = [first.to_be_bytes(), second.to_be_bytes()].concat();
        salts == self.salts && sums == expected
    }

    /// Whether this says of itself that it ends a commit of this log: it has the log's salts, and the size of the database
    /// behind that commit.
    fn looks_like_commit(&self, frame: &[u8]) -> bool {
        frame.get(8..16) == Some(&self.salts[..]) && frame.get(4..8).is_some_and(|size| size != [0; 4])
    }

    fn add(&mut self, bytes: &[u8]) {
        let (mut first, mut second) = self.sums;
        let (words, _) = bytes.as_chunks::<4>();
        let read = |word: &[u8; 4]| {
            if self.is_big_endian { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) }
        };
        let (pairs, _) = words.as_chunks::<2>();
        for [one, other] in pairs {
            first = first.wrapping_add(read(one)).wrapping_add(second);
            second = second.wrapping_add(read(other)).wrapping_add(first);
        }
        self.sums = (first, second);
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// A log of five commits of a few frames each, as a process that was killed leaves it.
    fn log(directory: &Path) -> Vec<u8> {
        let path = directory.join("d");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x)")
            .unwrap();
        for _ in 0..4 {
            conn.execute("INSERT INTO t VALUES (randomblob(10000))", []).unwrap();
        }
        std::fs::read(directory.join("d-wal")).unwrap()
    }

    #[test]
    fn damage_before_the_last_commits_is_told_from_a_torn_one() {
        let directory = tempfile::tempdir().unwrap();
        let whole = log(directory.path());
        let path = directory.path().join("copy");
        let check = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            first_lost(&path).unwrap()
        };
        assert_eq!(check(&whole), None);
        assert_eq!(check(&[]), None);
        assert_eq!(first_lost(&directory.path().join("none")).unwrap(), None);
        let frame_bytes = FRAME_HEADER_BYTES + 4096;
        let frames = (whole.len() - HEADER_BYTES) / frame_bytes;
        let commits: Vec<usize> = (0..frames)
            .filter(|frame| whole[HEADER_BYTES + frame * frame_bytes + 4..][..4] != [0; 4])
            .collect();
        assert_eq!(commits.len(), 5);
        // Where SQLite would take the log to its end, or to the last commit but one, nothing is said; before, all is.
        for at in (0..whole.len()).step_by(97).chain(0..HEADER_BYTES) {
            let mut damaged = whole.clone();
            damaged[at] ^= 8;
            let frame = at.checked_sub(HEADER_BYTES).map_or(0, |behind| behind / frame_bytes + 1);
            let lost = check(&damaged);
            if frame < commits[3] + 1 {
                assert_eq!(lost, Some(frame as u64), "byte {at}");
            } else {
                assert!(lost.is_none_or(|lost| lost == frame as u64), "byte {at}: {lost:?}");
            }
            assert!(frame <= commits[3] + 1 || lost.is_none(), "a torn commit is none that was lost");
        }
        // A loss of power leaves any part of the last commit unwritten.
        for frame in commits[3] + 1..frames {
            let mut torn = whole.clone();
            torn[HEADER_BYTES + frame * frame_bytes..][..frame_bytes].fill(0);
            assert_eq!(check(&torn), None);
            assert_eq!(check(&whole[..HEADER_BYTES + frame * frame_bytes + 100]), None);
        }
    }
}
