//! CRC-64/NVME of bytes, and of two strings of bytes one behind the other, from the CRCs of each.
//!
//! A CRC is the remainder of a polynomial. Appending n bytes to a string multiplies its polynomial by x^8n and adds that
//! of the bytes; this CRC begins with what it ends with, so the two constants cancel out. `crc_fast` can do the same, by
//! squaring matrices at each call, which takes longer than hashing a block.

use super::block_sums::BLOCK_BYTES;

/// The polynomial, lowest power in the highest bit, as all of this module.
/// <https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-64-nvme>
const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;

/// x^8: one byte.
const ONE_BYTE: u64 = 1 << 55;

/// What one block more multiplies by.
const BLOCK_SHIFT: u64 = shift(BLOCK_BYTES as u64);

/// CRC-64/NVME of bytes that are all there.
pub(super) fn of(bytes: &[u8]) -> u64 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes)
}

/// The CRC of a string with a block of this length and CRC behind it. Blocks have [`BLOCK_BYTES`], and the last may have fewer.
pub(super) const fn append_block(crc: u64, block: u64, length: usize) -> u64 {
    append(crc, block, if length == BLOCK_BYTES { BLOCK_SHIFT } else { shift(length as u64) })
}

/// The CRC of a string with another one behind it. `shift` is the [`shift`] by the other's length.
const fn append(crc: u64, other: u64, shift: u64) -> u64 {
    multiply(crc, shift) ^ other
}

/// x^8n modulo the polynomial: what `length` bytes more multiply by.
const fn shift(mut length: u64) -> u64 {
    let mut power = ONE_BYTE;
    let mut product = 1 << 63;
    while length > 0 {
        if length & 1 == 1 {
            product = multiply(product, power);
        }
        power = multiply(power, power);
        length >>= 1;
    }
    product
}

/// The product modulo the polynomial.
const fn multiply(mut one: u64, mut other: u64) -> u64 {
    let mut product = 0;
    while one != 0 {
        // Masks and not branches: the bits of a CRC are random.
        product ^= other & (one >> 63).wrapping_neg();
        one <<= 1;
        other = (other >> 1) ^ (POLYNOMIAL & (other & 1).wrapping_neg());
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_crcs_make_the_one_of_both() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|at| (at * 7 % 253) as u8).collect();
        assert_eq!(of(b"123456789"), 0xae8b_1486_0a79_9888, "the catalogue's check value");
        assert_eq!(BLOCK_SHIFT, shift(65_536));
        for length in [0, 1, 2, 255, 256, 65_535, 65_536, 65_537, 100_000] {
            for begins_at in [0, 1, 77, 50_000] {
                let (first, second) = (&bytes[..begins_at], &bytes[begins_at..begins_at + length]);
                let both = append(of(first), of(second), shift(length as u64));
                assert_eq!(both, of(&bytes[..begins_at + length]), "{begins_at} and {length}");
                if length <= BLOCK_BYTES {
                    assert_eq!(append_block(of(first), of(second), length), both, "{begins_at} and {length}");
                }
            }
        }
    }
}
