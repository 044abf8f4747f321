//! ListObjectsV2.

use presign_iam::Allowed;
use presign_s3::continuation::ContinuationToken;
use presign_s3::operation::ListObjectsV2;
use presign_s3::xml::ListObjectsV2Answer;
use presign_s3::{ETag, S3Error};
use presign_store::{Continuation, ListRequest};

use super::list_objects::entries;
use super::place::{OWNER, Place, xml};
use super::store_error::refused;
use crate::http::Answer;

/// A page of the bucket's keys, in the order of their bytes.
pub(super) async fn answer(place: &Place<'_>, input: Allowed<ListObjectsV2>) -> Result<Answer, S3Error> {
    let token = input.continuation_token.as_ref().map(ToString::to_string);
    let continuation = match (&input.continuation_token, &token) {
        (Some(position), Some(token)) => {
            let position = Continuation::decode(position.position());
            Some(position.ok_or_else(|| ContinuationToken::incorrect(token))?)
        }
        _ => None,
    };
    let request = ListRequest {
        prefix: input.prefix.clone(),
        delimiter: input.delimiter.clone(),
        start_after: input.start_after.clone(),
        continuation,
        max_keys: input.max_keys as usize,
    };
    let page = place.store.list(input.bucket.as_str(), &request).await.map_err(|error| refused(&error))?;
    let tags: Vec<ETag> = page.objects.iter().map(|object| ETag::new(&object.etag)).collect();
    let prefixes: Vec<&str> = page.common_prefixes.iter().map(String::as_str).collect();
    let next = page.next.as_ref().map(|next| ContinuationToken::new(next.encode()).to_string());
    let document = ListObjectsV2Answer {
        bucket: input.bucket.as_str(),
        prefix: &input.prefix,
        delimiter: input.delimiter.as_deref(),
        max_keys: input.max_keys,
        encoding_type: input.encoding_type,
        continuation_token: token.as_deref(),
        start_after: input.start_after.as_deref(),
        next_continuation_token: next.as_deref(),
        objects: &entries(&page.objects, &tags, input.fetch_owner.then_some(OWNER)),
        common_prefixes: &prefixes,
    };
    Ok(xml(document.to_xml()))
}
