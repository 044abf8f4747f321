//! What must hold when several callers want the same row.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::metadata::{inline_row, new_bucket};
use crate::{Metadata, ObjectRow, Precondition, PutError, StoreError};

/// `If-None-Match: *` from many at once.
pub async fn of_racing_creations_one_wins(engine: Arc<dyn Metadata>) {
    engine.create_bucket(new_bucket("b")).await.unwrap();
    for round in 0..10 {
        let tasks: Vec<_> = (0..16)
            .map(|at| {
                let engine = Arc::clone(&engine);
                let row = inline_row(&format!("k{round}"), &at.to_string(), b"x");
                tokio::spawn(async move { engine.put_object("b", row, Precondition::IfAbsent).await })
            })
            .collect();
        let mut winners = Vec::new();
        for (at, task) in tasks.into_iter().enumerate() {
            match task.await.unwrap() {
                Ok(_) => winners.push(at.to_string()),
                Err(error) => assert_eq!(error, PutError::PreconditionFailed),
            }
        }
        let row = engine.object("b", &format!("k{round}")).await.unwrap().unwrap();
        assert_eq!(winners, std::slice::from_ref(&row.object.etag));
    }
}

fn counter(value: u64) -> ObjectRow {
    inline_row("counter", &value.to_string(), b"x")
}

fn value(row: &ObjectRow) -> u64 {
    row.object.etag.parse().unwrap()
}

/// `If-Match` as compare-and-swap: a counter that many raise.
pub async fn of_racing_updates_none_is_lost(engine: Arc<dyn Metadata>) {
    engine.create_bucket(new_bucket("b")).await.unwrap();
    engine.put_object("b", counter(0), Precondition::IfAbsent).await.unwrap();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let engine = Arc::clone(&engine);
            tokio::spawn(async move {
                let mut raised = 0;
                while raised < 10 {
                    let now = engine.object("b", "counter").await.unwrap().unwrap();
                    let if_match = Precondition::IfMatch(now.object.etag.clone());
                    match engine.put_object("b", counter(value(&now) + 1), if_match).await {
                        Ok(_) => raised += 1,
                        Err(error) => assert_eq!(error, PutError::PreconditionFailed),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(value(&engine.object("b", "counter").await.unwrap().unwrap()), 40);
}

/// Emptiness is decided where the bucket is deleted: an object that was answered has a bucket.
pub async fn a_bucket_is_not_deleted_under_an_object(engine: Arc<dyn Metadata>) {
    for _ in 0..20 {
        engine.create_bucket(new_bucket("b")).await.unwrap();
        let (putting, deleting) = (Arc::clone(&engine), Arc::clone(&engine));
        let row = inline_row("k", "e", b"x");
        let put =
            tokio::spawn(async move { putting.put_object("b", row, Precondition::Unconditional).await });
        let delete = tokio::spawn(async move { deleting.delete_bucket("b").await });
        match (put.await.unwrap(), delete.await.unwrap()) {
            (Ok(_), Err(StoreError::BucketNotEmpty { .. })) => {
                engine.delete_object("b", "k").await.unwrap();
                engine.delete_bucket("b").await.unwrap();
            }
            (Err(PutError::Store(StoreError::NoSuchBucket { .. })), Ok(())) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The rule that memory can break: an answered write is seen by every read that begins later.
pub async fn a_read_sees_every_write_answered_before_it(engine: Arc<dyn Metadata>) {
    engine.create_bucket(new_bucket("b")).await.unwrap();
    engine.put_object("b", counter(0), Precondition::Unconditional).await.unwrap();
    let answered = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (engine, answered, done) = (Arc::clone(&engine), Arc::clone(&answered), Arc::clone(&done));
            tokio::spawn(async move {
                let mut last = 0;
                while !done.load(Ordering::SeqCst) {
                    let at_least = answered.load(Ordering::SeqCst).max(last);
                    let seen = value(&engine.object("b", "counter").await.unwrap().unwrap());
                    assert!(seen >= at_least, "{seen} was read after {at_least} was answered or read");
                    last = seen;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for at in 1..=300 {
        engine.put_object("b", counter(at), Precondition::Unconditional).await.unwrap();
        answered.store(at, Ordering::SeqCst);
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
}
