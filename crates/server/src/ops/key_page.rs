//! What both versions of the listing do: ask the store for a page of keys, and show its objects.

use presign_s3::operation::KeySelection;
use presign_s3::xml::{ObjectEntry, Owner};
use presign_s3::{ETag, S3Error};
use presign_store::{Continuation, ListPage, ListRequest, ObjectSummary};

use super::place::{Place, calendar};

/// A page of the keys that were asked for, behind `start_after`, or from where the page before it ended.
///
/// # Errors
/// 404 `NoSuchBucket`.
pub(super) async fn list(
    place: &Place<'_>,
    keys: &KeySelection,
    start_after: Option<&str>,
    continuation: Option<Continuation>,
) -> Result<ListPage, S3Error> {
    let request = ListRequest {
        prefix: keys.prefix.clone(),
        delimiter: keys.delimiter.clone(),
        start_after: start_after.map(str::to_owned),
        continuation,
        max_keys: keys.max_keys as usize,
    };
    place.store.list(keys.bucket.as_str(), &request).await.map_err(|error| place.refused(&error))
}

/// The objects as listings show them; `tags` has the tag of each.
pub(super) fn entries<'a>(
    objects: &'a [ObjectSummary],
    tags: &'a [ETag],
    owner: Option<Owner<'a>>,
) -> Vec<ObjectEntry<'a>> {
    let entry = |(object, etag): (&'a ObjectSummary, &'a ETag)| ObjectEntry {
        key: &object.key,
        last_modified: calendar(object.modified),
        etag,
        size: object.size,
        storage_class: object.storage_class.as_deref().unwrap_or("STANDARD"),
        owner,
    };
    objects.iter().zip(tags).map(entry).collect()
}
