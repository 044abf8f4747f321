//! Bytes of small objects that no object names.

use rusqlite::{Connection, OptionalExtension, params};

/// How many ids in a row are looked at in one pass, a bit each: 8 MiB. Ids are given out one after another, so one pass is
/// enough at least until as many small objects have been written, whether they are still there or not.
const WINDOW: u32 = 1 << 26;

const FIRST: &str = "SELECT id FROM content WHERE id >= ?1 ORDER BY id LIMIT 1";
const HELD: &str = "SELECT id FROM content WHERE id BETWEEN ?1 AND ?2";
const NAMED: &str = "SELECT content FROM object WHERE content BETWEEN ?1 AND ?2";

/// Gives the id of every row of `content` that no row of `object` names.
///
/// No index says which object names a content, and SQLite would make one for the query, in memory that grows with the store.
/// So `object` is read from end to end for each window of ids, and of `content` the ids in that window, which its own tree
/// finds. A window begins at an id that is held, so a gap as long as one costs no pass.
pub(super) fn find_stray_contents(conn: &Connection, find: &mut dyn FnMut(i64)) -> rusqlite::Result<()> {
    find_in_windows(conn, WINDOW, find)
}

fn find_in_windows(conn: &Connection, window: u32, find: &mut dyn FnMut(i64)) -> rusqlite::Result<()> {
    // Set while an id is held and has not been seen to be named.
    let mut unnamed = vec![0_u64; window.div_ceil(u64::BITS) as usize];
    let mut next = Some(i64::MIN);
    while let Some(from) = next {
        let first: Option<i64> = conn.query_row(FIRST, [from], |row| row.get(0)).optional()?;
        let Some(first) = first else { return Ok(()) };
        let last = first.saturating_add(i64::from(window) - 1);
        let mut each = |sql: &str, is_unnamed: bool| {
            let mut statement = conn.prepare(sql)?;
            let mut rows = statement.query(params![first, last])?;
            while let Some(row) = rows.next()? {
                let at = row.get::<_, i64>(0)?.abs_diff(first);
                let word =
                    usize::try_from(at / u64::from(u64::BITS)).ok().and_then(|word| unnamed.get_mut(word));
                let bit = 1 << (at % u64::from(u64::BITS));
                match word {
                    Some(word) if is_unnamed => *word |= bit,
                    Some(word) => *word &= !bit,
                    None => {}
                }
            }
            Ok::<_, rusqlite::Error>(())
        };
        each(HELD, true)?;
        each(NAMED, false)?;
        for (start, word) in (0..).step_by(u64::BITS as usize).zip(&mut unnamed) {
            while *word != 0 {
                // All that are set are ids.
                first
                    .checked_add_unsigned(start + u64::from(word.trailing_zeros()))
                    .into_iter()
                    .for_each(&mut *find);
                *word &= *word - 1;
            }
        }
        next = last.checked_add(1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema;

    /// How SQLite goes about it, a line for each step.
    fn plan(conn: &Connection, sql: &str) -> Vec<String> {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let ids = [0; 2].iter().take(statement.parameter_count());
        let steps = statement.query_map(rusqlite::params_from_iter(ids), |row| row.get(3)).unwrap();
        steps.map(Result::unwrap).collect()
    }

    fn holding(held: &[i64], named: &[i64]) -> (tempfile::TempDir, Connection) {
        let directory = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&directory.path().join("m.sqlite")).unwrap();
        for id in held {
            conn.execute("INSERT INTO content VALUES (?1, x'00')", [id]).unwrap();
        }
        for id in named {
            let row = "INSERT INTO object VALUES (1, ?1, 0, x'00', NULL, ?2)";
            conn.execute(row, params![id.to_le_bytes(), id]).unwrap();
        }
        (directory, conn)
    }

    #[test]
    fn what_no_object_names_is_found_whatever_the_window() {
        let held = [i64::MIN, -64, -1, 0, 1, 2, 63, 64, 65, 127, 128, 1_000, 99_999, i64::MAX - 1, i64::MAX];
        // One of them is not held.
        let named = [-64, 0, 2, 64, 77, 128, 99_999, i64::MAX];
        let stray: Vec<i64> = held.into_iter().filter(|id| !named.contains(id)).collect();
        let (_directory, conn) = holding(&held, &named);
        for window in [1, 2, 63, 64, 65, 1000, WINDOW] {
            let mut found = Vec::new();
            find_in_windows(&conn, window, &mut |id| found.push(id)).unwrap();
            assert_eq!(found, stray, "{window}");
        }
        let (_directory, whole) = holding(&[1, 2, 3], &[1, 2, 3]);
        find_stray_contents(&whole, &mut |id| panic!("{id}")).unwrap();
    }

    #[test]
    fn sqlite_keeps_nothing_in_memory_for_it() {
        let (_directory, conn) = holding(&[], &[]);
        let is_kept = |sql: &str| {
            let plan = plan(&conn, sql);
            assert!(!plan.is_empty());
            // Whatever is not a walk along a tree, or a search down one.
            plan.iter().any(|step| {
                step.contains("AUTOMATIC") || !(step.starts_with("SCAN ") || step.starts_with("SEARCH "))
            })
        };
        for sql in [FIRST, HELD, NAMED] {
            assert!(!is_kept(sql), "{sql}");
        }
        for sql in [
            "SELECT id FROM content WHERE id NOT IN (SELECT content FROM object WHERE content IS NOT NULL)",
            "SELECT id FROM content c WHERE NOT EXISTS (SELECT 1 FROM object o WHERE o.content = c.id)",
            "SELECT id FROM content EXCEPT SELECT content FROM object",
            "SELECT content FROM object ORDER BY content",
        ] {
            assert!(is_kept(sql), "{sql}");
        }
    }
}
