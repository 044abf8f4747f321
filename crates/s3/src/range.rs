//! The `Range` header (RFC 9110 §14), as S3 honours it: one range of bytes.

use std::fmt;

use crate::S3Error;

/// One range of bytes, as it was asked for. Positions count from 0 and include both ends.
///
/// ```
/// use presign_s3::range::ByteRange;
///
/// let range = ByteRange::parse("bytes=-3").expect("one range of bytes");
/// assert_eq!(range.resolve(10)?.to_string(), "bytes 7-9/10");
/// assert_eq!(range.resolve(0).map_err(|refusal| refusal.status()), Err(416));
/// // Several ranges are answered with the whole object.
/// assert_eq!(ByteRange::parse("bytes=0-1,5-6"), None);
/// # Ok::<(), presign_s3::S3Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// `bytes=first-last`.
    Between {
        /// The first byte.
        first: u64,
        /// The last byte, at or after the first.
        last: u64,
    },
    /// `bytes=first-`: to the end.
    From {
        /// The first byte.
        first: u64,
    },
    /// `bytes=-length`: the last bytes.
    Suffix {
        /// How many bytes.
        length: u64,
    },
}

/// The bytes of an object that a range comes to. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentRange {
    /// The first byte, from 0.
    pub first: u64,
    /// The last byte, at or after the first and below the size.
    pub last: u64,
    /// The size of the whole object.
    pub size: u64,
}

impl ByteRange {
    /// Reads a `Range` header. `None`, which means the whole object, for anything that is not exactly one
    /// well-formed range of bytes: S3 does not serve several, and RFC 9110 has a malformed one ignored.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let (unit, range) = header.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = range.trim().split_once('-')?;
        match (first.trim_end(), last.trim_start()) {
            ("", length) => Some(Self::Suffix { length: position(length)? }),
            (first, "") => Some(Self::From { first: position(first)? }),
            (first, last) => {
                let (first, last) = (position(first)?, position(last)?);
                (first <= last).then_some(Self::Between { first, last })
            }
        }
    }

    /// The bytes of an object of `size` bytes that the range comes to; an end past the object is cut.
    ///
    /// # Errors
    /// 416 `InvalidRange` if there are none: the first byte lies past the end, the suffix has no length, or
    /// the object is empty.
    pub fn resolve(self, size: u64) -> Result<ContentRange, S3Error> {
        let (first, end) = match self {
            Self::Between { first, last } => (first, last.saturating_add(1).min(size)),
            Self::From { first } => (first, size),
            Self::Suffix { length } => (size.saturating_sub(length), size),
        };
        match end.checked_sub(1) {
            Some(last) if first <= last => Ok(ContentRange { first, last, size }),
            _ => Err(S3Error::invalid_range(&self.to_string(), size)),
        }
    }
}

/// A number of digits; past what 64 bits hold it is as good as the largest.
fn position(digits: &str) -> Option<u64> {
    let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    well_formed.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// The range as a `Range` header asks for it.
impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between { first, last } => write!(f, "bytes={first}-{last}"),
            Self::From { first } => write!(f, "bytes={first}-"),
            Self::Suffix { length } => write!(f, "bytes=-{length}"),
        }
    }
}

impl ContentRange {
    /// Number of bytes, at least 1.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.last - self.first + 1
    }
}

/// The range as the `Content-Range` header of a 206 carries it.
impl fmt::Display for ContentRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bytes {}-{}/{}", self.first, self.last, self.size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resolved(header: &str, size: u64) -> String {
        match ByteRange::parse(header) {
            None => "200".to_owned(),
            Some(range) => {
                range.resolve(size).map_or_else(|refusal| refusal.status().to_string(), |r| r.to_string())
            }
        }
    }

    #[test]
    fn serves_the_three_forms() {
        assert_eq!(resolved("bytes=0-0", 10), "bytes 0-0/10");
        assert_eq!(resolved("bytes=2-5", 10), "bytes 2-5/10");
        assert_eq!(resolved("bytes=2-99", 10), "bytes 2-9/10");
        assert_eq!(resolved("bytes=2-", 10), "bytes 2-9/10");
        assert_eq!(resolved("bytes=-3", 10), "bytes 7-9/10");
        assert_eq!(resolved("bytes=-99", 10), "bytes 0-9/10");
        assert_eq!(resolved("Bytes= 2 - 5 ", 10), "bytes 2-5/10");
        assert_eq!(resolved("bytes=0-99999999999999999999999", 10), "bytes 0-9/10");
    }

    #[test]
    fn ignores_what_is_not_one_range_of_bytes() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-2",
            "bytes=0-1,3-4",
            "items=0-1",
            "bytes=+1-2",
            "0-1",
        ] {
            assert_eq!(resolved(header, 10), "200", "{header}");
        }
    }

    #[test]
    fn refuses_a_range_without_a_byte() {
        for (header, size) in
            [("bytes=10-", 10), ("bytes=10-12", 10), ("bytes=-0", 10), ("bytes=0-0", 0), ("bytes=-5", 0)]
        {
            assert_eq!(resolved(header, size), "416", "{header} of {size}");
        }
        let refusal = ByteRange::parse("bytes=10-").unwrap().resolve(10).unwrap_err();
        assert_eq!(
            refusal.fields(),
            [("RangeRequested", "bytes=10-".to_owned()), ("ActualObjectSize", "10".to_owned())]
        );
        assert_eq!(refusal.headers(), [("content-range", "bytes */10".to_owned())]);
    }

    proptest! {
        #[test]
        fn what_is_served_lies_in_the_object(header in "bytes=[0-9]{0,20}-[0-9]{0,20}", size in any::<u64>()) {
            if let Some(Ok(range)) = ByteRange::parse(&header).map(|range| range.resolve(size)) {
                prop_assert!(range.first <= range.last && range.last < size);
                prop_assert!(range.length() <= size);
            }
        }

        #[test]
        fn prints_what_it_read(first in any::<u64>(), more in any::<u32>()) {
            let range = ByteRange::Between { first, last: first.saturating_add(u64::from(more)) };
            prop_assert_eq!(ByteRange::parse(&range.to_string()), Some(range));
        }
    }
}
