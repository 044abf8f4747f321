//! Welch's t-test, one sample at a time.

/// Count, mean and spread of one kind of sample.
#[derive(Clone, Debug, Default)]
pub(super) struct Welch {
    count: f64,
    mean: f64,
    /// The sum of the squared distances from the mean, by Welford's way, which loses no digits.
    squares: f64,
}

impl Welch {
    pub(super) fn push(&mut self, sample: f64) {
        self.count += 1.0;
        let distance = sample - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (sample - self.mean);
    }

    pub(super) fn count(&self) -> usize {
        self.count as usize
    }

    pub(super) fn mean(&self) -> f64 {
        self.mean
    }

    /// The square of the standard error of the mean.
    fn error(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }

    /// By how many standard errors the means differ.
    pub(super) fn t(&self, other: &Self) -> f64 {
        (self.mean - other.mean) / (self.error() + other.error()).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: &[f64]) -> Welch {
        let mut test = Welch::default();
        samples.iter().for_each(|sample| test.push(*sample));
        test
    }

    #[test]
    fn it_is_the_textbooks_t() {
        // Means 20 and 23, variances 10 and 4, five samples each: -3 / sqrt(10/5 + 4/5).
        let one = of(&[16.0, 18.0, 20.0, 22.0, 24.0]);
        let other = of(&[20.5, 22.0, 23.0, 24.0, 25.5]);
        assert!((one.mean() - 20.0).abs() < 1e-9 && (other.mean() - 23.0).abs() < 1e-9);
        let expected = -3.0 / (10.0 / 5.0 + 3.625 / 5.0_f64).sqrt();
        assert!((one.t(&other) - expected).abs() < 1e-9, "{}", one.t(&other));
        assert!((one.t(&other) + other.t(&one)).abs() < 1e-9);
    }
}
