//! How an object becomes bytes in a row, and the checksum that every row carries.

use std::sync::Arc;

use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest};

use crate::{
    BlobId, Checksum, ChecksumAlgorithm, ChecksumKind, ContentHeaders, Object, ObjectSummary, UnixMillis,
};

/// Length of the fixed part: modified, size, CRC-64/NVME of the content, each 8 bytes, little endian. Behind it come
/// fields: a tag, a length of 4 bytes, and that many bytes.
const FIXED: usize = 24;

const ETAG: u8 = 1;
const CONTENT_TYPE: u8 = 2;
const CACHE_CONTROL: u8 = 3;
const CONTENT_DISPOSITION: u8 = 4;
const CONTENT_ENCODING: u8 = 5;
const CONTENT_LANGUAGE: u8 = 6;
const EXPIRES: u8 = 7;
const STORAGE_CLASS: u8 = 8;
/// One byte for the algorithm, one for the kind, then the value.
const CHECKSUM: u8 = 9;
/// A name; the next field is its value.
const META_NAME: u8 = 10;
const META_VALUE: u8 = 11;

/// The checksum of a row: its fields with their lengths, so that no byte can move from one field to the next.
pub(super) struct RowSum(Digest);

impl RowSum {
    pub(super) fn new() -> Self {
        Self(Digest::new(CrcAlgorithm::Crc64Nvme))
    }

    #[must_use]
    pub(super) fn field(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    #[must_use]
    pub(super) fn number(mut self, number: i64) -> Self {
        self.0.update(&number.to_le_bytes());
        self
    }

    /// As SQLite keeps it.
    pub(super) fn value(self) -> i64 {
        self.0.finalize().cast_signed()
    }
}

/// Where a row says that an object's bytes are: one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whereabouts<'a> {
    /// The id of a blob, as SQLite keeps it.
    pub(super) blob: Option<&'a [u8]>,
    /// The number of a row in the table of contents.
    pub(super) content: Option<i64>,
}

/// The checksum of an object's row. The content has one of its own within `meta`.
pub(super) fn object_sum(bucket: i64, key: &[u8], meta: &[u8], place: Whereabouts<'_>) -> i64 {
    let sum = RowSum::new().number(bucket).field(key).field(meta).field(place.blob.unwrap_or_default());
    match place.content {
        None => sum.value(),
        Some(content) => sum.number(content).value(),
    }
}

/// CRC-64/NVME of an object's content.
pub(super) fn content_sum(bytes: &[u8]) -> u64 {
    crc_fast::checksum(CrcAlgorithm::Crc64Nvme, bytes)
}

/// All of an object but its key and its content.
pub(crate) fn encode(object: &Object) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(&object.modified.0.to_le_bytes());
    out.extend_from_slice(&object.size.to_le_bytes());
    out.extend_from_slice(&object.crc64nvme.to_le_bytes());
    push(&mut out, ETAG, &[object.etag.as_bytes()]);
    let headers = &object.headers;
    for (tag, value) in [
        (CONTENT_TYPE, &headers.content_type),
        (CACHE_CONTROL, &headers.cache_control),
        (CONTENT_DISPOSITION, &headers.content_disposition),
        (CONTENT_ENCODING, &headers.content_encoding),
        (CONTENT_LANGUAGE, &headers.content_language),
        (EXPIRES, &headers.expires),
        (STORAGE_CLASS, &object.storage_class),
    ] {
        if let Some(value) = value {
            push(&mut out, tag, &[value.as_bytes()]);
        }
    }
    if let Some(checksum) = &object.checksum {
        let algorithm = match checksum.algorithm {
            ChecksumAlgorithm::Crc32 => 1,
            ChecksumAlgorithm::Crc32c => 2,
            ChecksumAlgorithm::Crc64Nvme => 3,
            ChecksumAlgorithm::Sha1 => 4,
            ChecksumAlgorithm::Sha256 => 5,
        };
        let kind = match checksum.kind {
            ChecksumKind::FullObject => 1,
            ChecksumKind::Composite => 2,
        };
        push(&mut out, CHECKSUM, &[&[algorithm, kind], checksum.value.as_bytes()]);
    }
    for (name, value) in &object.user_metadata {
        push(&mut out, META_NAME, &[name.as_bytes()]);
        push(&mut out, META_VALUE, &[value.as_bytes()]);
    }
    out
}

fn push(out: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) {
    // A request's headers are a few KiB, so a length always fits; a longer one would be noticed when it is read.
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.push(tag);
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Reads what [`encode`] wrote. `None`: that is not what it is.
pub(crate) fn decode(key: &[u8], meta: &[u8]) -> Option<Arc<Object>> {
    let (fixed, mut fields) = split(meta)?;
    let mut object = Object {
        key: text(key)?,
        size: fixed.size,
        crc64nvme: fixed.crc64nvme,
        etag: String::new(),
        modified: fixed.modified,
        headers: ContentHeaders::default(),
        user_metadata: Vec::new(),
        checksum: None,
        storage_class: None,
    };
    let mut name = None;
    while let Some((tag, value)) = fields.next()? {
        match tag {
            ETAG => object.etag = text(value)?,
            CONTENT_TYPE => object.headers.content_type = Some(text(value)?),
            CACHE_CONTROL => object.headers.cache_control = Some(text(value)?),
            CONTENT_DISPOSITION => object.headers.content_disposition = Some(text(value)?),
            CONTENT_ENCODING => object.headers.content_encoding = Some(text(value)?),
            CONTENT_LANGUAGE => object.headers.content_language = Some(text(value)?),
            EXPIRES => object.headers.expires = Some(text(value)?),
            STORAGE_CLASS => object.storage_class = Some(text(value)?),
            CHECKSUM => object.checksum = Some(decode_checksum(value)?),
            META_NAME => name = Some(text(value)?),
            META_VALUE => object.user_metadata.push((name.take()?, text(value)?)),
            _ => return None,
        }
    }
    Some(Arc::new(object))
}

/// What a listing shows of it.
pub(crate) fn decode_summary(key: &[u8], meta: &[u8]) -> Option<ObjectSummary> {
    let (fixed, mut fields) = split(meta)?;
    let mut summary = ObjectSummary {
        key: text(key)?,
        size: fixed.size,
        etag: String::new(),
        modified: fixed.modified,
        storage_class: None,
    };
    while let Some((tag, value)) = fields.next()? {
        match tag {
            ETAG => summary.etag = text(value)?,
            STORAGE_CLASS => summary.storage_class = Some(text(value)?),
            _ => {}
        }
    }
    Some(summary)
}

/// The ETag alone.
pub(crate) fn decode_etag(meta: &[u8]) -> Option<&str> {
    let (_, mut fields) = split(meta)?;
    while let Some((tag, value)) = fields.next()? {
        if tag == ETAG {
            return std::str::from_utf8(value).ok();
        }
    }
    None
}

/// The id of a blob, as SQLite keeps it.
pub(super) fn decode_blob_id(bytes: &[u8]) -> Option<BlobId> {
    bytes.try_into().ok().map(BlobId)
}

/// Content that is kept in the row, if it is what was written.
pub(super) fn decode_inline(object: &Object, bytes: &[u8]) -> Option<Bytes> {
    let whole = bytes.len() as u64 == object.size && content_sum(bytes) == object.crc64nvme;
    whole.then(|| Bytes::copy_from_slice(bytes))
}

struct Fixed {
    modified: UnixMillis,
    size: u64,
    crc64nvme: u64,
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The next field: `Some(None)` at the end, `None` when the bytes are cut short.
    #[expect(clippy::option_option, reason = "the end and a cut are two things")]
    fn next(&mut self) -> Option<Option<(u8, &'a [u8])>> {
        let Some((&tag, rest)) = self.0.split_first() else { return Some(None) };
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        self.0 = rest;
        Some(Some((tag, value)))
    }
}

fn split(meta: &[u8]) -> Option<(Fixed, Fields<'_>)> {
    let (fixed, fields) = meta.split_first_chunk::<FIXED>()?;
    let (modified, rest) = fixed.split_first_chunk::<8>()?;
    let (size, rest) = rest.split_first_chunk::<8>()?;
    let (crc64nvme, _) = rest.split_first_chunk::<8>()?;
    let fixed = Fixed {
        modified: UnixMillis(i64::from_le_bytes(*modified)),
        size: u64::from_le_bytes(*size),
        crc64nvme: u64::from_le_bytes(*crc64nvme),
    };
    Some((fixed, Fields(fields)))
}

fn decode_checksum(bytes: &[u8]) -> Option<Checksum> {
    let ([algorithm, kind], value) = bytes.split_first_chunk::<2>()?;
    let algorithm = match algorithm {
        1 => ChecksumAlgorithm::Crc32,
        2 => ChecksumAlgorithm::Crc32c,
        3 => ChecksumAlgorithm::Crc64Nvme,
        4 => ChecksumAlgorithm::Sha1,
        5 => ChecksumAlgorithm::Sha256,
        _ => return None,
    };
    let kind = match kind {
        1 => ChecksumKind::FullObject,
        2 => ChecksumKind::Composite,
        _ => return None,
    };
    Some(Checksum { algorithm, kind, value: text(value)? })
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOWHERE: Whereabouts<'_> = Whereabouts { blob: None, content: None };

    fn full() -> Object {
        Object {
            key: "pé/k".into(),
            size: 5,
            crc64nvme: content_sum(b"hello"),
            etag: "\"5d41402abc4b2a76b9719d911017c592\"".into(),
            modified: UnixMillis(-7),
            headers: ContentHeaders {
                content_type: Some("text/plain".into()),
                cache_control: Some("no-store".into()),
                content_disposition: Some("attachment".into()),
                content_encoding: Some("gzip".into()),
                content_language: Some("fr".into()),
                expires: Some("0".into()),
            },
            user_metadata: vec![("a".into(), String::new()), ("b".into(), "ü".into())],
            checksum: Some(Checksum {
                algorithm: ChecksumAlgorithm::Sha256,
                kind: ChecksumKind::Composite,
                value: "AAAA-3".into(),
            }),
            storage_class: Some("STANDARD_IA".into()),
        }
    }

    #[test]
    fn an_object_survives_its_bytes() {
        let object = full();
        let meta = encode(&object);
        assert_eq!(decode(object.key.as_bytes(), &meta).as_deref(), Some(&object));
        assert_eq!(decode_etag(&meta), Some(object.etag.as_str()));
        let summary = decode_summary(object.key.as_bytes(), &meta).unwrap();
        assert_eq!((summary.key, summary.size, summary.etag), (object.key.clone(), 5, object.etag.clone()));
        assert_eq!(
            (summary.modified, summary.storage_class),
            (object.modified, object.storage_class.clone())
        );
        assert_eq!(decode_inline(&object, b"hello").as_deref(), Some(&b"hello"[..]));
        assert_eq!(decode_inline(&object, b"hallo"), None);
        assert_eq!(decode_inline(&object, b"hell"), None);
    }

    #[test]
    fn cut_bytes_are_noticed() {
        let meta = encode(&full());
        let shorter = (0..meta.len()).filter(|&length| decode(b"k", &meta[..length]).is_some()).count();
        // Only a cut between two fields passes here; the row's checksum notices that one.
        assert_eq!(shorter, 13);
    }

    proptest! {
        #[test]
        fn any_bytes_decode_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(b"k", &bytes);
            let _ = decode_summary(b"k", &bytes);
            let _ = decode_etag(&bytes);
        }

        #[test]
        fn any_flipped_bit_changes_the_sum(at in 0usize..1000, bit in 0u8..8) {
            let meta = encode(&full());
            let mut damaged = meta.clone();
            let at = at % meta.len();
            damaged[at] ^= 1 << bit;
            prop_assert_ne!(object_sum(1, b"k", &meta, NOWHERE), object_sum(1, b"k", &damaged, NOWHERE));
        }
    }

    #[test]
    fn the_sum_covers_every_field_and_its_borders() {
        let sum = object_sum(1, b"ab", b"cd", NOWHERE);
        assert_ne!(sum, object_sum(2, b"ab", b"cd", NOWHERE));
        assert_ne!(sum, object_sum(1, b"a", b"bcd", NOWHERE));
        assert_ne!(sum, object_sum(1, b"ab", b"cd", Whereabouts { blob: Some(&[0]), content: None }));
        let first = Whereabouts { blob: None, content: Some(0) };
        assert_ne!(sum, object_sum(1, b"ab", b"cd", first));
        assert_ne!(object_sum(1, b"ab", b"cd", Whereabouts { content: Some(1), ..first }), {
            object_sum(1, b"ab", b"cd", first)
        });
    }
}
