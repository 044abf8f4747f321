//! Holding a store against what was acknowledged.

use std::collections::BTreeSet;
use std::fmt;

use presign_store::{INLINE_LIMIT, ListRequest, NewObject, Precondition, Retention, Store, StoreError};

use crate::history::{Expectations, Expected, State, Value};
use crate::kinds::bucket_bytes;
use crate::subject::{BUCKET, Family, Found, Subject};

/// What must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// An acknowledged write is not there, or cannot be read.
    Lost,
    /// There are bytes that nobody wrote there.
    WrongBytes,
    /// The store does not open.
    NotOpened,
    /// The file system itself does not mount.
    NotMounted,
    /// Everything else: a listing that does not agree with the objects, garbage that stays, writes that are refused.
    Other,
}

/// A fault, and where it was.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) fault: Fault,
    pub(crate) what: String,
}

impl Finding {
    pub(crate) fn new(fault: Fault, what: impl fmt::Display) -> Self {
        Self { fault, what: what.to_string() }
    }
}

/// Reads everything back; gives what is not as it must be.
pub(crate) async fn verify(store: &Store, expectations: &Expectations) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    let mut objects = BTreeSet::new();
    let mut blobs = 0;
    for (subject, expected) in expectations.subjects() {
        let found = subject.read_back(store).await;
        if let (Subject::Object(key), Ok(Some(found))) = (subject, &found) {
            objects.insert(key.clone());
            blobs += u64::from(found.content.len() > INLINE_LIMIT);
        }
        findings.extend(judge(subject, expected, found));
    }
    if let Err(what) = listing_agrees(store, &objects).await? {
        findings.push(Finding::new(Fault::Other, what));
    }
    if findings.is_empty() {
        let collected = store.collect_orphans(&Retention::NONE).await?;
        if collected.examined - collected.deleted != blobs {
            let what = format!("{collected:?}, and {blobs} objects are blobs");
            findings.push(Finding::new(Fault::Other, what));
        }
    }
    Ok(findings)
}

/// Whether what was found is what may be there.
fn judge(
    subject: &Subject,
    expected: &Expected,
    found: Result<Option<Found>, StoreError>,
) -> Option<Finding> {
    let found = match found {
        Ok(found) => found,
        Err(error) => return Some(Finding::new(Fault::Lost, format!("{subject:?}: {error}"))),
    };
    if expected.possible.iter().any(|state| is_found(subject, *state, found.as_ref())) {
        return None;
    }
    let seen = found.as_ref().map(|found| format!("{} in {} bytes", found.label, found.content.len()));
    let what = format!(
        "{subject:?} after {:?}: found {seen:?}, possible are {:?}",
        expected.last, expected.possible
    );
    // Older bytes, or none, are a write that was lost; bytes that no write had are worse.
    let fault = match &found {
        Some(found) if !is_intact(subject, found) => Fault::WrongBytes,
        _ if expected.acknowledged => Fault::Lost,
        _ => Fault::Other,
    };
    Some(Finding::new(fault, what))
}

fn is_found(subject: &Subject, state: State, found: Option<&Found>) -> bool {
    match (state, found) {
        (None, None) => true,
        (Some(value), Some(found)) => {
            found.label == value.label() && found.content == bytes_of(subject, value)
        }
        _ => false,
    }
}

/// Whether the bytes are those of the write that their label names.
fn is_intact(subject: &Subject, found: &Found) -> bool {
    Value::labelled(&found.label).is_some_and(|value| found.content == bytes_of(subject, value))
}

fn bytes_of(subject: &Subject, value: Value) -> Vec<u8> {
    match subject.family() {
        Family::Bucket => bucket_bytes(value),
        Family::Object | Family::AccessKey => value.content(),
    }
}

/// Whether a listing shows exactly the objects that can be read.
async fn listing_agrees(store: &Store, objects: &BTreeSet<String>) -> Result<Result<(), String>, StoreError> {
    let request = ListRequest { max_keys: 10_000, ..ListRequest::default() };
    let listed: BTreeSet<String> = match store.list(BUCKET, &request).await {
        Ok(page) => page.objects.into_iter().map(|object| object.key).collect(),
        Err(StoreError::NoSuchBucket { .. }) => BTreeSet::new(),
        Err(error) => return Ok(Err(format!("listing: {error}"))),
    };
    let differ: Vec<_> = listed.symmetric_difference(objects).collect();
    Ok(if differ.is_empty() { Ok(()) } else { Err(format!("listed or readable, and not both: {differ:?}")) })
}

/// Whether the store takes writes.
pub(crate) async fn takes_writes(store: &Store) -> Result<(), String> {
    const KEY: &str = "after the crash";
    if store.bucket(BUCKET).await.map_err(|error| error.to_string())?.is_none() {
        return Ok(());
    }
    let content = vec![7; INLINE_LIMIT + 1];
    let mut upload = store.begin_put(None).await.map_err(|error| error.to_string())?;
    upload.write(content.clone().into()).await.map_err(|error| error.to_string())?;
    let put = upload.finish(BUCKET, KEY, NewObject::default(), Precondition::Unconditional).await;
    put.map_err(|error| error.to_string())?;
    let read = Subject::Object(KEY.to_owned()).read_back(store).await.map_err(|error| error.to_string())?;
    if read.is_none_or(|found| found.content != content) {
        return Err("what was written after the crash is not what was read".to_owned());
    }
    store.delete(BUCKET, KEY).await.map_err(|error| error.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(number: u64, length: usize) -> Result<Option<Found>, StoreError> {
        let value = Value { number, length };
        Ok(Some(Found { label: value.label(), content: value.content() }))
    }

    #[test]
    fn each_fault_has_its_name() {
        let subject = Subject::Object("k".into());
        let value = |number, length| Some(Value { number, length });
        let expected =
            Expected { possible: vec![value(4, 100), value(5, 200)], acknowledged: true, last: "put" };
        let fault = |found| judge(&subject, &expected, found).map(|finding| finding.fault);
        assert_eq!(fault(found(4, 100)), None);
        assert_eq!(fault(found(5, 200)), None);
        assert_eq!(fault(found(3, 100)), Some(Fault::Lost), "an older version");
        assert_eq!(fault(Ok(None)), Some(Fault::Lost));
        assert_eq!(fault(Err(StoreError::Closed)), Some(Fault::Lost));
        let Ok(Some(mut mixed)) = found(4, 100) else { panic!() };
        mixed.content[50] ^= 1;
        assert_eq!(fault(Ok(Some(mixed))), Some(Fault::WrongBytes));
        let begun = Expected { possible: vec![None, value(4, 100)], acknowledged: false, last: "put" };
        assert_eq!(judge(&subject, &begun, Ok(None)).map(|finding| finding.fault), None);
        assert_eq!(judge(&subject, &begun, found(5, 1)).map(|finding| finding.fault), Some(Fault::Other));
    }
}
