//! ListObjects, the first version.

use presign_iam::Allowed;
use presign_s3::operation::ListObjects;
use presign_s3::xml::{ListObjectsAnswer, ObjectEntry, Owner};
use presign_s3::{ETag, S3Error};
use presign_store::{Continuation, ListRequest, ObjectSummary};

use super::place::{OWNER, Place, calendar, xml};
use super::store_error::refused;
use crate::http::Answer;

/// A page of the bucket's keys, in the order of their bytes.
pub(super) async fn answer(place: &Place<'_>, input: Allowed<ListObjects>) -> Result<Answer, S3Error> {
    let request = ListRequest {
        prefix: input.prefix.clone(),
        delimiter: input.delimiter.clone(),
        start_after: input.marker.clone(),
        continuation: after_common_prefix(&input),
        max_keys: input.max_keys as usize,
    };
    let page = place.store.list(input.bucket.as_str(), &request).await.map_err(|error| refused(&error))?;
    let tags: Vec<ETag> = page.objects.iter().map(|object| ETag::new(&object.etag)).collect();
    let prefixes: Vec<&str> = page.common_prefixes.iter().map(String::as_str).collect();
    let next_marker = page.next.as_ref().filter(|_| input.delimiter.is_some()).map(|next| match next {
        Continuation::AfterKey(key) => key.as_str(),
        Continuation::AfterPrefix(prefix) => prefix.as_str(),
    });
    let document = ListObjectsAnswer {
        bucket: input.bucket.as_str(),
        prefix: &input.prefix,
        delimiter: input.delimiter.as_deref(),
        max_keys: input.max_keys,
        encoding_type: input.encoding_type,
        marker: input.marker.as_deref().unwrap_or_default(),
        is_truncated: page.next.is_some(),
        next_marker,
        objects: &entries(&page.objects, &tags, Some(OWNER)),
        common_prefixes: &prefixes,
    };
    Ok(xml(document.to_xml()))
}

/// A marker that is a common prefix, as `NextMarker` gives them, stands for every key that rolls up into it. As a mere key
/// it would list the same prefix again, page after page.
fn after_common_prefix(input: &ListObjects) -> Option<Continuation> {
    let (marker, delimiter) = (input.marker.as_deref()?, input.delimiter.as_deref()?);
    let behind = marker.strip_prefix(input.prefix.as_str())?;
    let is_common_prefix = behind.find(delimiter).is_some_and(|at| at + delimiter.len() == behind.len());
    is_common_prefix.then(|| Continuation::AfterPrefix(marker.to_owned()))
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
