//! How much work a request causes, counted for the tests that hold it within bounds.
//!
//! The steps whose cost grows with a request say here how many bytes they go over: decoding, encoding, comparing, hashing.
//! Outside of this crate's tests nothing is counted and nothing is left of these calls.

use std::cmp::Ordering;

/// So many bytes are gone over.
#[inline]
pub(crate) fn spend(bytes: usize) {
    #[cfg(test)]
    counter::SPENT.with(|spent| spent.set(spent.get() + bytes));
    #[cfg(not(test))]
    let _ = bytes;
}

/// The order of two texts. Processors compare many bytes at once, so that eight count as one here.
#[inline]
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    spend(one.len().min(other.len()) / 8 + 1);
    one.cmp(other)
}

/// How many bytes this thread goes over to do that.
#[cfg(test)]
pub(crate) fn of<R>(work: impl FnOnce() -> R) -> (usize, R) {
    let before = counter::SPENT.with(std::cell::Cell::get);
    let result = work();
    (counter::SPENT.with(std::cell::Cell::get) - before, result)
}

#[cfg(test)]
mod counter {
    use std::cell::Cell;

    thread_local! {
        pub(super) static SPENT: Cell<usize> = const { Cell::new(0) };
    }
}
