//! ListObjects, the first version.

use presign_iam::Allowed;
use presign_s3::operation::ListObjects;
use presign_s3::xml::{KeyPage, ListObjectsAnswer};
use presign_s3::{ETag, S3Error};
use presign_store::Continuation;

use super::key_page::{entries, list};
use super::place::{OWNER, Place, xml};
use crate::http::Answer;

/// A page of the bucket's keys, in the order of their bytes.
pub(super) async fn answer(place: &Place<'_>, input: Allowed<ListObjects>) -> Result<Answer, S3Error> {
    let page = list(place, &input.keys, input.marker.as_deref(), after_common_prefix(&input)).await?;
    let tags: Vec<ETag> = page.objects.iter().map(|object| ETag::new(&object.etag)).collect();
    let prefixes: Vec<&str> = page.common_prefixes.iter().map(String::as_str).collect();
    let next_marker = page.next.as_ref().filter(|_| input.keys.delimiter.is_some()).map(|next| match next {
        Continuation::AfterKey(key) => key.as_str(),
        Continuation::AfterPrefix(prefix) => prefix.as_str(),
    });
    let document = ListObjectsAnswer {
        page: KeyPage {
            keys: &input.keys,
            objects: &entries(&page.objects, &tags, Some(OWNER)),
            common_prefixes: &prefixes,
        },
        marker: input.marker.as_deref().unwrap_or_default(),
        is_truncated: page.next.is_some(),
        next_marker,
    };
    Ok(xml(document.to_xml()))
}

/// A marker that is a common prefix, as `NextMarker` gives them, stands for every key that rolls up into it. As a mere key
/// it would list the same prefix again, page after page.
fn after_common_prefix(input: &ListObjects) -> Option<Continuation> {
    let (marker, delimiter) = (input.marker.as_deref()?, input.keys.delimiter.as_deref()?);
    let behind = marker.strip_prefix(input.keys.prefix.as_str())?;
    let is_common_prefix = behind.find(delimiter).is_some_and(|at| at + delimiter.len() == behind.len());
    is_common_prefix.then(|| Continuation::AfterPrefix(marker.to_owned()))
}
