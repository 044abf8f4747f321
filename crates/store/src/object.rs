//! Objects: what a caller gives, what it gets back, and the row that keeps it.

use std::sync::Arc;

use bytes::Bytes;

use crate::{BlobId, UnixMillis};

/// The longest key, in bytes of UTF-8.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
pub const MAX_KEY_BYTES: usize = 1024;

/// The headers that S3 keeps with an object and gives back with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContentHeaders {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Expires`, as it was sent.
    pub expires: Option<String>,
}

/// The checksum algorithms of S3.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChecksumAlgorithm {
    /// `x-amz-checksum-crc32`.
    Crc32,
    /// `x-amz-checksum-crc32c`.
    Crc32c,
    /// `x-amz-checksum-crc64nvme`.
    Crc64Nvme,
    /// `x-amz-checksum-sha1`.
    Sha1,
    /// `x-amz-checksum-sha256`.
    Sha256,
}

/// What a checksum covers (`x-amz-checksum-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChecksumKind {
    /// All bytes of the object.
    FullObject,
    /// The checksums of its parts.
    Composite,
}

/// A checksum that the client asked to be kept. The store does not interpret it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// The algorithm.
    pub algorithm: ChecksumAlgorithm,
    /// What it covers.
    pub kind: ChecksumKind,
    /// The value as S3 prints it: base64, with `-N` behind it for a composite of N parts.
    pub value: String,
}

/// All about an object but its bytes, given when its upload ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewObject {
    /// The ETag, as the caller wants it back and as [`Precondition::IfMatch`] compares it.
    pub etag: String,
    /// When it was written.
    pub modified: UnixMillis,
    /// The headers to give back.
    pub headers: ContentHeaders,
    /// `x-amz-meta-*`: names without that prefix, and values, in the order given.
    pub user_metadata: Vec<(String, String)>,
    /// The checksum that the client sent, if it sent one.
    pub checksum: Option<Checksum>,
    /// `x-amz-storage-class`, if one was named.
    pub storage_class: Option<String>,
}

/// An object that exists: everything but its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its length in bytes, counted by the store as they were written.
    pub size: u64,
    /// CRC-64/NVME of all its bytes, computed by the store as they were written. S3 answers with this checksum where
    /// the client sent none, and a full read is checked against it.
    pub crc64nvme: u64,
    /// The ETag, as it was given.
    pub etag: String,
    /// When it was written.
    pub modified: UnixMillis,
    /// The headers to give back.
    pub headers: ContentHeaders,
    /// `x-amz-meta-*`: names without that prefix, and values, in the order given.
    pub user_metadata: Vec<(String, String)>,
    /// The checksum that the client sent, if it sent one.
    pub checksum: Option<Checksum>,
    /// `x-amz-storage-class`, if one was named.
    pub storage_class: Option<String>,
}

/// Where an object's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// In the row itself.
    Inline(Bytes),
    /// In a blob.
    Blob(BlobId),
}

/// One row of the metadata: an object, and where its bytes are. Cloning it copies no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRow {
    /// The object.
    pub object: Arc<Object>,
    /// Its bytes, or where they are.
    pub content: Content,
}

/// What must hold about the key for a write to be made. It is decided in the same transaction as the write, so that of
/// two racing writes with [`IfAbsent`](Self::IfAbsent) one wins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// Nothing: what is there is replaced.
    #[default]
    Unconditional,
    /// `If-None-Match: *`: the key must not exist.
    IfAbsent,
    /// `If-Match`: the key must exist with exactly this ETag.
    IfMatch(String),
}
