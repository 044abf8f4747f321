//! A store of plain maps: too simple to lose anything.

use std::collections::BTreeMap;

use presign_store::{
    AccessKeyRow, Bucket, Continuation, MAX_KEY_BYTES, NewObject, Object, ObjectSummary, PutError,
    StoreError, UnixMillis,
};

use crate::operation::{Answer, Condition, Content, Listing, Operation, new_object};

/// What the store ought to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reference {
    buckets: BTreeMap<String, BTreeMap<String, (Content, String)>>,
    access_keys: BTreeMap<String, u8>,
}

/// The bucket that is made under a name.
pub(crate) fn bucket_row(name: &str) -> Bucket {
    Bucket {
        name: name.into(),
        owner: format!("owner of {name}"),
        region: "r".into(),
        created: UnixMillis(7),
    }
}

/// The access key that is made under an id.
pub(crate) fn access_key_row(id: &str, secret: u8) -> AccessKeyRow {
    AccessKeyRow {
        access_key_id: id.into(),
        sealed_secret: vec![secret; usize::from(secret)],
        principal: format!("principal {secret}"),
        active: secret & 1 == 0,
        created: UnixMillis(i64::from(secret)),
    }
}

/// All that is in an access key; its debug print keeps the secret to itself.
pub(crate) fn access_key_text(row: &AccessKeyRow) -> String {
    format!("{row:?} {:?}", row.sealed_secret)
}

/// The length of bytes and their checksum.
pub(crate) fn digest(bytes: &[u8]) -> (usize, u64) {
    (bytes.len(), crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes))
}

/// An object as [`Answer`]s tell it.
fn object(key: &str, content: Content, etag: &str) -> Object {
    let (length, crc64nvme) = digest(&content.bytes());
    let NewObject { etag, modified, headers, user_metadata, checksum, storage_class } =
        new_object(content, etag);
    Object {
        key: key.into(),
        size: length as u64,
        crc64nvme,
        etag,
        modified,
        headers,
        user_metadata,
        checksum,
        storage_class,
    }
}

fn refused(error: &StoreError) -> Answer {
    Answer::Refused(error.to_string())
}

impl Reference {
    /// Does an operation and gives the right answer to it.
    pub(crate) fn apply(&mut self, operation: &Operation) -> Answer {
        match operation {
            Operation::CreateBucket { bucket } => self.create_bucket(bucket),
            Operation::DeleteBucket { bucket } => self.delete_bucket(bucket),
            Operation::Put { bucket, key, content, etag, condition } => {
                self.put(bucket, key, *content, etag, condition)
            }
            Operation::Delete { bucket, key } => {
                self.in_bucket(bucket, |keys| Answer::Existed(keys.remove(key).is_some()))
            }
            Operation::Head { bucket, key } => self.in_bucket(bucket, |keys| {
                let found = keys.get(key).map(|(content, etag)| format!("{:?}", object(key, *content, etag)));
                Answer::Found(found)
            }),
            Operation::Read { bucket, key, from, to } => self.in_bucket(bucket, |keys| {
                let bytes = keys.get(key).map(|(content, _)| content.bytes());
                Answer::Bytes(bytes.map(|bytes| {
                    let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                    digest(&bytes[at(*from).min(at(*to))..at(*to)])
                }))
            }),
            Operation::List { bucket, listing } => self.in_bucket(bucket, |keys| page(keys, listing)),
            Operation::PutAccessKey { id, secret } => {
                self.access_keys.insert(id.clone(), *secret);
                Answer::Done
            }
            Operation::DeleteAccessKey { id } => Answer::Existed(self.access_keys.remove(id).is_some()),
            Operation::AccessKey { id } => Answer::Found(
                self.access_keys.get(id).map(|&secret| access_key_text(&access_key_row(id, secret))),
            ),
        }
    }

    /// Everything there is, a line to a thing.
    pub(crate) fn everything(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, keys) in &self.buckets {
            lines.push(format!("{:?}", bucket_row(name)));
            for (key, (content, etag)) in keys {
                lines.push(format!(
                    "{name} {:?} {:?}",
                    object(key, *content, etag),
                    digest(&content.bytes())
                ));
            }
        }
        let keys = self.access_keys.iter().map(|(id, &secret)| access_key_text(&access_key_row(id, secret)));
        lines.extend(keys);
        lines
    }

    /// How many objects are too large for the database.
    pub(crate) fn blobs(&self) -> u64 {
        let contents = self.buckets.values().flat_map(BTreeMap::values);
        contents.filter(|(content, _)| content.length > presign_store::INLINE_LIMIT).count() as u64
    }

    fn in_bucket(
        &mut self,
        bucket: &str,
        act: impl FnOnce(&mut BTreeMap<String, (Content, String)>) -> Answer,
    ) -> Answer {
        match self.buckets.get_mut(bucket) {
            Some(keys) => act(keys),
            None => refused(&StoreError::NoSuchBucket { bucket: bucket.into() }),
        }
    }

    fn create_bucket(&mut self, bucket: &str) -> Answer {
        if self.buckets.contains_key(bucket) {
            return refused(&StoreError::BucketExists {
                bucket: bucket.into(),
                owner: bucket_row(bucket).owner,
            });
        }
        self.buckets.insert(bucket.into(), BTreeMap::new());
        Answer::Done
    }

    fn delete_bucket(&mut self, bucket: &str) -> Answer {
        match self.buckets.get(bucket) {
            None => refused(&StoreError::NoSuchBucket { bucket: bucket.into() }),
            Some(keys) if !keys.is_empty() => refused(&StoreError::BucketNotEmpty { bucket: bucket.into() }),
            Some(_) => {
                self.buckets.remove(bucket);
                Answer::Done
            }
        }
    }

    fn put(
        &mut self,
        bucket: &str,
        key: &str,
        content: Content,
        etag: &str,
        condition: &Condition,
    ) -> Answer {
        if key.len() > MAX_KEY_BYTES {
            return refused(&StoreError::KeyLength { length: key.len() });
        }
        self.in_bucket(bucket, |keys| {
            let there = keys.get(key).map(|(_, etag)| etag);
            let fault = match (condition, there) {
                (Condition::IfAbsent, Some(_)) => Some(PutError::PreconditionFailed),
                (Condition::IfMatch(_), None) => Some(PutError::NoSuchKey),
                (Condition::IfMatch(wanted), Some(there)) if wanted != there => {
                    Some(PutError::PreconditionFailed)
                }
                _ => None,
            };
            match fault {
                Some(fault) => Answer::Refused(fault.to_string()),
                None => {
                    keys.insert(key.into(), (content, etag.into()));
                    Answer::Found(Some(format!("{:?}", object(key, content, etag))))
                }
            }
        })
    }
}

/// One page: all entries in order, then as many of them as are wanted.
fn page(keys: &BTreeMap<String, (Content, String)>, listing: &Listing) -> Answer {
    let continuation = listing.continuation.as_deref().and_then(Continuation::decode);
    let behind = |key: &str| match (&continuation, &listing.start_after) {
        (Some(Continuation::AfterKey(last)), _) | (None, Some(last)) => key > last.as_str(),
        (Some(Continuation::AfterPrefix(last)), _) => key > last.as_str() && !key.starts_with(last.as_str()),
        (None, None) => true,
    };
    let delimiter = listing.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
    let mut entries = Vec::new();
    for (key, (content, etag)) in keys.iter().filter(|(key, _)| behind(key)) {
        let Some(rest) = key.strip_prefix(&listing.prefix) else { continue };
        let rolled_up = delimiter.and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len()));
        let entry = match rolled_up {
            Some(end) => (Continuation::AfterPrefix(key[..listing.prefix.len() + end].into()), None),
            None => (Continuation::AfterKey(key.clone()), Some(object(key, *content, etag))),
        };
        if entries.last() != Some(&entry) {
            entries.push(entry);
        }
    }
    let more = entries.len() > listing.max_keys && listing.max_keys > 0;
    entries.truncate(listing.max_keys);
    let next = entries.last().filter(|_| more).map(|(position, _)| position.encode());
    let (mut objects, mut prefixes) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            (_, Some(object)) => objects.push(summary(object)),
            (Continuation::AfterKey(name) | Continuation::AfterPrefix(name), None) => prefixes.push(name),
        }
    }
    Answer::Page { objects, prefixes, next }
}

fn summary(object: Object) -> String {
    let Object { key, size, etag, modified, storage_class, .. } = object;
    format!("{:?}", ObjectSummary { key, size, etag, modified, storage_class })
}
