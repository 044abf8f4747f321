//! PutObject.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::ETAG;
use presign::RequestText;
use presign_iam::Allowed;
use presign_s3::condition::WriteCondition;
use presign_s3::operation::PutObject;
use presign_s3::{S3Error, limits};
use presign_store::{
    Checksum, ChecksumKind, ContentHeaders, NewObject, Object, Precondition, PutError, PutStream,
};
use tokio::time::Instant;

use super::body_digests::{BodyDigests, hex, kept};
use super::object_answer::{put, put_checksum};
use super::place::{Place, empty};
use crate::auth::UploadRules;
use crate::http::{Answer, Upload};
use crate::upload_memory::{Batch, Reservation};

/// Batches up to this are hashed where they are: a fraction of a millisecond, less than a change of threads.
const INLINE_HASH_BYTES: usize = 128 * 1024;

/// Stores an object. Nothing is visible, and nothing is left behind, unless every promise about the body held.
pub(super) async fn answer(
    place: &Place<'_>,
    input: Allowed<PutObject>,
    rules: &UploadRules,
    upload: &mut Upload,
) -> Result<Answer, S3Error> {
    // All of this before the first byte is read: a client that waits for `100 Continue` is spared the upload.
    check_trailer(&input)?;
    let length = announced_length(&input, upload)?;
    check_size(rules, length)?;
    check_condition(place, &input).await?;

    let mut put = place.store.begin_put(Some(length)).await.map_err(|error| place.refused(&error))?;
    let received = receive(place, upload, &mut put, BodyDigests::new(&input, rules)).await?;
    // What is in memory until it is in the database keeps its part of the budget until then.
    let Received { digests, memory: _memory } = received;
    let md5 = digests.check(&input, rules, put.crc64nvme())?;

    let input = input.into_inner();
    let (condition, key) = (input.condition.clone(), input.key.clone());
    let bucket = input.bucket.clone();
    let new = new_object(input, hex(&md5), place);
    let stored = put.finish(bucket.as_str(), key.as_str(), new, precondition(&condition)).await;
    let object = stored.map_err(|error| match error {
        PutError::PreconditionFailed => condition.refusal(key.as_str(), true),
        PutError::NoSuchKey => condition.refusal(key.as_str(), false),
        PutError::Store(error) => place.refused(&error),
        // An error that this server does not know is the store's fault until it does.
        other => {
            tracing::error!(error = %RequestText::from(other.to_string()), "the store failed");
            S3Error::internal()
        }
    })?;
    place.full_disk.took(Instant::now);
    Ok(stored_answer(&object))
}

/// How long the body is: what the connection will deliver and not what a header claims, should a request have both a
/// length and chunks.
fn announced_length(input: &PutObject, upload: &Upload) -> Result<u64, S3Error> {
    let announced = upload.length().filter(|_| input.content_length.is_some());
    match announced.ok_or_else(S3Error::missing_content_length)? {
        length if length > limits::SINGLE_PUT_BYTES => {
            Err(S3Error::entity_too_large(length, limits::SINGLE_PUT_BYTES))
        }
        length => Ok(length),
    }
}

/// A checksum that is announced for the end of the body, which nobody here would look at.
fn check_trailer(input: &PutObject) -> Result<(), S3Error> {
    match input.trailing_checksum {
        None => Ok(()),
        Some(_) => {
            let why = "checksums in a trailer are not implemented by this server; send it in a header";
            Err(S3Error::header_not_implemented("x-amz-trailer", why))
        }
    }
}

/// The limits in the URL. The body cannot have another length than the announced one: past it the connection does not
/// read on, before it the upload is incomplete.
fn check_size(rules: &UploadRules, length: u64) -> Result<(), S3Error> {
    match (rules.min_size, rules.max_size) {
        (_, Some(max)) if length > max => Err(S3Error::entity_too_large(length, max)),
        (Some(min), _) if length < min => Err(S3Error::entity_too_small(length, min)),
        _ => Ok(()),
    }
}

/// Whether the write can succeed at all as things are now. What counts is decided again when it is made.
async fn check_condition(place: &Place<'_>, input: &PutObject) -> Result<(), S3Error> {
    let (bucket, key) = (input.bucket.as_str(), input.key.as_str());
    if input.condition == WriteCondition::Always {
        return place.bucket(bucket).await.map(drop);
    }
    let existing = place.store.head(bucket, key).await.map_err(|error| place.refused(&error))?;
    let holds = match (&input.condition, &existing) {
        (WriteCondition::Always, _) => true,
        (WriteCondition::Absent, existing) => existing.is_none(),
        (WriteCondition::Matches(etag), existing) => {
            existing.as_ref().is_some_and(|object| object.etag == etag.as_str())
        }
    };
    if holds { Ok(()) } else { Err(input.condition.refusal(key, existing.is_some())) }
}

/// A body that arrived.
struct Received {
    digests: BodyDigests,
    /// The memory that it is still in.
    memory: Vec<Reservation>,
}

/// Takes the body in batches that are hashed and written in one go: while one is worked on, the next comes in.
///
/// Whoever waits, for memory or for a client that stands still while others want memory, waits with none in hand.
async fn receive(
    place: &Place<'_>,
    upload: &mut Upload,
    put: &mut PutStream,
    digests: BodyDigests,
) -> Result<Received, S3Error> {
    let mut received = Received { digests, memory: Vec::new() };
    while let Some(mut batch) = first_batch(place, upload, put, &mut received).await? {
        loop {
            let (pieces, memory) = batch.into_pieces();
            let next = async {
                // Who is waited for goes to the disk first, however little at a time his client goes on to send.
                match place.upload_memory.is_wanted_now() {
                    false => next_batch(place, upload, place.upload_memory.try_begin()).await,
                    true => Ok(None),
                }
            };
            let hashed = hash(received.digests, &pieces);
            let (next, written, hashed) = tokio::join!(next, write(place, put, &pieces), hashed);
            written?;
            received.digests = hashed?;
            if put.is_in_memory() {
                received.memory.push(memory);
            }
            match next? {
                Some(next) => batch = next,
                None => break,
            }
        }
    }
    Ok(received)
}

/// A batch after a pause; `None` at the end.
async fn first_batch(
    place: &Place<'_>,
    upload: &mut Upload,
    put: &mut PutStream,
    received: &mut Received,
) -> Result<Option<Batch>, S3Error> {
    if received.memory.is_empty()
        && !place.upload_memory.is_wanted_now()
        && let Some(batch) = next_batch(place, upload, place.upload_memory.try_begin()).await?
    {
        return Ok(Some(batch));
    }
    // With nothing left, this is the end of the body, which has to be seen.
    if upload.left().unwrap_or_default() > 0 {
        put.flush().await.map_err(|error| place.refused(&error))?;
        received.memory.clear();
    }
    let Some(first) = upload.next_chunk().await? else { return Ok(None) };
    let left = upload.left().unwrap_or_default();
    let batch = place.upload_memory.begin_with(first, left).await.ok_or_else(S3Error::service_unavailable)?;
    next_batch(place, upload, Some(batch)).await
}

/// As many chunks as the batch gets room for, as they arrive. It ends earlier with the body, and when the client stands still
/// while others wait for memory. `None`: nothing came, or there is no memory to begin with.
async fn next_batch(
    place: &Place<'_>,
    upload: &mut Upload,
    batch: Option<Batch>,
) -> Result<Option<Batch>, S3Error> {
    let Some(mut batch) = batch else { return Ok(None) };
    while let left @ 1.. = upload.left().unwrap_or(u64::MAX)
        && batch.make_room(place.upload_memory, 1, left)
    {
        tokio::select! {
            biased;
            chunk = upload.next_chunk() => match chunk? {
                Some(bytes) => {
                    // Without room for all of it the batch is full, and goes past what was reserved by what one read brings.
                    batch.make_room(place.upload_memory, bytes.len(), left);
                    batch.push(bytes);
                }
                None => break,
            },
            () = place.upload_memory.is_wanted() => {
                upload.pause();
                break;
            }
        }
    }
    Ok((!batch.is_empty()).then_some(batch))
}

async fn write(place: &Place<'_>, put: &mut PutStream, batch: &[Bytes]) -> Result<(), S3Error> {
    for bytes in batch {
        put.write(bytes.clone()).await.map_err(|error| place.refused(&error))?;
    }
    Ok(())
}

async fn hash(mut digests: BodyDigests, batch: &[Bytes]) -> Result<BodyDigests, S3Error> {
    if batch.iter().map(Bytes::len).sum::<usize>() <= INLINE_HASH_BYTES {
        batch.iter().for_each(|bytes| digests.update(bytes));
        return Ok(digests);
    }
    let batch = batch.to_vec();
    let hashed = tokio::task::spawn_blocking(move || {
        batch.iter().for_each(|bytes| digests.update(bytes));
        digests
    });
    // It fails only when the runtime goes down.
    hashed.await.map_err(|_| S3Error::service_unavailable())
}

fn precondition(condition: &WriteCondition) -> Precondition {
    match condition {
        WriteCondition::Always => Precondition::Unconditional,
        WriteCondition::Absent => Precondition::IfAbsent,
        WriteCondition::Matches(etag) => Precondition::IfMatch(etag.as_str().to_owned()),
    }
}

fn new_object(input: PutObject, etag: String, place: &Place<'_>) -> NewObject {
    let checksum = input.checksum.map(|checksum| Checksum {
        algorithm: kept(checksum.algorithm()),
        kind: ChecksumKind::FullObject,
        value: checksum.to_base64(),
    });
    let headers = input.headers;
    NewObject {
        etag,
        modified: place.now,
        headers: ContentHeaders {
            content_type: headers.content_type,
            cache_control: headers.cache_control,
            content_disposition: headers.content_disposition,
            content_encoding: headers.content_encoding,
            content_language: headers.content_language,
            expires: headers.expires,
        },
        user_metadata: input.user_metadata.into_entries(),
        checksum,
        storage_class: input.storage_class,
    }
}

fn stored_answer(object: &Object) -> Answer {
    let mut answer = empty(StatusCode::OK);
    put(answer.headers_mut(), ETAG, format!("\"{}\"", object.etag));
    put_checksum(answer.headers_mut(), object);
    answer
}
