//! The bytes of the objects: the same for every server, other ones for every object.

use std::sync::Arc;

/// Noise, so that nothing compresses and no two objects are alike.
pub(super) fn bytes(seed: u64, length: usize) -> Arc<[u8]> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = std::iter::repeat_with(move || {
        // xorshift64*: https://doi.org/10.18637/jss.v008.i14
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes()
    });
    words.flatten().take(length).collect()
}
