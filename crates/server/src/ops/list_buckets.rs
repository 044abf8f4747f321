//! ListBuckets.

use presign_iam::Allowed;
use presign_s3::S3Error;
use presign_s3::continuation::ContinuationToken;
use presign_s3::operation::ListBuckets;
use presign_s3::xml::{BucketEntry, ListBucketsAnswer};

use super::place::{OWNER, Place, calendar, xml};
use crate::http::Answer;

/// A page of the buckets, which mostly are all there are.
pub(super) async fn answer(place: &Place<'_>, input: Allowed<ListBuckets>) -> Result<Answer, S3Error> {
    let buckets = place.store.list_buckets().await.map_err(|error| place.refused(&error))?;
    let after = input.continuation_token.as_ref().map(ContinuationToken::position);
    let prefix = input.prefix.as_deref();
    let wanted = buckets
        .iter()
        .filter(|bucket| prefix.is_none_or(|prefix| bucket.name.starts_with(prefix)))
        .filter(|bucket| input.bucket_region.as_ref().is_none_or(|region| bucket.region == *region))
        .filter(|bucket| after.is_none_or(|after| bucket.name.as_str() > after));
    let page_size = input.max_buckets as usize;
    let mut entries: Vec<BucketEntry<'_>> = wanted
        .map(|bucket| BucketEntry { name: &bucket.name, creation_date: calendar(bucket.created) })
        .take(page_size + 1)
        .collect();
    let has_more = entries.len() > page_size;
    entries.truncate(page_size);
    let next = entries.last().filter(|_| has_more).map(|last| ContinuationToken::new(last.name).to_string());
    let document = ListBucketsAnswer {
        owner: OWNER,
        buckets: &entries,
        prefix,
        next_continuation_token: next.as_deref(),
    };
    Ok(xml(document.to_xml()))
}
