//! Rows of objects, as the database keeps them.

use presign_store::fuzzing::{decode_row, decode_row_etag, decode_row_summary, encode_row};

/// The input is the row's description of its object.
pub fn run(input: &[u8]) {
    const KEY: &[u8] = "a/ключ".as_bytes();
    let Some(object) = decode_row(KEY, input) else { return };
    // What was read is written, and read again as the same.
    let written = encode_row(&object);
    assert_eq!(decode_row(KEY, &written).as_deref(), Some(&*object));
    // The short readings tell the same of what was written.
    let summary = decode_row_summary(KEY, &written).expect("a whole row has a summary");
    assert_eq!(
        (&summary.key, summary.size, &summary.etag, summary.modified, &summary.storage_class),
        (&object.key, object.size, &object.etag, object.modified, &object.storage_class)
    );
    assert_eq!(decode_row_etag(&written), Some(object.etag.as_str()));
    // A row that is cut off anywhere in its last field is no row.
    assert_eq!(decode_row(KEY, &written[..written.len() - 1]), None);
}
