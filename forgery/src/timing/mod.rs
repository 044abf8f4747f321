//! Whether the time that a refusal takes tells a stranger anything, measured as dudect does it.
//!
//! Two kinds of request are verified in turns, which of them being left to chance, so that whatever else the machine does
//! falls on both alike. The slowest samples are cut off, for they tell of the machine and not of the code, and Welch's
//! t-test says whether the two kinds have the same mean. dudect calls it a leak past |t| = 10 and a likely one past 4.5.
//! But t grows with the number of samples, so that a hundredth of a nanosecond shows if only there are enough of them:
//! the difference of the medians says how much there is to see.
//! Source: Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?", 2016.

mod cases;
mod welch;

use std::fmt;
use std::hint::black_box;
use std::time::Instant;

pub use cases::{Case, cases};
use welch::Welch;

use crate::random::Random;

/// Verifications a sample: one alone is nearer to the clock's own grain than is good.
const OF_EACH: usize = 8;
/// Samples before anything is kept, for caches and frequency.
const WARMING_UP: usize = 2000;

/// What was seen of two kinds of request.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// What was compared.
    pub name: &'static str,
    /// Samples kept of either kind.
    pub samples: [usize; 2],
    /// The median of either kind, in nanoseconds for one verification.
    pub medians: [f64; 2],
    /// The mean of either kind, what was cut off left out.
    pub means: [f64; 2],
    /// Welch's t.
    pub t: f64,
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.medians;
        write!(
            f,
            "{:<64} t {:>8.2}   medians {first:>8.1} {second:>8.1} ns ({:+.1})   means {:>8.1} {:>8.1}   {} samples",
            self.name,
            self.t,
            second - first,
            self.means[0],
            self.means[1],
            self.samples[0] + self.samples[1]
        )
    }
}

/// Measures a case with that many samples.
pub fn measure(case: &Case, samples: usize, random: &mut Random) -> Measurement {
    let mut taken: [Vec<u64>; 2] = [Vec::with_capacity(samples), Vec::with_capacity(samples)];
    for at in 0..samples + WARMING_UP {
        let class = usize::from(random.chance(50));
        let begin = Instant::now();
        for _ in 0..OF_EACH {
            (case.run)(black_box(class));
        }
        let nanoseconds = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if at >= WARMING_UP {
            taken[class].push(nanoseconds);
        }
    }
    let mut all: Vec<u64> = taken.iter().flatten().copied().collect();
    all.sort_unstable();
    // The slowest twentieth of all, the same bound for both.
    let bound = all[(all.len() - 1) * 95 / 100];
    let mut tests = [Welch::default(), Welch::default()];
    for (test, samples) in tests.iter_mut().zip(&taken) {
        for sample in samples.iter().filter(|sample| **sample <= bound) {
            test.push(*sample as f64 / OF_EACH as f64);
        }
    }
    let median = |samples: &mut Vec<u64>| {
        samples.sort_unstable();
        samples[samples.len() / 2] as f64 / OF_EACH as f64
    };
    let [first, second] = &mut taken;
    Measurement {
        name: case.name,
        samples: [tests[0].count(), tests[1].count()],
        medians: [median(first), median(second)],
        means: [tests[0].mean(), tests[1].mean()],
        t: tests[0].t(&tests[1]),
    }
}
