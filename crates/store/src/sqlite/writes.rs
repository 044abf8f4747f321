//! What is written.

use rusqlite::{Connection, OptionalExtension, params};

use super::failure::Fault;
use super::operation::{Operation, Touched};
use super::queries::{access_key_sum, bucket_id, bucket_sum, bytes, corrupt, no_such_bucket, whereabouts};
use super::row::{self, Whereabouts};
use crate::key_text::key_text;
use crate::{
    AccessKeyRow, BlobId, Bucket, Content, DeletedRow, ObjectRow, Precondition, PutError, StoreError,
};

/// Makes a bucket.
pub(super) struct CreateBucket(pub(super) Bucket);

impl Operation for CreateBucket {
    type Answer = ();
    type Refusal = StoreError;
    const ACTION: &'static str = "creating a bucket";

    fn apply(&self, conn: &Connection) -> Result<(), Fault<StoreError>> {
        let Self(bucket) = self;
        let owner: Option<String> = conn
            .prepare_cached("SELECT owner FROM bucket WHERE name = ?1")?
            .query_row([bucket.name.as_bytes()], |row| row.get(0))
            .optional()?;
        if let Some(owner) = owner {
            return Err(Fault::Refused(StoreError::BucketExists { bucket: bucket.name.clone(), owner }));
        }
        let id: i64 = conn
            .prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM bucket")?
            .query_row([], |row| row.get(0))?;
        let sql =
            "INSERT INTO bucket (name, id, owner, region, created, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        conn.prepare_cached(sql)?.execute(params![
            bucket.name.as_bytes(),
            id,
            bucket.owner,
            bucket.region,
            bucket.created.0,
            bucket_sum(id, bucket)
        ])?;
        Ok(())
    }

    fn touches(&self) -> Touched<'_> {
        Touched::Bucket(&self.0.name)
    }
}

/// Deletes an empty bucket.
pub(super) struct DeleteBucket(pub(super) String);

impl Operation for DeleteBucket {
    type Answer = ();
    type Refusal = StoreError;
    const ACTION: &'static str = "deleting a bucket";

    fn apply(&self, conn: &Connection) -> Result<(), Fault<StoreError>> {
        let Self(name) = self;
        let id = bucket_id(conn, name)?.ok_or_else(|| no_such_bucket(name))?;
        if conn.prepare_cached("SELECT 1 FROM object WHERE bucket = ?1 LIMIT 1")?.exists([id])? {
            return Err(Fault::Refused(StoreError::BucketNotEmpty { bucket: name.clone() }));
        }
        conn.prepare_cached("DELETE FROM bucket WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    fn touches(&self) -> Touched<'_> {
        Touched::Bucket(&self.0)
    }

    fn may_use_reserve(&self) -> bool {
        true
    }
}

/// What the writer needs to know of a row that is there.
struct Present {
    blob: Option<BlobId>,
    /// The row of its content.
    content: Option<i64>,
    /// `None`: the row is damaged.
    etag: Option<String>,
}

fn present(conn: &Connection, bucket: i64, key: &str) -> rusqlite::Result<Option<Present>> {
    let mut statement =
        conn.prepare_cached("SELECT sum, meta, blob, content FROM object WHERE bucket = ?1 AND key = ?2")?;
    let mut rows = statement.query(params![bucket, key.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let meta = bytes(row.get_ref(1)?).unwrap_or_default();
    let place = whereabouts(row, 2)?;
    if row::object_sum(bucket, key.as_bytes(), meta, place) != row.get::<_, i64>(0)? {
        // A damaged row may name anyone's bytes. A blob of its own is left to the collector.
        return Ok(Some(Present { blob: None, content: None, etag: None }));
    }
    let etag = row::decode_etag(meta).map(str::to_owned);
    Ok(Some(Present { blob: place.blob.and_then(row::decode_blob_id), content: place.content, etag }))
}

/// Writes the bytes of a small object, over those that it had before if there are any; gives the number of their row.
fn put_content(conn: &Connection, before: Option<i64>, bytes: &[u8]) -> rusqlite::Result<i64> {
    if let Some(id) = before {
        let sql = "UPDATE content SET bytes = ?2 WHERE id = ?1";
        if conn.prepare_cached(sql)?.execute(params![id, bytes])? > 0 {
            return Ok(id);
        }
    }
    conn.prepare_cached("INSERT INTO content (bytes) VALUES (?1)")?.execute([bytes])?;
    Ok(conn.last_insert_rowid())
}

fn delete_content(conn: &Connection, id: Option<i64>) -> rusqlite::Result<()> {
    let Some(id) = id else { return Ok(()) };
    conn.prepare_cached("DELETE FROM content WHERE id = ?1")?.execute([id]).map(|_| ())
}

/// Writes the row of an object; answers with the blob that it took the place of.
pub(super) struct PutObject {
    pub(super) bucket: String,
    pub(super) row: ObjectRow,
    pub(super) precondition: Precondition,
    meta: Vec<u8>,
}

impl PutObject {
    pub(super) fn new(bucket: String, row: ObjectRow, precondition: Precondition) -> Self {
        // Encoded by the one who asks, since the writer's time is everyone's.
        let meta = row::encode(&row.object);
        Self { bucket, row, precondition, meta }
    }
}

impl Operation for PutObject {
    type Answer = Option<BlobId>;
    type Refusal = PutError;
    const ACTION: &'static str = "writing the row of an object";

    fn apply(&self, conn: &Connection) -> Result<Option<BlobId>, Fault<PutError>> {
        let key = &self.row.object.key;
        let bucket = bucket_id(conn, &self.bucket)?.ok_or_else(|| no_such_bucket(&self.bucket))?;
        let present = present(conn, bucket, key)?;
        match (&self.precondition, &present) {
            (Precondition::Unconditional, _) | (Precondition::IfAbsent, None) => {}
            (Precondition::IfAbsent, Some(_)) => return Err(Fault::Refused(PutError::PreconditionFailed)),
            (Precondition::IfMatch(_), None) => return Err(Fault::Refused(PutError::NoSuchKey)),
            (Precondition::IfMatch(wanted), Some(Present { etag: Some(etag), .. })) if wanted == etag => {}
            (Precondition::IfMatch(_), Some(Present { etag: Some(_), .. })) => {
                return Err(Fault::Refused(PutError::PreconditionFailed));
            }
            (Precondition::IfMatch(_), Some(Present { etag: None, .. })) => {
                return Err(corrupt(format!(
                    "the row of object {} in bucket {:?}",
                    key_text(key),
                    self.bucket
                )));
            }
        }
        let before = present.as_ref().and_then(|present| present.content);
        let place = match &self.row.content {
            Content::Inline(bytes) => {
                Whereabouts { blob: None, content: Some(put_content(conn, before, bytes)?) }
            }
            Content::Blob(id) => {
                delete_content(conn, before)?;
                Whereabouts { blob: Some(&id.0[..]), content: None }
            }
        };
        let sum = row::object_sum(bucket, key.as_bytes(), &self.meta, place);
        let sql = "INSERT INTO object (bucket, key, sum, meta, blob, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (bucket, key) DO UPDATE
            SET sum = excluded.sum, meta = excluded.meta, blob = excluded.blob, content = excluded.content";
        let Whereabouts { blob, content } = place;
        conn.prepare_cached(sql)?.execute(params![bucket, key.as_bytes(), sum, self.meta, blob, content])?;
        Ok(present.and_then(|present| present.blob))
    }

    fn touches(&self) -> Touched<'_> {
        Touched::Object { bucket: &self.bucket, key: &self.row.object.key }
    }
}

/// Deletes the row of an object.
pub(super) struct DeleteObject {
    pub(super) bucket: String,
    pub(super) key: String,
}

impl Operation for DeleteObject {
    type Answer = Option<DeletedRow>;
    type Refusal = StoreError;
    const ACTION: &'static str = "deleting the row of an object";

    fn apply(&self, conn: &Connection) -> Result<Option<DeletedRow>, Fault<StoreError>> {
        let bucket = bucket_id(conn, &self.bucket)?.ok_or_else(|| no_such_bucket(&self.bucket))?;
        let Some(present) = present(conn, bucket, &self.key)? else { return Ok(None) };
        conn.prepare_cached("DELETE FROM object WHERE bucket = ?1 AND key = ?2")?
            .execute(params![bucket, self.key.as_bytes()])?;
        delete_content(conn, present.content)?;
        Ok(Some(DeletedRow { blob: present.blob }))
    }

    fn touches(&self) -> Touched<'_> {
        Touched::Object { bucket: &self.bucket, key: &self.key }
    }

    fn may_use_reserve(&self) -> bool {
        true
    }
}

/// Adds or replaces an access key.
pub(super) struct PutAccessKey(pub(super) AccessKeyRow);

impl Operation for PutAccessKey {
    type Answer = ();
    type Refusal = StoreError;
    const ACTION: &'static str = "writing an access key";

    fn apply(&self, conn: &Connection) -> Result<(), Fault<StoreError>> {
        let Self(row) = self;
        let sql = "INSERT INTO access_key (id, sealed_secret, principal, active, created, sum)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (id) DO UPDATE SET sealed_secret = excluded.sealed_secret, principal = excluded.principal,
            active = excluded.active, created = excluded.created, sum = excluded.sum";
        conn.prepare_cached(sql)?.execute(params![
            row.access_key_id.as_bytes(),
            row.sealed_secret,
            row.principal,
            row.active,
            row.created.0,
            access_key_sum(row)
        ])?;
        Ok(())
    }

    fn touches(&self) -> Touched<'_> {
        Touched::AccessKey(&self.0.access_key_id)
    }

    fn may_use_reserve(&self) -> bool {
        // Switching a stolen key off must not have to wait for a disk with room.
        !self.0.active
    }
}

/// Deletes an access key; answers whether it existed.
pub(super) struct DeleteAccessKey(pub(super) String);

impl Operation for DeleteAccessKey {
    type Answer = bool;
    type Refusal = StoreError;
    const ACTION: &'static str = "deleting an access key";

    fn apply(&self, conn: &Connection) -> Result<bool, Fault<StoreError>> {
        let deleted =
            conn.prepare_cached("DELETE FROM access_key WHERE id = ?1")?.execute([self.0.as_bytes()])?;
        Ok(deleted > 0)
    }

    fn touches(&self) -> Touched<'_> {
        Touched::AccessKey(&self.0)
    }

    fn may_use_reserve(&self) -> bool {
        true
    }
}
