//! What can be saved of a write-ahead log that is not what was written.
//!
//! Each frame ends a chain of checksums that begins in the header of the log, and holds the value of the chain up to itself. So
//! damage to one frame does not make those behind it unreadable: the chain goes on from the value that the damaged frame
//! holds. Most single flipped bits can be found and put right, because the checksum is a linear function of its words; the
//! highest bits of a word are too much alike for that.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// <https://www.sqlite.org/fileformat2.html#walformat>
const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// Of a frame's header, what the checksum covers.
const COVERED_BYTES: usize = 8;
const BIG_ENDIAN_MAGIC: [u8; 4] = [0x37, 0x7f, 0x06, 0x83];

type Sums = (u32, u32);

/// What a log holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Salvage {
    /// The content of each page after the last commit that is taken.
    pub(super) pages: BTreeMap<u32, Content>,
    /// Pages of the database after that commit. `None`: no commit is taken.
    pub(super) database_pages: Option<u32>,
    /// Frames that are not what was written, counted from 1.
    pub(super) changed: Vec<u64>,
    /// Of those, how many could be put right.
    pub(super) put_right: u64,
    /// Commits that are taken.
    pub(super) commits: u64,
    /// Commits behind them that are not.
    pub(super) dropped: u64,
}

/// Where the content of a page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// In the log, at this offset.
    At(u64),
    /// A flipped bit of it was put right.
    PutRight(Vec<u8>),
}

/// One frame.
enum Frame {
    Sound {
        page: u32,
        commit: Option<u32>,
        content: Content,
    },
    /// Its page is told where that can be believed.
    Changed {
        number: u64,
        page: Option<u32>,
    },
}

/// Reads a log of pages of this size. Takes a few bytes of memory for each page in it.
pub(super) fn salvage(path: &Path, page_size: usize) -> io::Result<Salvage> {
    let (frames, put_right) = read(path, page_size)?;
    let mut salvage = Salvage { put_right: put_right.len() as u64, ..Salvage::default() };
    // Nothing behind the last commit was ever acknowledged.
    let ends_with = frames.iter().rposition(|frame| matches!(frame, Frame::Sound { commit: Some(_), .. }));
    let frames = frames.get(..ends_with.map_or(0, |last| last + 1)).unwrap_or_default();
    let lost = first_lost(frames);
    let taken = frames.get(..lost).unwrap_or_default();
    let taken = taken
        .iter()
        .rposition(|frame| matches!(frame, Frame::Sound { commit: Some(_), .. }))
        .map_or(0, |last| last + 1);
    for (at, frame) in frames.iter().enumerate() {
        match frame {
            Frame::Sound { page, commit, content } => {
                if at < taken {
                    salvage.pages.insert(*page, content.clone());
                    salvage.database_pages = commit.or(salvage.database_pages);
                }
                let commits = if at < taken { &mut salvage.commits } else { &mut salvage.dropped };
                *commits += u64::from(commit.is_some());
            }
            Frame::Changed { number, .. } => salvage.changed.push(*number),
        }
    }
    salvage.changed.extend(put_right.into_iter().filter(|&number| number <= frames.len() as u64));
    salvage.changed.sort_unstable();
    if let Some(pages) = salvage.database_pages {
        salvage.pages.retain(|&page, _| page <= pages);
    }
    Ok(salvage)
}

/// The first frame whose page nobody knows any more: damaged, and not written again by a later commit.
fn first_lost(frames: &[Frame]) -> usize {
    let mut last_of: BTreeMap<u32, usize> = BTreeMap::new();
    for (at, frame) in frames.iter().enumerate() {
        if let Frame::Sound { page, .. } = frame {
            last_of.insert(*page, at);
        }
    }
    let is_lost = |(at, frame): (usize, &Frame)| match frame {
        Frame::Sound { .. } => false,
        Frame::Changed { page, .. } => {
            page.and_then(|page| last_of.get(&page)).is_none_or(|&written_again| written_again < at)
        }
    };
    frames.iter().enumerate().position(is_lost).unwrap_or(frames.len())
}

/// All frames of this log, without what an earlier one has left behind them, and the numbers of those that were put right.
fn read(path: &Path, page_size: usize) -> io::Result<(Vec<Frame>, Vec<u64>)> {
    let mut file = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let mut header = [0; HEADER_BYTES];
    let mut frame = vec![0; FRAME_HEADER_BYTES + page_size];
    let (mut frames, mut put_right) = (Vec::new(), Vec::new());
    if !fill(&mut file, &mut header)? {
        return Ok((frames, put_right));
    }
    // What SQLite writes on this kind of machine, where the header does not say otherwise.
    let is_big_endian = header.starts_with(&BIG_ENDIAN_MAGIC);
    let stored = sums_at(&header, 24);
    let computed = add((0, 0), header.get(..24).unwrap_or_default(), is_big_endian);
    let mut salts: [u8; 8] =
        header.get(16..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    let mut before = Before { stored, computed, is_of_this_log: true, changed: None };
    let (mut number, mut at) = (0, HEADER_BYTES as u64);
    while fill(&mut file, &mut frame)? {
        number += 1;
        if number == 1 && stored != computed {
            // Its salts may be what has changed.
            salts = frame.get(8..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
        }
        let has_salts = frame.get(8..16) == Some(&salts[..]);
        let written = sums_at(&frame, 16);
        let from_stored = sums_of(before.stored, &frame, is_big_endian);
        let from_computed = sums_of(before.computed, &frame, is_big_endian);
        let belongs = has_salts || before.is_of_this_log;
        let is_sound = belongs && (from_stored == written || from_computed == written);
        if let (true, Some(changed)) = (is_sound, before.changed.take()) {
            // Which of the two has changed in the frame before: what it holds of the chain, or what the chain goes over.
            let resolved =
                if from_stored == written { changed.put_right(is_big_endian) } else { changed.believed() };
            if matches!(resolved, Frame::Sound { .. }) {
                put_right.push(number - 1);
            }
            if let Some(last) = frames.last_mut() {
                *last = resolved;
            }
        }
        let changed = Changed {
            number,
            at: at + FRAME_HEADER_BYTES as u64,
            has_salts,
            computed: from_stored,
            frame: if is_sound { Vec::new() } else { frame.clone() },
        };
        if is_sound {
            frames.push(sound(&frame, Content::At(changed.at)));
        } else {
            // Nothing of it is believed before the next frame.
            frames.push(Frame::Changed { number, page: None });
        }
        before = Before {
            stored: written,
            computed: if is_sound { written } else { from_stored },
            is_of_this_log: is_sound || has_salts,
            changed: (!is_sound).then_some(changed),
        };
        at += frame.len() as u64;
    }
    Ok((frames, put_right))
}

/// What is known of the frame before, or of the header.
struct Before {
    /// The value of the chain that it holds.
    stored: Sums,
    /// The value that its bytes have.
    computed: Sums,
    is_of_this_log: bool,
    /// The frame, where the two are not the same.
    changed: Option<Changed>,
}

/// A frame that does not have the checksum that it holds.
struct Changed {
    number: u64,
    /// Where its page is in the log.
    at: u64,
    has_salts: bool,
    computed: Sums,
    frame: Vec<u8>,
}

impl Changed {
    /// It is what it holds of the chain that has changed, and nothing else.
    fn believed(self) -> Frame {
        sound(&self.frame, Content::At(self.at))
    }

    /// It is what the chain goes over: one bit of it, which can be found, or more.
    fn put_right(mut self, is_big_endian: bool) -> Frame {
        let flips = flips(&self.frame, self.computed, sums_at(&self.frame, 16), is_big_endian);
        match flips.as_slice() {
            [flip] => {
                flip.apply(&mut self.frame);
                let page = self.frame.get(FRAME_HEADER_BYTES..).unwrap_or_default().to_vec();
                sound(&self.frame, Content::PutRight(page))
            }
            flips => {
                // Nearly all of a frame is the page, so that is what has changed where nothing speaks against it.
                let names_its_page = self.has_salts && flips.iter().all(|flip| flip.at >= FRAME_HEADER_BYTES);
                Frame::Changed { number: self.number, page: names_its_page.then(|| word(&self.frame, 0)) }
            }
        }
    }
}

fn sound(frame: &[u8], content: Content) -> Frame {
    Frame::Sound { page: word(frame, 0), commit: Some(word(frame, 4)).filter(|&pages| pages != 0), content }
}

fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u32::from_be_bytes(*word))
}

fn sums_at(bytes: &[u8], at: usize) -> Sums {
    (word(bytes, at), word(bytes, at + 4))
}

/// The value of the chain behind a frame.
fn sums_of(before: Sums, frame: &[u8], is_big_endian: bool) -> Sums {
    let sums = add(before, frame.get(..COVERED_BYTES).unwrap_or_default(), is_big_endian);
    add(sums, frame.get(FRAME_HEADER_BYTES..).unwrap_or_default(), is_big_endian)
}

fn add((mut first, mut second): Sums, bytes: &[u8], is_big_endian: bool) -> Sums {
    let (words, _) = bytes.as_chunks::<4>();
    let (pairs, _) = words.as_chunks::<2>();
    for [one, other] in pairs {
        first = first.wrapping_add(value(*one, is_big_endian)).wrapping_add(second);
        second = second.wrapping_add(value(*other, is_big_endian)).wrapping_add(first);
    }
    (first, second)
}

fn value(word: [u8; 4], is_big_endian: bool) -> u32 {
    if is_big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
}

/// A bit of a frame that may have been flipped.
struct Flip {
    /// Where its word is.
    at: usize,
    word: [u8; 4],
}

impl Flip {
    fn apply(&self, frame: &mut [u8]) {
        if let Some(place) = frame.get_mut(self.at..self.at + 4) {
            place.copy_from_slice(&self.word);
        }
    }
}

/// All single bits that make the difference between the two values.
fn flips(frame: &[u8], computed: Sums, written: Sums, is_big_endian: bool) -> Vec<Flip> {
    let missing = (written.0.wrapping_sub(computed.0), written.1.wrapping_sub(computed.1));
    let covered = (0..COVERED_BYTES).chain(FRAME_HEADER_BYTES..frame.len()).step_by(4);
    let places: Vec<usize> = covered.collect();
    let mut found = Vec::new();
    // What a change by 1 of the first and of the second word of a pair does to the sums, from the last pair to the first.
    let (mut of_first, mut of_second): (Sums, Sums) = ((1, 1), (0, 1));
    let behind = |(first, second): Sums| {
        let first = first.wrapping_add(second);
        (first, second.wrapping_add(first))
    };
    for pair in places.chunks_exact(2).rev() {
        for (&at, effect) in pair.iter().zip([of_first, of_second]) {
            let Some(word) = frame.get(at..).and_then(|rest| rest.first_chunk::<4>()) else { continue };
            let old = value(*word, is_big_endian);
            for bit in 0..u32::BITS {
                let new = old ^ (1 << bit);
                let change = new.wrapping_sub(old);
                if (change.wrapping_mul(effect.0), change.wrapping_mul(effect.1)) == missing {
                    let word = if is_big_endian { new.to_be_bytes() } else { new.to_le_bytes() };
                    found.push(Flip { at, word });
                }
            }
        }
        (of_first, of_second) = (behind(of_first), behind(of_second));
    }
    found
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    const PAGE: usize = 4096;
    const FRAME: usize = FRAME_HEADER_BYTES + PAGE;

    /// A log of ten commits, of which the later ones write most pages of the earlier ones again.
    fn log(directory: &Path) -> Vec<u8> {
        let conn = Connection::open(directory.join("d")).unwrap();
        conn.execute_batch("PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x)")
            .unwrap();
        for _ in 0..9 {
            conn.execute("INSERT INTO t VALUES (randomblob(3000))", []).unwrap();
        }
        std::fs::read(directory.join("d-wal")).unwrap()
    }

    fn content(salvage: &Salvage, log: &[u8]) -> Vec<(u32, Vec<u8>)> {
        let read = |content: &Content| match content {
            Content::At(at) => log[usize::try_from(*at).unwrap()..][..PAGE].to_vec(),
            Content::PutRight(bytes) => bytes.clone(),
        };
        salvage.pages.iter().map(|(page, content)| (*page, read(content))).collect()
    }

    #[test]
    fn a_flipped_bit_is_put_right_or_all_commits_before_it_are_taken_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("copy");
        let whole = log(directory.path());
        let read_back = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let salvage = salvage(&path, PAGE).unwrap();
            let content = content(&salvage, bytes);
            (salvage, content)
        };
        let frames = (whole.len() - HEADER_BYTES) / FRAME;
        // The pages after each commit.
        let ends = (1..=frames).filter(|end| word(&whole, HEADER_BYTES + (end - 1) * FRAME + 4) != 0);
        let after: Vec<_> = ends.map(|end| read_back(&whole[..HEADER_BYTES + end * FRAME]).1).collect();
        assert_eq!(after.len(), 10);
        let headers = (0..frames)
            .step_by(4)
            .flat_map(|frame| (0..FRAME_HEADER_BYTES).map(move |at| HEADER_BYTES + frame * FRAME + at));
        let (mut put_right, mut others, mut lost) = (0, 0, 0);
        for at in (0..HEADER_BYTES).chain(headers).chain((HEADER_BYTES..whole.len()).step_by(3989)) {
            for bit in [at % 8, 7] {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << bit;
                let (found, pages) = read_back(&damaged);
                let commits = usize::try_from(found.commits).unwrap();
                if commits == 0 {
                    assert!(pages.is_empty(), "bit {bit} of byte {at}");
                } else {
                    // Where the frame that ended a commit is not told any more, one less is counted and its pages are there.
                    let is_a_state = after[commits - 1..(commits + 1).min(after.len())].contains(&pages);
                    let numbers = (found.commits, found.dropped, &found.changed, found.put_right);
                    assert!(is_a_state, "bit {bit} of byte {at}: {numbers:?}");
                }
                put_right += found.put_right;
                others += u64::from(found.put_right == 0);
                lost += found.dropped;
            }
        }
        assert!(put_right > others && lost > 0, "{put_right} put right, {others} not, {lost} commits lost");
    }

    #[test]
    fn a_page_that_is_written_again_is_not_missed_and_of_another_the_commits_behind_it_are_lost() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("copy");
        let whole = log(directory.path());
        let frames = (whole.len() - HEADER_BYTES) / FRAME;
        let page = |frame: usize| word(&whole, HEADER_BYTES + frame * FRAME);
        let (mut lost, mut whole_ones) = (0, 0);
        for frame in 0..frames {
            let mut damaged = whole.clone();
            damaged[HEADER_BYTES + frame * FRAME + 1000..][..40].fill(0x55);
            std::fs::write(&path, &damaged).unwrap();
            let found = salvage(&path, PAGE).unwrap();
            let is_written_again = (frame + 1..frames).any(|other| page(other) == page(frame));
            if frame + 1 == frames {
                assert_eq!(
                    (found.commits, found.dropped),
                    (9, 0),
                    "the last commit is as one that was cut off"
                );
                continue;
            }
            assert_eq!(found.changed, [frame as u64 + 1]);
            assert_eq!(found.dropped == 0, is_written_again, "frame {frame}");
            let commits =
                whole[HEADER_BYTES..].chunks(FRAME).filter(|frame| word(frame, 4) != 0).count() as u64;
            assert!(commits - (found.commits + found.dropped) <= 1, "the damaged frame may end a commit");
            lost += found.dropped;
            whole_ones += u32::from(is_written_again);
        }
        assert!(lost > 0 && whole_ones > 0, "{lost} {whole_ones}");
    }
}
