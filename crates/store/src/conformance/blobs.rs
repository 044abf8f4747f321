//! The rules of the blob port, one at a time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{Aside, BlobId, Blobs, StoredBlob};

/// Bytes that differ from one place to the next.
fn content(length: usize) -> Bytes {
    (0..length).map(|at| (at % 251) as u8 ^ (at / 65_536) as u8).collect()
}

async fn write(engine: &dyn Blobs, bytes: &Bytes) -> StoredBlob {
    let mut writer = engine.begin(Some(bytes.len() as u64)).await.unwrap();
    for chunk in bytes.chunks(70_000) {
        writer.write(bytes.slice_ref(chunk)).await.unwrap();
    }
    let (id, crc64nvme) = (writer.id(), writer.crc64nvme());
    let blob = writer.finish().await.unwrap();
    assert_eq!(blob, StoredBlob { id, size: bytes.len() as u64, crc64nvme });
    assert_eq!(crc64nvme, crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes));
    blob
}

async fn read(engine: &dyn Blobs, blob: StoredBlob, range: std::ops::Range<u64>) -> Option<Vec<u8>> {
    let mut reader = engine.open(blob).await.unwrap()?.read(range);
    let mut all = Vec::new();
    while let Some(chunk) = reader.next_chunk().await.unwrap() {
        assert!(!chunk.is_empty());
        all.extend_from_slice(&chunk);
    }
    assert_eq!(reader.next_chunk().await, Ok(None));
    Some(all)
}

/// Around every border of a buffer.
pub async fn blobs_of_every_size_come_back(engine: Arc<dyn Blobs>) {
    for length in
        [0, 1, 70_000, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 1 << 20, (2 << 20) + 1, 5_000_000]
    {
        let bytes = content(length);
        let blob = write(&*engine, &bytes).await;
        assert_eq!(read(&*engine, blob, 0..length as u64).await.unwrap(), bytes, "{length}");
    }
}

/// And a range behind the end is empty.
pub async fn ranges_are_cut_at_the_end(engine: Arc<dyn Blobs>) {
    let bytes = content(600_000);
    let blob = write(&*engine, &bytes).await;
    for (range, expected) in [
        (0..1, 0..1),
        (1..65_536, 1..65_536),
        (65_535..65_537, 65_535..65_537),
        (131_072..400_000, 131_072..400_000),
        (400_000..600_000, 400_000..600_000),
        (262_143..262_145, 262_143..262_145),
        (599_999..600_000, 599_999..600_000),
        (500_000..u64::MAX, 500_000..600_000),
        (600_000..700_000, 600_000..600_000),
        (5..5, 5..5),
    ] {
        assert_eq!(read(&*engine, blob, range).await.unwrap(), bytes[expected]);
    }
}

/// A body may come a byte at a time.
pub async fn tiny_writes_add_up(engine: Arc<dyn Blobs>) {
    let bytes = content(100_000);
    let mut writer = engine.begin(None).await.unwrap();
    for at in 0..bytes.len() {
        writer.write(bytes.slice(at..at + 1)).await.unwrap();
    }
    writer.write(Bytes::new()).await.unwrap();
    let blob = writer.finish().await.unwrap();
    assert_eq!(read(&*engine, blob, 0..u64::MAX).await.unwrap(), bytes);
}

/// Neither before it is finished nor after it was given up.
pub async fn an_unfinished_blob_is_not_there(engine: Arc<dyn Blobs>) {
    let mut writer = engine.begin(None).await.unwrap();
    writer.write(content(3_000_000)).await.unwrap();
    let blob = StoredBlob { id: writer.id(), size: 3_000_000, crc64nvme: writer.crc64nvme() };
    assert!(engine.open(blob).await.unwrap().is_none());
    drop(writer);
    assert!(engine.open(blob).await.unwrap().is_none());
    assert_eq!(list(&*engine).await, []);
}

/// A download goes on when its object is overwritten.
pub async fn what_is_open_outlives_its_deletion(engine: Arc<dyn Blobs>) {
    let bytes = content(1_000_000);
    let blob = write(&*engine, &bytes).await;
    let open = engine.open(blob).await.unwrap().unwrap();
    assert_eq!(engine.delete(blob.id).await, Ok(true));
    assert!(engine.open(blob).await.unwrap().is_none());
    let mut reader = open.read(0..u64::MAX);
    let mut all = Vec::new();
    while let Some(chunk) = reader.next_chunk().await.unwrap() {
        all.extend_from_slice(&chunk);
    }
    assert_eq!(all, bytes);
}

/// And deletes that one only.
pub async fn deletion_says_whether_there_was_one(engine: Arc<dyn Blobs>) {
    let bytes = content(10);
    let (stays, goes) = (write(&*engine, &bytes).await, write(&*engine, &bytes).await);
    assert_ne!(stays, goes);
    assert_eq!(engine.delete(goes.id).await, Ok(true));
    assert_eq!(engine.delete(goes.id).await, Ok(false));
    assert_eq!(read(&*engine, stays, 0..10).await.unwrap(), bytes);
}

async fn list(engine: &dyn Blobs) -> Vec<BlobId> {
    let mut listed = Vec::new();
    for first in 0..=u8::MAX {
        let ids = engine.list(first).await.unwrap();
        assert!(ids.iter().all(|id| id.0[0] == first), "{ids:?}");
        listed.extend(ids);
    }
    listed
}

/// A database that names it may come back.
pub async fn what_is_set_aside_is_read_and_can_be_put_back(engine: Arc<dyn Blobs>) {
    let bytes = content(100_000);
    for aside in Aside::ALL {
        let blob = write(&*engine, &bytes).await;
        assert_eq!(engine.set_aside(blob.id, aside).await, Ok(true));
        assert_eq!(engine.set_aside(blob.id, aside).await, Ok(false));
        assert_eq!((list(&*engine).await, engine.list_aside(aside).await), (vec![], Ok(vec![blob.id])));
        assert_eq!(read(&*engine, blob, 0..100_000).await.unwrap(), bytes);
        assert_eq!(engine.delete_aside(blob.id, aside, Duration::from_secs(3600)).await, Ok(false));
        assert_eq!(engine.put_back(blob.id, aside).await, Ok(true));
        assert_eq!(engine.put_back(blob.id, aside).await, Ok(false));
        assert_eq!((list(&*engine).await, engine.list_aside(aside).await), (vec![blob.id], Ok(vec![])));
        assert_eq!(engine.set_aside(blob.id, aside).await, Ok(true));
        assert_eq!(engine.delete_aside(blob.id, aside, Duration::ZERO).await, Ok(true));
        assert!(engine.open(blob).await.unwrap().is_none());
    }
}

/// For the collector of garbage.
pub async fn listing_is_in_order_and_tells_ages(engine: Arc<dyn Blobs>) {
    let mut ids = Vec::new();
    for _ in 0..40 {
        ids.push(write(&*engine, &content(3)).await.id);
    }
    ids.sort_unstable();
    assert_eq!(list(&*engine).await, ids);
    let gone = ids.pop().unwrap();
    assert_eq!(engine.delete(gone).await, Ok(true));
    assert_eq!(list(&*engine).await, ids);
    assert_eq!(engine.age(gone).await, Ok(None));
    assert!(engine.age(ids[0]).await.unwrap().unwrap() < Duration::from_secs(600));
}
