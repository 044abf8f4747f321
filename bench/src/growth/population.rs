//! Which objects a store is filled with.

/// One object in so many is what GETs read.
const READABLE_EVERY: u64 = 10;
/// Folders of the part that is a tree.
const FOLDERS: u64 = 1000;

/// So many objects: a fifth of them under one prefix, the others in a thousand folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Population {
    /// Small objects.
    pub objects: u64,
    /// Objects too large for the database, each a file.
    pub blobs: u64,
}

impl Population {
    /// How many keys stand under [`FLAT`](Self::FLAT).
    #[must_use]
    pub fn flat(&self) -> u64 {
        self.objects / 5
    }

    /// The prefix with many keys and no folder.
    pub const FLAT: &str = "flat/";
    /// The prefix with the folders.
    pub const TREE: &str = "tree/";

    /// The key of an object. Keys come in the order of their numbers.
    #[must_use]
    pub fn key(&self, number: u64) -> String {
        let flat = self.flat();
        match number.checked_sub(flat) {
            None => format!("{}{number:08}", Self::FLAT),
            Some(number) => {
                let each = (self.objects - flat).div_ceil(FOLDERS).max(1);
                format!("{}{:03}/{:08}", Self::TREE, number / each, number)
            }
        }
    }

    /// The key of a large object.
    #[must_use]
    pub fn blob_key(number: u64) -> String {
        format!("blob/{number:08}")
    }

    /// The length of an object: most have about a hundred bytes, those that are read a kilobyte.
    #[must_use]
    pub fn size(number: u64) -> usize {
        if number.is_multiple_of(READABLE_EVERY) { 1024 } else { 100 }
    }

    /// How many objects have a kilobyte.
    #[must_use]
    pub fn readable_count(&self) -> u64 {
        self.objects.div_ceil(READABLE_EVERY).max(1)
    }

    /// The number of an object that has a kilobyte, chosen by any number.
    #[must_use]
    pub fn readable(&self, choice: u64) -> u64 {
        choice % self.readable_count() * READABLE_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_order_and_the_readable_ones_have_a_kilobyte() {
        let population = Population { objects: 10_000, blobs: 0 };
        let keys: Vec<String> = (0..population.objects).map(|number| population.key(number)).collect();
        assert!(keys.is_sorted() && keys.first() != keys.get(1));
        assert_eq!(keys.iter().filter(|key| key.starts_with(Population::FLAT)).count(), 2000);
        assert_eq!(keys.last().unwrap(), "tree/999/00007999");
        for choice in [0, 1, 999, 1000, u64::MAX] {
            let number = population.readable(choice);
            assert!(number < population.objects && Population::size(number) == 1024);
        }
    }
}
