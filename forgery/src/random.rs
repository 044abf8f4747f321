//! Random numbers that are the same for a seed on every machine and in every year.

/// SplitMix64: a counter, well stirred. Good enough to choose mutations, and no more than that.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of that seed.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 for an `end` of 0.
    pub fn below(&mut self, end: usize) -> usize {
        // The remainder favours small numbers by less than one in 2^40 here.
        (self.draw() % (end.max(1) as u64)) as usize
    }

    /// `true` in `percent` of 100 cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    ///
    /// # Panics
    /// Where there is none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A text of those letters.
    pub fn text(&mut self, letters: &str, lengths: std::ops::Range<usize>) -> String {
        let letters: Vec<char> = letters.chars().collect();
        let length = lengths.start + self.below(lengths.len());
        (0..length).map(|_| *self.pick(&letters)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_sequence() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            [random.draw(), random.draw()]
        };
        // The published test values of SplitMix64 for this seed.
        assert_eq!(draw(1_234_567), [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn what_is_drawn_stays_within_bounds() {
        let mut random = Random::new(7);
        assert!((0..1000).all(|_| random.below(3) < 3));
        assert_eq!(random.below(0), 0);
        assert!((0..100).all(|_| (1..4).contains(&random.text("ab", 1..4).len())));
        assert!(!random.chance(0) && random.chance(100));
    }
}
