//! One page of a bucket's keys.

use rusqlite::{Connection, params};

use super::failure::Fault;
use super::queries::{bucket_id, bytes, corrupt, no_such_bucket, whereabouts};
use super::row;
use crate::key_text::key_text;
use crate::{Continuation, ListPage, ListRequest, StoreError};

/// Behind every key: no UTF-8 has this byte.
const END: &[u8] = &[0xff];

/// A page, and how many rows were looked at to make it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) page: ListPage,
    pub(super) rows: u64,
}

/// Makes one page. Its work is bounded by its entries: after a common prefix the scan seeks to the first key that does
/// not begin with it, however many do.
pub(super) fn list(
    conn: &mut Connection,
    bucket: &str,
    request: &ListRequest,
) -> Result<Listed, Fault<StoreError>> {
    // All seeks see the same moment.
    let snapshot = conn.transaction()?;
    let id = bucket_id(&snapshot, bucket)?.ok_or_else(|| no_such_bucket(bucket))?;
    let mut listed = Listed { page: ListPage::default(), rows: 0 };
    let page = &mut listed.page;
    let Some(mut from) = first(request).filter(|_| request.max_keys > 0) else { return Ok(listed) };
    let until = successor(request.prefix.as_bytes()).unwrap_or_else(|| END.to_vec());
    let delimiter = request.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
    let sql = "SELECT key, sum, meta, blob, content FROM object WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key";
    let mut statement = snapshot.prepare_cached(sql)?;
    let mut last = None;
    'seek: loop {
        let mut rows = statement.query(params![id, from, until])?;
        while let Some(row) = rows.next()? {
            listed.rows += 1;
            if page.objects.len() + page.common_prefixes.len() == request.max_keys {
                page.next = last;
                break 'seek;
            }
            let key = bytes(row.get_ref(0)?).unwrap_or_default();
            let damaged = || {
                corrupt(format!(
                    "a row of bucket {bucket:?} near key {}",
                    key_text(&String::from_utf8_lossy(key))
                ))
            };
            let name = std::str::from_utf8(key).map_err(|_| damaged())?;
            if let Some(prefix) =
                delimiter.and_then(|delimiter| common_prefix(name, &request.prefix, delimiter))
            {
                let Some(behind) = successor(prefix.as_bytes()) else { break 'seek };
                from = behind;
                page.common_prefixes.push(prefix.to_owned());
                last = Some(Continuation::AfterPrefix(prefix.to_owned()));
                continue 'seek;
            }
            let meta = bytes(row.get_ref(2)?).ok_or_else(damaged)?;
            if row::object_sum(id, key, meta, whereabouts(row, 3)?) != row.get::<_, i64>(1)? {
                return Err(damaged());
            }
            page.objects.push(row::decode_summary(key, meta).ok_or_else(damaged)?);
            last = Some(Continuation::AfterKey(name.to_owned()));
        }
        break;
    }
    Ok(listed)
}

/// Where the scan begins. `None`: behind the end.
fn first(request: &ListRequest) -> Option<Vec<u8>> {
    let prefix = request.prefix.as_bytes();
    let behind = match (&request.continuation, &request.start_after) {
        (Some(Continuation::AfterPrefix(prefix)), _) => successor(prefix.as_bytes())?,
        // The first string of bytes behind a key is that key and a zero byte.
        (Some(Continuation::AfterKey(key)), _) | (None, Some(key)) => [key.as_bytes(), &[0]].concat(),
        (None, None) => Vec::new(),
    };
    Some(if behind.as_slice() > prefix { behind } else { prefix.to_vec() })
}

/// What a key is rolled up into, if it holds the delimiter behind the prefix.
fn common_prefix<'a>(key: &'a str, prefix: &str, delimiter: &str) -> Option<&'a str> {
    let rest = key.strip_prefix(prefix)?;
    let end = prefix.len() + rest.find(delimiter)? + delimiter.len();
    key.get(..end)
}

/// The first string of bytes behind all that begin with this. `None`: there is none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let at = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let (last, before) = prefix.get(..=at)?.split_last()?;
    Some([before, &[last + 1]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successors() {
        assert_eq!(successor(b"a/"), Some(b"a0".to_vec()));
        assert_eq!(successor(b"a\xff\xff"), Some(b"b".to_vec()));
        assert_eq!(successor(b"\xff"), None);
        assert_eq!(successor(b""), None);
    }

    /// A million keys `pNN/SS/KKKKKKK` under ten prefixes of a hundred each, and three keys beside them.
    fn a_million_keys(directory: &std::path::Path) -> Connection {
        let path = directory.join("metadata.sqlite");
        let mut conn = super::super::schema::open_writer(&path).unwrap();
        // Speed here, durability elsewhere.
        conn.pragma_update(None, "synchronous", "off").unwrap();
        let object = crate::Object {
            key: String::new(),
            size: 0,
            crc64nvme: 0,
            etag: "e".into(),
            modified: crate::UnixMillis(0),
            headers: crate::ContentHeaders::default(),
            user_metadata: Vec::new(),
            checksum: None,
            storage_class: None,
        };
        let meta = row::encode(&object);
        let place = row::Whereabouts { blob: None, content: Some(1) };
        let transaction = conn.transaction().unwrap();
        transaction.execute("INSERT INTO bucket VALUES (CAST('b' AS BLOB), 1, 'o', 'r', 0, 0)", []).unwrap();
        {
            let sql = "INSERT INTO object (bucket, key, sum, meta, content) VALUES (1, ?1, ?2, ?3, 1)";
            let mut insert = transaction.prepare(sql).unwrap();
            let numbered =
                (0..1_000_000).map(|at| format!("p{:02}/{:02}/{at:07}", at / 100_000, at / 1_000 % 100));
            for key in ["a".to_owned(), "b".to_owned()].into_iter().chain(numbered).chain(["z".to_owned()]) {
                let sum = row::object_sum(1, key.as_bytes(), &meta, place);
                insert.execute(params![key.as_bytes(), sum, meta]).unwrap();
            }
        }
        transaction.commit().unwrap();
        conn
    }

    #[test]
    fn a_listing_reads_its_page_and_not_the_bucket() {
        let directory = tempfile::tempdir().unwrap();
        let mut conn = a_million_keys(directory.path());
        let mut list = |prefix: &str, delimiter: Option<&str>, continuation, max_keys| {
            let (prefix, delimiter) = (prefix.to_owned(), delimiter.map(str::to_owned));
            let request = ListRequest { prefix, delimiter, continuation, max_keys, start_after: None };
            super::list(&mut conn, "b", &request).unwrap()
        };
        let top = list("", Some("/"), None, 1000);
        assert_eq!((top.page.objects.len(), top.page.common_prefixes.len(), top.page.next), (3, 10, None));
        assert_eq!(top.rows, 13, "one row to an entry");

        let inner = list("p03/", Some("/"), None, 1000);
        assert_eq!((inner.page.objects.len(), inner.page.common_prefixes.len(), inner.rows), (0, 100, 100));

        let first = list("", None, None, 1000);
        assert_eq!((first.page.objects.len(), first.rows), (1000, 1001));
        let second = list("", None, first.page.next, 1000);
        assert_eq!((second.page.objects.len(), second.rows), (1000, 1001));
        assert!(first.page.objects.last().unwrap().key < second.page.objects[0].key);

        let last = list("p09/99/", None, None, 2000);
        assert_eq!((last.page.objects.len(), last.rows, last.page.next), (1000, 1000, None));
        let middle = list("", Some("/"), Some(Continuation::AfterPrefix("p04/".into())), 2);
        assert_eq!(middle.page.common_prefixes, ["p05/", "p06/"]);
        assert_eq!(middle.rows, 3);
        assert_eq!(list("p10", Some("/"), None, 1000).rows, 0);
    }

    #[test]
    fn common_prefixes() {
        assert_eq!(common_prefix("a/b/c", "", "/"), Some("a/"));
        assert_eq!(common_prefix("a/b/c", "a/", "/"), Some("a/b/"));
        assert_eq!(common_prefix("a/b/c", "a/b/", "/"), None);
        assert_eq!(common_prefix("aXYbXYc", "a", "XY"), Some("aXY"));
        assert_eq!(common_prefix("é—ü", "é", "—"), Some("é—"));
        assert_eq!(common_prefix("b", "a", "/"), None);
    }
}
