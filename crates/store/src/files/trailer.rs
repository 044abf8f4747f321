//! What stands behind a blob's bytes in its file.
//!
//! ```text
//! the bytes ‖ CRC-64/NVME of each block of 64 KiB ‖ footer
//! footer: magic ‖ blob id (16 bytes) ‖ size ‖ CRC-64/NVME of all bytes ‖ CRC-64/NVME of this footer
//! ```
//!
//! Numbers have 8 bytes, little endian. The footer ties the file to its row: a file under another blob's name, or an older
//! state of it, is not taken for it. The checksums of the blocks need none themselves: one that has changed fails its
//! block.

use super::block_sums::{BLOCK_BYTES, BlockSums};
use super::crc64;
use crate::{BlobId, StoredBlob};

/// The first bytes of a footer. Another format would have others.
const MAGIC: [u8; 8] = *b"prsgblb1";
/// Length of a footer.
pub(super) const FOOTER_BYTES: usize = 48;
/// Length of a block's checksum.
pub(super) const SUM_BYTES: usize = 8;

/// How many blocks a blob of this size has.
pub(super) fn block_count(size: u64) -> u64 {
    size.div_ceil(BLOCK_BYTES as u64)
}

/// Where the checksum of a block is in its file.
pub(super) fn sum_at(size: u64, block: u64) -> u64 {
    size.saturating_add(block.saturating_mul(SUM_BYTES as u64))
}

/// Where the footer is in its file.
pub(super) fn footer_at(size: u64) -> u64 {
    sum_at(size, block_count(size))
}

/// The trailer of the bytes that `sums` has seen.
pub(super) fn encode(id: BlobId, sums: &BlockSums) -> Vec<u8> {
    let blob = StoredBlob { id, size: sums.size(), crc64nvme: sums.crc64nvme() };
    let mut trailer: Vec<u8> = sums.blocks().flat_map(u64::to_le_bytes).collect();
    trailer.extend_from_slice(&footer(&blob));
    trailer
}

/// Whether these bytes are the footer of this blob.
pub(super) fn is_footer_of(blob: &StoredBlob, bytes: &[u8]) -> bool {
    bytes == footer(blob)
}

fn footer(blob: &StoredBlob) -> Vec<u8> {
    let mut footer = Vec::with_capacity(FOOTER_BYTES);
    footer.extend_from_slice(&MAGIC);
    footer.extend_from_slice(&blob.id.0);
    footer.extend_from_slice(&blob.size.to_le_bytes());
    footer.extend_from_slice(&blob.crc64nvme.to_le_bytes());
    footer.extend_from_slice(&crc64::of(&footer).to_le_bytes());
    footer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_is_where_the_reader_looks_for_it() {
        let id = BlobId([7; 16]);
        for size in [0, 1, BLOCK_BYTES, BLOCK_BYTES + 1, 5 * BLOCK_BYTES] {
            let (bytes, mut sums) = (vec![3; size], BlockSums::new());
            sums.update(&bytes);
            let blob = StoredBlob { id, size: size as u64, crc64nvme: crc64::of(&bytes) };
            let mut file = bytes.clone();
            file.extend_from_slice(&encode(id, &sums));
            let at = footer_at(blob.size) as usize;
            assert_eq!(file.len(), at + FOOTER_BYTES);
            assert!(is_footer_of(&blob, &file[at..]));
            for (block, bytes) in bytes.chunks(BLOCK_BYTES).enumerate() {
                let at = sum_at(blob.size, block as u64) as usize;
                assert_eq!(file[at..at + SUM_BYTES], crc64::of(bytes).to_le_bytes());
            }
            for other in [
                StoredBlob { id: BlobId([8; 16]), ..blob },
                StoredBlob { size: blob.size + 1, ..blob },
                StoredBlob { crc64nvme: !blob.crc64nvme, ..blob },
            ] {
                assert!(!is_footer_of(&other, &file[at..]));
            }
        }
    }
}
