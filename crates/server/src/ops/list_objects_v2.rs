//! ListObjectsV2.

use presign_iam::Allowed;
use presign_s3::continuation::ContinuationToken;
use presign_s3::operation::ListObjectsV2;
use presign_s3::xml::{KeyPage, ListObjectsV2Answer};
use presign_s3::{ETag, S3Error};
use presign_store::Continuation;

use super::key_page::{entries, list};
use super::place::{OWNER, Place, xml};
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
    let page = list(place, &input.keys, input.start_after.as_deref(), continuation).await?;
    let tags: Vec<ETag> = page.objects.iter().map(|object| ETag::new(&object.etag)).collect();
    let prefixes: Vec<&str> = page.common_prefixes.iter().map(String::as_str).collect();
    let next = page.next.as_ref().map(|next| ContinuationToken::new(next.encode()).to_string());
    let document = ListObjectsV2Answer {
        page: KeyPage {
            keys: &input.keys,
            objects: &entries(&page.objects, &tags, input.fetch_owner.then_some(OWNER)),
            common_prefixes: &prefixes,
        },
        continuation_token: token.as_deref(),
        start_after: input.start_after.as_deref(),
        next_continuation_token: next.as_deref(),
    };
    Ok(xml(document.to_xml()))
}
