//! One page of a bucket's keys.

use rusqlite::{Connection, params};

use super::failure::Fault;
use super::queries::{bucket_id, bytes, corrupt, no_such_bucket};
use super::row;
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
    let sql =
        "SELECT key, sum, meta, blob FROM object WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key";
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
            let damaged =
                || corrupt(format!("a row of bucket {bucket:?} near key {:?}", String::from_utf8_lossy(key)));
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
            if row::object_sum(id, key, meta, bytes(row.get_ref(3)?)) != row.get::<_, i64>(1)? {
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
