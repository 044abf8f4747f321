//! The rules of the metadata port, one at a time.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    AccessKeyRow, BlobId, Bucket, Checksum, ChecksumAlgorithm, ChecksumKind, Content, ContentHeaders,
    DeletedRow, ListRequest, Metadata, Object, ObjectRow, Precondition, PutError, StoreError, UnixMillis,
};

/// A bucket of this name, as the suite makes them.
pub fn new_bucket(name: &str) -> Bucket {
    Bucket { name: name.into(), owner: "alice".into(), region: "eu-west-3".into(), created: UnixMillis(7) }
}

/// A row whose content is in it.
pub fn inline_row(key: &str, etag: &str, content: &'static [u8]) -> ObjectRow {
    row(
        key,
        etag,
        content.len(),
        crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, content),
        Content::Inline(Bytes::from_static(content)),
    )
}

/// A row whose content is in a blob.
pub fn blob_row(key: &str, etag: &str, id: BlobId) -> ObjectRow {
    row(key, etag, 1 << 20, 99, Content::Blob(id))
}

fn row(key: &str, etag: &str, size: usize, crc64nvme: u64, content: Content) -> ObjectRow {
    let object = Object {
        key: key.into(),
        size: size as u64,
        crc64nvme,
        etag: etag.into(),
        modified: UnixMillis(1_795_284_000_123),
        headers: ContentHeaders::default(),
        user_metadata: Vec::new(),
        checksum: None,
        storage_class: None,
    };
    ObjectRow { object: Arc::new(object), content }
}

/// Writes a small object.
pub async fn put(engine: &dyn Metadata, key: &str) {
    engine.put_object("b", inline_row(key, "e", b"content"), Precondition::Unconditional).await.unwrap();
}

/// Create, look up, list, delete.
pub async fn a_bucket_is_made_found_and_deleted(engine: Arc<dyn Metadata>) {
    assert_eq!(engine.bucket("b").await, Ok(None));
    engine.create_bucket(new_bucket("b")).await.unwrap();
    engine.create_bucket(new_bucket("a")).await.unwrap();
    assert_eq!(engine.bucket("b").await, Ok(Some(new_bucket("b"))));
    let all: Vec<Bucket> = vec![new_bucket("a"), new_bucket("b")];
    assert_eq!(engine.buckets().await, Ok(all));
    engine.delete_bucket("b").await.unwrap();
    assert_eq!(engine.bucket("b").await, Ok(None));
    assert_eq!(engine.buckets().await, Ok(vec![new_bucket("a")]));
    engine.create_bucket(new_bucket("b")).await.unwrap();
}

/// The second bucket of a name is refused with the first one's owner.
pub async fn a_bucket_name_is_unique(engine: Arc<dyn Metadata>) {
    engine.create_bucket(new_bucket("b")).await.unwrap();
    let other = Bucket { owner: "mallory".into(), ..new_bucket("b") };
    let refused = engine.create_bucket(other).await;
    assert_eq!(refused, Err(StoreError::BucketExists { bucket: "b".into(), owner: "alice".into() }));
    assert_eq!(engine.bucket("b").await.unwrap().unwrap().owner, "alice");
}

/// No folding of case, no normalisation, no meaning in slashes and dots, up to 1,024 bytes.
pub async fn names_and_keys_are_bytes(engine: Arc<dyn Metadata>) {
    for name in ["b", "B", "é", "e\u{301}"] {
        engine.create_bucket(new_bucket(name)).await.unwrap();
    }
    let longest = "k".repeat(1024);
    let longest_wide = "€".repeat(341);
    let keys = [
        "a",
        "A",
        "é",
        "e\u{301}",
        " ",
        "a ",
        "/",
        "//",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../x",
        "./x",
        "%2F",
        "+",
        "\0",
        "a\0",
        "a\u{1}",
        "'",
        "\"",
        "--;",
        "%",
        "_",
        "\u{7f}",
        "\u{ffff}",
        "\u{10ffff}",
        "😀",
        &longest,
        &longest_wide,
    ];
    for key in keys {
        engine.put_object("b", inline_row(key, key, b"x"), Precondition::IfAbsent).await.unwrap();
    }
    for key in keys {
        assert_eq!(engine.object("b", key).await.unwrap().unwrap(), inline_row(key, key, b"x"));
        assert_eq!(engine.object("B", key).await, Ok(None));
    }
    let mut sorted = keys.map(str::to_owned).to_vec();
    sorted.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    let page = engine.list("b", &ListRequest { max_keys: 1000, ..ListRequest::default() }).await.unwrap();
    assert_eq!(page.objects.into_iter().map(|object| object.key).collect::<Vec<_>>(), sorted);
}

/// Until its last object is gone.
pub async fn a_bucket_that_holds_objects_stays(engine: Arc<dyn Metadata>) {
    engine.create_bucket(new_bucket("b")).await.unwrap();
    put(&*engine, "k").await;
    assert_eq!(engine.delete_bucket("b").await, Err(StoreError::BucketNotEmpty { bucket: "b".into() }));
    engine.delete_object("b", "k").await.unwrap();
    assert_eq!(engine.delete_bucket("b").await, Ok(()));
}

/// In every operation on one.
pub async fn a_bucket_that_is_not_there_is_named(engine: Arc<dyn Metadata>) {
    let missing = || StoreError::NoSuchBucket { bucket: "b".into() };
    let written = engine.put_object("b", inline_row("k", "e", b""), Precondition::Unconditional).await;
    assert_eq!(written, Err(PutError::Store(missing())));
    assert_eq!(engine.object("b", "k").await, Err(missing()));
    assert_eq!(engine.delete_object("b", "k").await, Err(missing()));
    assert_eq!(
        engine.list("b", &ListRequest { max_keys: 1, ..ListRequest::default() }).await,
        Err(missing())
    );
    assert_eq!(engine.delete_bucket("b").await, Err(missing()));
}

/// Every field of a row, twice: from the engine's ground and perhaps from its memory.
pub async fn objects_come_back_whole(engine: Arc<dyn Metadata>) {
    engine.create_bucket(new_bucket("b")).await.unwrap();
    let content = b"the content";
    let full = ObjectRow {
        object: Arc::new(Object {
            headers: ContentHeaders {
                content_type: Some("text/plain; charset=utf-8".into()),
                cache_control: Some("no-store".into()),
                content_disposition: Some("attachment; filename=\"é\"".into()),
                content_encoding: Some("gzip".into()),
                content_language: Some("fr".into()),
                expires: Some(String::new()),
            },
            user_metadata: vec![
                ("b".into(), "1".into()),
                ("a".into(), String::new()),
                ("b".into(), "ü".into()),
            ],
            checksum: Some(Checksum {
                algorithm: ChecksumAlgorithm::Crc32c,
                kind: ChecksumKind::FullObject,
                value: "yZRlqg==".into(),
            }),
            storage_class: Some("STANDARD_IA".into()),
            ..(*inline_row("full", "\"etag\"", content).object).clone()
        }),
        content: Content::Inline(Bytes::from_static(content)),
    };
    let rows = [full, inline_row("empty", "", b""), blob_row("blob", "e", BlobId([9; 16]))];
    for row in &rows {
        engine.put_object("b", row.clone(), Precondition::Unconditional).await.unwrap();
        for _ in 0..2 {
            assert_eq!(engine.object("b", &row.object.key).await, Ok(Some(row.clone())));
        }
    }
    assert_eq!(engine.object("b", "other").await, Ok(None));
}

/// So that the blob can be deleted; none when the row had its content itself.
pub async fn an_overwrite_gives_the_blob_it_replaced(engine: Arc<dyn Metadata>) {
    engine.create_bucket(new_bucket("b")).await.unwrap();
    let (first, second) = (BlobId([1; 16]), BlobId([2; 16]));
    let put = async |row| engine.put_object("b", row, Precondition::Unconditional).await;
    assert_eq!(put(blob_row("k", "1", first)).await, Ok(None));
    assert_eq!(engine.unnamed_blobs(vec![first]).await, Ok(vec![]));
    assert_eq!(put(blob_row("k", "2", second)).await, Ok(Some(first)));
    assert_eq!(engine.unnamed_blobs(vec![first, second]).await, Ok(vec![first]));
    assert_eq!(put(inline_row("k", "3", b"x")).await, Ok(Some(second)));
    assert_eq!(engine.unnamed_blobs(vec![first, second]).await, Ok(vec![first, second]));
    assert_eq!(put(inline_row("k", "4", b"y")).await, Ok(None));
}

/// And says whether there was an object.
pub async fn a_delete_gives_the_blob(engine: Arc<dyn Metadata>) {
    engine.create_bucket(new_bucket("b")).await.unwrap();
    let id = BlobId([1; 16]);
    engine.put_object("b", blob_row("k", "1", id), Precondition::Unconditional).await.unwrap();
    put(&*engine, "inline").await;
    assert_eq!(engine.delete_object("b", "k").await, Ok(Some(DeletedRow { blob: Some(id) })));
    assert_eq!(engine.delete_object("b", "k").await, Ok(None));
    assert_eq!(engine.delete_object("b", "inline").await, Ok(Some(DeletedRow { blob: None })));
    assert_eq!(engine.object("b", "k").await, Ok(None));
    assert_eq!(engine.unnamed_blobs(vec![id]).await, Ok(vec![id]));
}

/// Each with the write that meets it and the one that does not.
pub async fn preconditions_are_kept(engine: Arc<dyn Metadata>) {
    engine.create_bucket(new_bucket("b")).await.unwrap();
    let put = async |etag: &str, precondition| {
        engine.put_object("b", inline_row("k", etag, b"x"), precondition).await
    };
    let if_match = |etag: &str| Precondition::IfMatch(etag.to_owned());
    assert_eq!(put("1", if_match("1")).await, Err(PutError::NoSuchKey));
    assert_eq!(put("1", Precondition::IfAbsent).await, Ok(None));
    assert_eq!(put("2", Precondition::IfAbsent).await, Err(PutError::PreconditionFailed));
    assert_eq!(put("2", if_match("0")).await, Err(PutError::PreconditionFailed));
    assert_eq!(engine.object("b", "k").await.unwrap().unwrap().object.etag, "1");
    assert_eq!(put("2", if_match("1")).await, Ok(None));
    assert_eq!(engine.object("b", "k").await.unwrap().unwrap().object.etag, "2");
    engine.delete_object("b", "k").await.unwrap();
    assert_eq!(put("3", Precondition::IfAbsent).await, Ok(None));
}

/// Also when it shares a commit with writes that succeed.
pub async fn a_refused_write_changes_nothing(engine: Arc<dyn Metadata>) {
    engine.create_bucket(new_bucket("b")).await.unwrap();
    put(&*engine, "there").await;
    let tasks: Vec<_> = (0..100)
        .map(|at| {
            let engine = Arc::clone(&engine);
            tokio::spawn(async move {
                let key = if at % 2 == 0 { format!("new{at}") } else { "there".to_owned() };
                let row = inline_row(&key, "changed", b"changed");
                (at, engine.put_object("b", row, Precondition::IfAbsent).await)
            })
        })
        .collect();
    for task in tasks {
        let (at, outcome) = task.await.unwrap();
        let expected = if at % 2 == 0 { Ok(None) } else { Err(PutError::PreconditionFailed) };
        assert_eq!(outcome, expected, "{at}");
    }
    assert_eq!(engine.object("b", "there").await, Ok(Some(inline_row("there", "e", b"content"))));
    assert!(engine.object("b", "new98").await.unwrap().is_some());
}

/// Add, replace, list, delete.
pub async fn access_keys_are_kept(engine: Arc<dyn Metadata>) {
    let key = |id: &str, active| AccessKeyRow {
        access_key_id: id.into(),
        sealed_secret: vec![0, 1, 2, 255],
        principal: "alice".into(),
        active,
        created: UnixMillis(3),
    };
    assert_eq!(engine.access_key("AKIDB").await, Ok(None));
    engine.put_access_key(key("AKIDB", true)).await.unwrap();
    engine.put_access_key(key("AKIDA", true)).await.unwrap();
    assert_eq!(engine.access_key("AKIDB").await, Ok(Some(key("AKIDB", true))));
    assert_eq!(engine.access_key("akidb").await, Ok(None));
    engine.put_access_key(key("AKIDB", false)).await.unwrap();
    assert_eq!(engine.access_key("AKIDB").await, Ok(Some(key("AKIDB", false))));
    assert_eq!(engine.access_keys().await, Ok(vec![key("AKIDA", true), key("AKIDB", false)]));
    assert_eq!(engine.delete_access_key("AKIDB").await, Ok(true));
    assert_eq!(engine.delete_access_key("AKIDB").await, Ok(false));
    assert_eq!(engine.access_key("AKIDB").await, Ok(None));
}

/// Reads, also those that memory could answer, and writes.
pub async fn a_closed_engine_refuses(engine: Arc<dyn Metadata>) {
    engine.create_bucket(new_bucket("b")).await.unwrap();
    put(&*engine, "k").await;
    assert!(engine.object("b", "k").await.unwrap().is_some());
    engine.close().await.unwrap();
    assert_eq!(engine.object("b", "k").await, Err(StoreError::Closed));
    assert_eq!(engine.bucket("b").await, Err(StoreError::Closed));
    assert_eq!(engine.buckets().await, Err(StoreError::Closed));
    let written = engine.put_object("b", inline_row("k", "e", b""), Precondition::Unconditional).await;
    assert_eq!(written, Err(PutError::Store(StoreError::Closed)));
    assert_eq!(engine.close().await, Ok(()));
}
