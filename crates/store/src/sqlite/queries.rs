//! What is read, and the checks on it.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use super::failure::Fault;
use super::row::{self, RowSum, Whereabouts};
use crate::key_text::key_text;
use crate::{AccessKeyRow, BlobId, Bucket, Content, ObjectRow, StoreError, UnixMillis};

type Read<T> = Result<T, Fault<StoreError>>;

/// The refusal of a row that is not what was written.
pub(super) fn corrupt<E: From<StoreError>>(what: String) -> Fault<E> {
    let detail = "the row does not match its checksum".to_owned();
    Fault::Refused(StoreError::Corrupt { what, detail }.into())
}

pub(super) fn no_such_bucket<E: From<StoreError>>(bucket: &str) -> Fault<E> {
    Fault::Refused(StoreError::NoSuchBucket { bucket: bucket.to_owned() }.into())
}

/// The number of a bucket within the database.
pub(super) fn bucket_id(conn: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    let mut statement = conn.prepare_cached("SELECT id FROM bucket WHERE name = ?1")?;
    statement.query_row([name.as_bytes()], |row| row.get(0)).optional()
}

/// The checksum of a bucket's row.
pub(super) fn bucket_sum(id: i64, bucket: &Bucket) -> i64 {
    RowSum::new()
        .number(id)
        .field(bucket.name.as_bytes())
        .field(bucket.owner.as_bytes())
        .field(bucket.region.as_bytes())
        .number(bucket.created.0)
        .value()
}

/// A bucket by name.
pub(super) fn bucket(conn: &Connection, name: &str) -> Read<Option<Bucket>> {
    let sql = "SELECT name, id, owner, region, created, sum FROM bucket WHERE name = ?1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([name.as_bytes()])?;
    rows.next()?.map(read_bucket).transpose()
}

/// All buckets, in the order of their names.
pub(super) const BUCKETS: &str = "SELECT name, id, owner, region, created, sum FROM bucket ORDER BY name";

/// All buckets, in the order of their names.
pub(super) fn buckets(conn: &Connection) -> Read<Vec<Bucket>> {
    let mut statement = conn.prepare_cached(BUCKETS)?;
    let mut rows = statement.query([])?;
    let mut buckets = Vec::new();
    while let Some(row) = rows.next()? {
        buckets.push(read_bucket(row)?);
    }
    Ok(buckets)
}

pub(super) fn read_bucket(row: &Row<'_>) -> Read<Bucket> {
    let name = String::from_utf8_lossy(&row.get::<_, Vec<u8>>(0)?).into_owned();
    let bucket = Bucket { name, owner: row.get(2)?, region: row.get(3)?, created: UnixMillis(row.get(4)?) };
    if bucket_sum(row.get(1)?, &bucket) != row.get::<_, i64>(5)? {
        return Err(corrupt(format!("the row of bucket {:?}", bucket.name)));
    }
    Ok(bucket)
}

const OBJECT: &str = "SELECT b.id, o.sum, o.meta, o.blob, o.content, c.bytes FROM bucket b
    LEFT JOIN object o ON o.bucket = b.id AND o.key = ?2
    LEFT JOIN content c ON c.id = o.content WHERE b.name = ?1";

/// An object's row, with its content if that is in the database.
pub(super) fn object(conn: &Connection, bucket: &str, key: &str) -> Read<Option<ObjectRow>> {
    let mut statement = conn.prepare_cached(OBJECT)?;
    let mut rows = statement.query([bucket.as_bytes(), key.as_bytes()])?;
    let Some(row) = rows.next()? else { return Err(no_such_bucket(bucket)) };
    if row.get_ref(1)? == ValueRef::Null {
        return Ok(None);
    }
    let damaged = || corrupt(format!("the row of object {} in bucket {bucket:?}", key_text(key)));
    let meta = bytes(row.get_ref(2)?).ok_or_else(damaged)?;
    let place = whereabouts(row, 3)?;
    if row::object_sum(row.get(0)?, key.as_bytes(), meta, place) != row.get::<_, i64>(1)? {
        return Err(damaged());
    }
    let object = row::decode(key.as_bytes(), meta).ok_or_else(damaged)?;
    let content = match (place.blob, bytes(row.get_ref(5)?)) {
        (Some(id), None) => row::decode_blob_id(id).map(Content::Blob),
        (None, Some(inline)) => row::decode_inline(&object, inline).map(Content::Inline),
        _ => None,
    };
    let content = content.ok_or_else(damaged)?;
    Ok(Some(ObjectRow { object, content }))
}

/// The bytes of a value that is a blob.
pub(super) fn bytes(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::Blob(bytes) => Some(bytes),
        _ => None,
    }
}

/// Where the bytes of an object are: the columns `blob` and `content`, which stand side by side.
pub(super) fn whereabouts<'a>(row: &'a Row<'_>, blob: usize) -> rusqlite::Result<Whereabouts<'a>> {
    Ok(Whereabouts { blob: bytes(row.get_ref(blob)?), content: row.get(blob + 1)? })
}

/// Those of these ids, which are in order, that no row names. Reads the index of blobs alone.
pub(super) fn unnamed_blobs(conn: &Connection, mut ids: Vec<BlobId>) -> Read<Vec<BlobId>> {
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(ids) };
    let sql = "SELECT blob FROM object WHERE blob BETWEEN ?1 AND ?2 ORDER BY blob";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([&first.0[..], &last.0[..]])?;
    let mut next = |behind: &[u8]| -> rusqlite::Result<Option<Vec<u8>>> {
        while let Some(row) = rows.next()? {
            let named = bytes(row.get_ref(0)?).unwrap_or_default();
            if named >= behind {
                return Ok(Some(named.to_owned()));
            }
        }
        Ok(None)
    };
    let mut named = next(&[])?;
    let mut unnamed = Vec::new();
    for id in ids.drain(..) {
        if named.as_deref().is_some_and(|named| named < &id.0[..]) {
            named = next(&id.0)?;
        }
        if named.as_deref() != Some(&id.0[..]) {
            unnamed.push(id);
        }
    }
    Ok(unnamed)
}

/// Whether any row names a blob. What cannot be read may do so.
pub(super) fn names_blobs(conn: &Connection) -> bool {
    let sql = "SELECT 1 FROM object INDEXED BY object_blob WHERE blob IS NOT NULL LIMIT 1";
    conn.query_row(sql, [], |_| Ok(())).optional().map_or(true, |found| found.is_some())
}

/// The checksum of an access key's row.
pub(super) fn access_key_sum(row: &AccessKeyRow) -> i64 {
    RowSum::new()
        .field(row.access_key_id.as_bytes())
        .field(&row.sealed_secret)
        .field(row.principal.as_bytes())
        .number(i64::from(row.active))
        .number(row.created.0)
        .value()
}

/// An access key by its id.
pub(super) fn access_key(conn: &Connection, id: &str) -> Read<Option<AccessKeyRow>> {
    let sql = "SELECT id, sealed_secret, principal, active, created, sum FROM access_key WHERE id = ?1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([id.as_bytes()])?;
    rows.next()?.map(read_access_key).transpose()
}

/// All access keys, in the order of their ids.
pub(super) const ACCESS_KEYS: &str =
    "SELECT id, sealed_secret, principal, active, created, sum FROM access_key ORDER BY id";

/// All access keys, in the order of their ids.
pub(super) fn access_keys(conn: &Connection) -> Read<Vec<AccessKeyRow>> {
    let mut statement = conn.prepare_cached(ACCESS_KEYS)?;
    let mut rows = statement.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(read_access_key(row)?);
    }
    Ok(keys)
}

pub(super) fn read_access_key(row: &Row<'_>) -> Read<AccessKeyRow> {
    let key = AccessKeyRow {
        access_key_id: String::from_utf8_lossy(&row.get::<_, Vec<u8>>(0)?).into_owned(),
        sealed_secret: row.get(1)?,
        principal: row.get(2)?,
        active: row.get(3)?,
        created: UnixMillis(row.get(4)?),
    };
    if access_key_sum(&key) != row.get::<_, i64>(5)? {
        return Err(corrupt(format!("the row of access key {:?}", key.access_key_id)));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::sqlite::schema::{open_reader, open_writer};

    #[test]
    fn the_search_for_an_object_is_planned_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.sqlite");
        let writer = open_writer(&path).unwrap();
        writer.execute("INSERT INTO bucket VALUES (CAST('b' AS BLOB), 1, 'o', 'r', 0, 0)", []).unwrap();
        for conn in [&open_reader(&path).unwrap(), &writer] {
            for key in 0..100 {
                assert!(matches!(object(conn, "b", &format!("key-{key}")), Ok(None)));
            }
            let statement = conn.prepare_cached(OBJECT).unwrap();
            assert_eq!(statement.get_status(StatementStatus::Run), 100);
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
    }
}
