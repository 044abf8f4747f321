//! One page: where its checksum is, and what it covers.

use crc_fast::{CrcAlgorithm, Digest};

/// How many bytes at the end of a page are kept free for its checksum.
pub const RESERVED_BYTES: usize = 8;

/// The sizes that a page may have. <https://www.sqlite.org/fileformat2.html#page_size>
const SIZES: std::ops::RangeInclusive<usize> = 512..=65_536;

/// Offsets in the database's header. <https://www.sqlite.org/fileformat2.html#the_database_header>
const PAGE_SIZE_AT: usize = 16;
const RESERVED_AT: usize = 20;
/// The two versions of the file format: the one that a writer has to know, and the one that a reader has to know.
const VERSIONS: std::ops::Range<usize> = 18..20;

/// What SQLite writes there for a database with a write-ahead log.
const WAL_VERSION: u8 = 2;
/// What stands there in the file instead. SQLite refuses to open a database of a version that it does not know, so no program
/// without this layer reads it, writes to it, or touches its log. <https://www.sqlite.org/fileformat2.html#file_format_version_numbers>
const PRIVATE_WAL_VERSION: u8 = 0xF2;

/// Whether a database that begins with these bytes is refused by every program that opens it without this layer.
#[must_use]
pub fn is_private(header: &[u8]) -> bool {
    header.get(VERSIONS.start + 1) == Some(&PRIVATE_WAL_VERSION)
}

/// Puts the private version into page 1, if the database has a write-ahead log.
pub(crate) fn make_private(page: &mut [u8]) {
    replace_versions(page, 0, WAL_VERSION, PRIVATE_WAL_VERSION);
}

/// Puts SQLite's own version back into what was read at this offset.
pub(crate) fn make_public(bytes: &mut [u8], offset: u64) {
    replace_versions(bytes, offset, PRIVATE_WAL_VERSION, WAL_VERSION);
}

fn replace_versions(bytes: &mut [u8], offset: u64, from: u8, to: u8) {
    for at in VERSIONS {
        let within = (at as u64).checked_sub(offset).and_then(|at| usize::try_from(at).ok());
        match within.and_then(|at| bytes.get_mut(at)) {
            Some(version) if *version == from => *version = to,
            _ => {}
        }
    }
}

/// The number of the page that begins at this offset, if a page of this size can.
pub(crate) fn number(offset: u64, size: usize) -> Option<u64> {
    let fits = size.is_power_of_two() && SIZES.contains(&size) && offset.is_multiple_of(size as u64);
    fits.then(|| offset / size as u64 + 1)
}

/// The size of the pages of a database that begins with these bytes. `None`: none does.
#[must_use]
pub fn page_size(header: &[u8]) -> Option<usize> {
    let stored: [u8; 2] = *header.get(PAGE_SIZE_AT..)?.first_chunk()?;
    // The largest does not fit into two bytes and is written as 1.
    let size = match u16::from_be_bytes(stored) {
        1 => 65_536,
        other => usize::from(other),
    };
    (size.is_power_of_two() && SIZES.contains(&size)).then_some(size)
}

/// Whether the pages of a database that begins with these bytes have room for a checksum.
pub(crate) fn has_room(header: &[u8]) -> bool {
    header.get(RESERVED_AT).copied().map(usize::from) == Some(RESERVED_BYTES)
}

/// Whether a page is as it was written, or was never written: SQLite leaves pages that it has no use for as zeros.
/// `number` counts from 1.
#[must_use]
pub fn is_intact(number: u64, page: &[u8]) -> bool {
    let is_unwritten = !page.is_empty() && page.iter().all(|&byte| byte == 0);
    is_as_written(number, page) || is_unwritten
}

/// Whether a page that is in use is as it was written. Zeros are not: the end of a row that went on in another page may well be
/// read as zeros without SQLite noticing.
pub(crate) fn is_as_written(number: u64, page: &[u8]) -> bool {
    let Some((content, sum)) = page.split_last_chunk() else { return false };
    u64::from_le_bytes(*sum) == checksum(number, content)
}

/// Writes the checksum of a page into its last bytes. `number` counts from 1.
pub fn stamp(number: u64, page: &mut [u8]) {
    if let Some((content, sum)) = page.split_last_chunk_mut() {
        *sum = checksum(number, content).to_le_bytes();
    }
}

fn checksum(number: u64, content: &[u8]) -> u64 {
    let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
    digest.update(content);
    digest.update(&number.to_le_bytes());
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_and_any_other_place_is_noticed() {
        let mut page: Vec<u8> = (0..4096_u32).map(|at| (at % 251) as u8).collect();
        stamp(7, &mut page);
        assert!(is_intact(7, &page));
        assert!(!is_intact(8, &page));
        for bit in 0..page.len() * 8 {
            page[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_intact(7, &page), "bit {bit}");
            page[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(is_intact(7, &page));
        assert!(is_intact(3, &[0; 4096]) && !is_as_written(3, &[0; 4096]));
        assert!(!is_intact(3, &[]));
    }

    #[test]
    fn the_private_version_is_written_for_a_write_ahead_log_and_is_read_back_in_any_part_of_the_header() {
        let mut page = vec![0; 512];
        (page[18], page[19]) = (1, 1);
        make_private(&mut page);
        assert!(page[18..20] == [1, 1] && !is_private(&page));
        (page[18], page[19]) = (2, 2);
        make_private(&mut page);
        assert!(page[18..20] == [0xF2, 0xF2] && is_private(&page));
        for offset in 0..24_u64 {
            let mut part = page[usize::try_from(offset).unwrap()..].to_vec();
            make_public(&mut part, offset);
            let expected: Vec<u8> = page[usize::try_from(offset).unwrap()..]
                .iter()
                .map(|&byte| if byte == 0xF2 { 2 } else { byte })
                .collect();
            assert_eq!(part, expected, "{offset}");
        }
        let mut other = vec![0xF2; 512];
        make_public(&mut other, 512);
        assert!(other.iter().all(|&byte| byte == 0xF2));
    }

    #[test]
    fn pages_are_told_from_other_reads() {
        assert_eq!(number(0, 4096), Some(1));
        assert_eq!(number(8192, 4096), Some(3));
        assert_eq!(number(0, 65_536), Some(1));
        for (offset, size) in [(0, 100), (24, 16), (100, 4096), (0, 256), (0, 131_072)] {
            assert_eq!(number(offset, size), None);
        }
        let mut header = [0; 100];
        assert_eq!(page_size(&header), None);
        header[16..18].copy_from_slice(&[0x10, 0]);
        assert_eq!((page_size(&header), has_room(&header)), (Some(4096), false));
        header[16..21].copy_from_slice(&[0, 1, 2, 2, 8]);
        assert_eq!((page_size(&header), has_room(&header)), (Some(65_536), true));
        assert_eq!((page_size(&[]), has_room(&[])), (None, false));
    }
}
