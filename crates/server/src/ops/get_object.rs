//! GetObject.

use presign_iam::Allowed;
use presign_s3::S3Error;
use presign_s3::operation::GetObject;

use super::object_answer::{ObjectAnswer, decide};
use super::place::Place;
use crate::http::{Answer, AnswerBody};

/// Bodies up to this are read before the head goes out, and leave together with it. It also means that an error of the
/// disk is still a 500 and not a body cut short.
const WHOLE_BYTES: u64 = 64 * 1024;

/// An object, or a range of it.
pub(super) async fn answer(place: &Place<'_>, input: Allowed<GetObject>) -> Result<Answer, S3Error> {
    let read = &input.read;
    let (bucket, key) = (read.bucket.as_str(), read.key.as_str());
    let open = place.store.get(bucket, key).await.map_err(|error| place.refused(&error))?;
    let open = open.ok_or_else(|| S3Error::no_such_key(key))?;
    let ObjectAnswer { status, headers, bytes } = decide(read, open.object())?;
    let body = match bytes {
        None => AnswerBody::Empty,
        Some(bytes) => {
            let length = bytes.end - bytes.start;
            let mut reader = open.read(bytes);
            if length <= WHOLE_BYTES {
                AnswerBody::Whole(reader.read_to_end().await.map_err(|error| place.refused(&error))?)
            } else {
                // So that damage at its beginning is a 500 too, whatever its length.
                let first = reader.next_chunk().await.map_err(|error| place.refused(&error))?;
                AnswerBody::download(first.unwrap_or_default(), reader, length)
            }
        }
    };
    let mut answer = Answer::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}
