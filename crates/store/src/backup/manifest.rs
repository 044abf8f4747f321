//! What a finished backup says of itself.

use std::fmt;

/// Written last: a directory that has it is a whole backup.
pub(super) const NAME: &str = "backup";

/// The first line. Another form of backup would have another.
const FIRST: &str = "presign backup 1";

/// How much there is in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manifest {
    /// How many objects.
    pub objects: u64,
    /// How many of them have their bytes in a blob.
    pub blobs: u64,
    /// Length of those blobs together, in bytes.
    pub blob_bytes: u64,
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { objects, blobs, blob_bytes } = self;
        writeln!(f, "{FIRST}\nobjects {objects}\nblobs {blobs}\nblob_bytes {blob_bytes}")
    }
}

impl Manifest {
    /// Each number that is another in `found`, for a person.
    pub(super) fn differences(&self, found: &Self) -> String {
        let numbers = [
            ("objects", self.objects, found.objects),
            ("blobs", self.blobs, found.blobs),
            ("bytes in blobs", self.blob_bytes, found.blob_bytes),
        ];
        let others = numbers.into_iter().filter(|(_, said, found)| said != found);
        let told: Vec<String> =
            others.map(|(what, said, found)| format!("{said} {what} were, and {found} are in it")).collect();
        told.join("; ")
    }

    /// Reads what `Display` writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next() != Some(FIRST) {
            return None;
        }
        let mut number = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        Some(Self { objects: number("objects")?, blobs: number("blobs")?, blob_bytes: number("blob_bytes")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_and_nothing_else() {
        let said = Manifest { objects: 3, blobs: 2, blob_bytes: 500 };
        let found = Manifest { blobs: 1, blob_bytes: 200, ..said };
        assert_eq!(
            said.differences(&found),
            "2 blobs were, and 1 are in it; 500 bytes in blobs were, and 200 are in it"
        );
    }

    #[test]
    fn text_and_back() {
        let manifest = Manifest { objects: 3, blobs: 2, blob_bytes: 1 << 40 };
        assert_eq!(Manifest::parse(&manifest.to_string()), Some(manifest));
        for text in
            ["", "presign backup 2\nobjects 3\nblobs 2\nblob_bytes 1\n", "presign backup 1\nobjects 3\n"]
        {
            assert_eq!(Manifest::parse(text), None);
        }
    }
}
