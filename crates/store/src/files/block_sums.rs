//! The checksums of a blob's blocks, and the blob's own, from one pass over its bytes.

use crc_fast::{CrcAlgorithm, Digest};

use super::crc64;

/// What has a checksum of its own. A range read costs at most two blocks more than it gives.
pub const BLOCK_BYTES: usize = 64 * 1024;

/// Checksums of bytes that arrive one by one: 8 bytes of memory to a block.
pub(super) struct BlockSums {
    /// The blocks that are full.
    full: Vec<u64>,
    /// CRC-64/NVME of all of those.
    whole: u64,
    /// The block that is not full yet.
    open: Digest,
    open_bytes: usize,
}

impl BlockSums {
    pub(super) fn new() -> Self {
        Self { full: Vec::new(), whole: 0, open: Digest::new(CrcAlgorithm::Crc64Nvme), open_bytes: 0 }
    }

    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while let Some((head, rest)) = bytes.split_at_checked(BLOCK_BYTES - self.open_bytes) {
            self.open.update(head);
            let sum = self.open.finalize_reset();
            self.full.push(sum);
            self.whole = crc64::append_block(self.whole, sum, BLOCK_BYTES);
            self.open_bytes = 0;
            bytes = rest;
        }
        self.open.update(bytes);
        self.open_bytes += bytes.len();
    }

    /// How many bytes there were.
    pub(super) fn size(&self) -> u64 {
        (self.full.len() * BLOCK_BYTES + self.open_bytes) as u64
    }

    /// CRC-64/NVME of all of them.
    pub(super) fn crc64nvme(&self) -> u64 {
        crc64::append_block(self.whole, self.open.finalize(), self.open_bytes)
    }

    /// The checksum of each block, in their order; the last may be a short one.
    pub(super) fn blocks(&self) -> impl Iterator<Item = u64> + '_ {
        self.full.iter().copied().chain((self.open_bytes > 0).then(|| self.open.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_pieces_the_sums_are_those_of_the_bytes() {
        let bytes: Vec<u8> = (0..400_001_u32).map(|at| (at % 251) as u8 ^ (at / 65_536) as u8).collect();
        for length in [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, bytes.len()] {
            for piece in [1_000, BLOCK_BYTES, 90_000, 300_000] {
                let (bytes, mut sums) = (&bytes[..length], BlockSums::new());
                bytes.chunks(piece).for_each(|piece| sums.update(piece));
                assert_eq!(sums.size(), length as u64);
                assert_eq!(sums.crc64nvme(), crc64::of(bytes), "{length} bytes by {piece}");
                let blocks: Vec<u64> = bytes.chunks(BLOCK_BYTES).map(crc64::of).collect();
                assert_eq!(sums.blocks().collect::<Vec<_>>(), blocks, "{length} bytes by {piece}");
            }
        }
    }
}
