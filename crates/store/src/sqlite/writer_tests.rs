//! The writer on disks that are full, beside readers that keep the log, and after failures.

use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Sender, channel};

use bytes::Bytes;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Semaphore, oneshot};

use super::super::operation::{Operation, Pending};
use super::super::writes::{CreateBucket, DeleteObject, PutObject};
use super::super::{row, schema};
use super::*;
use crate::files::{Directory, Disk};
use crate::{Bucket, Content, Object, ObjectRow, Precondition, PutError, UnixMillis};

type Answer<O> = oneshot::Receiver<Result<<O as Operation>::Answer, <O as Operation>::Refusal>>;

/// A writer that has not begun, so that the queue can be filled before it does.
struct Ground {
    writer: Writer,
    queue: Sender<Message>,
    commits: Arc<AtomicUsize>,
    path: PathBuf,
    poison: Poison,
    _directory: tempfile::TempDir,
}

fn ground() -> Ground {
    ground_on(tempfile::tempdir().unwrap(), &Disk::default())
}

/// A writer whose reserve is on this disk.
fn ground_on(directory: tempfile::TempDir, disk: &Disk) -> Ground {
    let path = directory.path().join("metadata.sqlite");
    let mut conn = schema::open_writer(&path).unwrap();
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&commits);
    conn.commit_hook(Some(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        false
    }))
    .unwrap();
    let reserve = Arc::new(Reserve::open_on(disk.clone(), directory.path()).unwrap());
    let poison = Poison::default();
    let (queue, receiver) = channel();
    let hot = Arc::new(Hot::new(1 << 20));
    let growth = Growth::open(&Disk::default(), &path).unwrap();
    let opened = Directory::open(path.parent().unwrap()).unwrap();
    let watch = Arc::new(Watch::new(opened, poison.clone()).unwrap());
    let writer = Writer::new(conn, &path, receiver, hot, watch, reserve, growth).unwrap();
    Ground { writer, queue, commits, path, poison, _directory: directory }
}

fn send<O: Operation>(queue: &Sender<Message>, operation: O) -> Answer<O> {
    let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    let (reply, answer) = oneshot::channel();
    queue.send(Message::Write(Box::new(Pending::new(operation, reply, permit)))).ok().unwrap();
    answer
}

impl Ground {
    fn send<O: Operation>(&self, operation: O) -> Answer<O> {
        send(&self.queue, operation)
    }

    fn send_bucket(&self) -> Answer<CreateBucket> {
        let bucket =
            Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        self.send(CreateBucket(bucket))
    }
}

fn put(bucket: &str, key: &str, content: &[u8]) -> PutObject {
    let object = Object {
        key: key.into(),
        size: content.len() as u64,
        crc64nvme: row::content_sum(content),
        etag: "e".into(),
        modified: UnixMillis(0),
        headers: crate::ContentHeaders::default(),
        user_metadata: Vec::new(),
        checksum: None,
        storage_class: None,
    };
    let content = Content::Inline(Bytes::copy_from_slice(content));
    PutObject::new(bucket.into(), ObjectRow { object: Arc::new(object), content }, Precondition::IfAbsent)
}

#[test]
fn what_waits_is_committed_in_groups_and_a_refusal_spoils_nothing() {
    let ground = ground();
    let mut bucket = ground.send_bucket();
    let mut answers: Vec<_> = (0..600)
        .map(|at| match at % 3 {
            0 => (ground.send(put("b", &at.to_string(), b"x")), Ok(None)),
            1 => (ground.send(put("b", "0", b"y")), Err(PutError::PreconditionFailed)),
            _ => {
                let missing = StoreError::NoSuchBucket { bucket: "missing".into() };
                (ground.send(put("missing", "k", b"y")), Err(PutError::Store(missing)))
            }
        })
        .collect();
    let (path, commits) = (ground.path.clone(), Arc::clone(&ground.commits));
    drop(ground.queue);
    ground.writer.run();
    assert_eq!(bucket.try_recv(), Ok(Ok(())));
    for (answer, expected) in &mut answers {
        assert_eq!(answer.try_recv().as_ref(), Ok(&*expected));
    }
    let commits = commits.load(Ordering::SeqCst);
    assert!(
        (3..=120).contains(&commits),
        "601 operations took {commits} commits, of at most {GROUP_OPERATIONS}"
    );
    let conn = schema::open_reader(&path).unwrap();
    let rows: i64 = conn.query_row("SELECT count(*) FROM object", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 200);
}

#[test]
fn nothing_is_answered_before_its_commit() {
    let ground = ground();
    let mut bucket = ground.send_bucket();
    let commits = Arc::clone(&ground.commits);
    assert_eq!(bucket.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(commits.load(Ordering::SeqCst), 0);
    drop(ground.queue);
    ground.writer.run();
    assert_eq!((bucket.try_recv(), commits.load(Ordering::SeqCst)), (Ok(Ok(())), 1));
}

#[test]
fn a_database_without_room_refuses_and_takes_deletes() {
    let ground = ground();
    let pages: i64 = ground.writer.conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    ground.writer.conn.pragma_update(None, "max_page_count", pages + 40).unwrap();
    let Ground { writer, queue, poison, .. } = &ground;
    assert!(writer.reserve.is_held());
    let bucket = ground.send_bucket();
    let (queue, poison) = (queue.clone(), poison.clone());
    let running = std::thread::spawn(move || ground.writer.run());
    assert_eq!(bucket.blocking_recv(), Ok(Ok(())));
    let content = [7; 16_000];
    let answers: Vec<_> = (0..20)
        .map(|at| send(&queue, put("b", &at.to_string(), &content)).blocking_recv().unwrap())
        .collect();
    let written = answers.iter().take_while(|answer| answer.is_ok()).count();
    assert!((5..15).contains(&written), "{written} of 16 KB in 160 KiB");
    let is_full = |answer: &_| matches!(answer, Err(PutError::Store(StoreError::DiskFull { .. })));
    assert!(answers.iter().skip(written).all(is_full), "{answers:?}");
    let delete = send(&queue, DeleteObject { bucket: "b".into(), key: "0".into() });
    assert!(delete.blocking_recv().unwrap().unwrap().is_some());
    assert_eq!(send(&queue, put("b", "next", &content)).blocking_recv(), Ok(Ok(None)));
    assert_eq!(poison.check(), Ok(()));
    queue.send(Message::Close).ok().unwrap();
    running.join().unwrap();
}

#[test]
fn what_deleted_rows_left_is_used_while_the_disk_is_full() {
    let directory = tempfile::tempdir().unwrap();
    let room = Arc::new(AtomicUsize::new(usize::MAX));
    let disk = Disk::with_room(&room);
    let ground = ground_on(directory, &disk);
    let bucket = ground.send_bucket();
    let (queue, reserve) = (ground.queue.clone(), Arc::clone(&ground.writer.reserve));
    let running = std::thread::spawn(move || ground.writer.run());
    assert_eq!(bucket.blocking_recv(), Ok(Ok(())));
    let content = [7; 16_000];
    let write = |key: &str| send(&queue, put("b", key, &content)).blocking_recv().unwrap();
    for at in 0..20 {
        assert_eq!(write(&at.to_string()), Ok(None));
    }
    // Somebody else has taken the reserve's place, but for a part of it.
    room.store(2 << 20, Ordering::SeqCst);
    reserve.lend().unwrap();
    reserve.take_back().unwrap();
    assert!(!reserve.is_held());
    assert!(matches!(write("refused"), Err(PutError::Store(StoreError::DiskFull { .. }))));
    for at in 0..20 {
        let delete = send(&queue, DeleteObject { bucket: "b".into(), key: at.to_string() });
        assert!(delete.blocking_recv().unwrap().unwrap().is_some());
    }
    room.store(2 << 20, Ordering::SeqCst);
    let written = (0..20).take_while(|at| {
        room.store(2 << 20, Ordering::SeqCst);
        write(&at.to_string()).is_ok()
    });
    let written = written.count();
    assert!((5..20).contains(&written), "{written} of the 20 that had been there");
    assert!(!reserve.is_held());
    room.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(write("with room again"), Ok(None));
    assert!(reserve.is_held());
    queue.send(Message::Close).ok().unwrap();
    running.join().unwrap();
}

#[test]
fn a_log_that_somebody_keeps_leaves_room_to_delete() {
    let directory = tempfile::tempdir().unwrap();
    let room = Arc::new(AtomicUsize::new(usize::MAX));
    let mut ground = ground_on(directory, &Disk::default());
    ground.writer.growth = Growth::open(&Disk::with_room(&room), &ground.path).unwrap();
    let bucket = ground.send_bucket();
    let (queue, path) = (ground.queue.clone(), ground.path.clone());
    let running = std::thread::spawn(move || ground.writer.run());
    assert_eq!(bucket.blocking_recv(), Ok(Ok(())));
    let content = [7; 60_000];
    let write = |at: usize| send(&queue, put("b", &at.to_string(), &content)).blocking_recv().unwrap();
    let reader = schema::open_reader(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM object").unwrap();
    // 40 MiB of them, in the log.
    for at in 0..700 {
        assert_eq!(write(at), Ok(None));
    }
    // Plenty for the database and for the index, and too little for the log.
    room.store(32 << 20, Ordering::SeqCst);
    let refused = write(700);
    let Err(PutError::Store(StoreError::DiskFull { place, .. })) = refused else { panic!("{refused:?}") };
    assert!(place.contains("m") && place.contains("keeps from being emptied"), "{place}");
    for at in 0..20 {
        let delete = send(&queue, DeleteObject { bucket: "b".into(), key: at.to_string() });
        assert!(delete.blocking_recv().unwrap().unwrap().is_some());
    }
    assert!(write(701).is_err());
    drop(reader);
    // Once it has been written back, it begins anew.
    let begun = Instant::now();
    while write(702).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(50));
    }
    queue.send(Message::Close).ok().unwrap();
    running.join().unwrap();
}

#[test]
fn no_space_is_given_back_through_a_log_that_somebody_keeps() {
    let Ground { mut writer, queue, path, _directory, .. } = ground();
    let bucket = Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
    drop(send(&queue, CreateBucket(bucket)));
    let content = [7; 60_000];
    for at in 0..200 {
        drop(send(&queue, put("b", &at.to_string(), &content)));
    }
    let work = |writer: &mut Writer| {
        while let Ok(Message::Write(first)) = writer.queue.try_recv() {
            writer.write_group(first);
        }
        writer.checkpoint("PASSIVE");
    };
    work(&mut writer);
    let reader = schema::open_reader(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM object").unwrap();
    for at in 0..200 {
        drop(send(&queue, DeleteObject { bucket: "b".into(), key: at.to_string() }));
    }
    work(&mut writer);
    assert!(writer.spare_pages() > 2_500, "{}", writer.spare_pages());
    let log = writer.log_pages.load(Ordering::Relaxed);
    writer.give_back();
    assert_eq!(writer.giving_back, GivingBack::Resting);
    assert_eq!(writer.log_pages.load(Ordering::Relaxed), log);
    drop(reader);
    work(&mut writer);
    let spare = writer.spare_pages();
    writer.give_back();
    assert_eq!(writer.giving_back, GivingBack::Begun);
    assert!(writer.spare_pages() < spare);
}

/// The twin has had a failed fsync before.
#[test]
fn what_stands_in_a_log_that_was_removed_is_saved_unless_an_fsync_failed() {
    for has_failed in [false, true] {
        let Ground { mut writer, queue, path, poison, _directory, .. } = ground();
        for name in [DATABASE, LOG, INDEX] {
            writer.watch.add(name).unwrap();
        }
        let bucket =
            Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        drop(send(&queue, CreateBucket(bucket)));
        let Ok(Message::Write(first)) = writer.queue.recv() else { panic!("a write was sent") };
        writer.write_group(first);
        let before = std::fs::read(&path).unwrap();
        if has_failed {
            drop(poison.set(&"fsync failed"));
        }
        std::fs::remove_file(crate::sqlite::log_path(&path)).unwrap();
        assert!(writer.look().is_err());
        assert_eq!((writer.is_rescued, std::fs::read(&path).unwrap() == before), (!has_failed, has_failed));
    }
}

#[test]
fn who_cannot_begin_is_told_why() {
    let mut ground = ground();
    let other = schema::open_writer(&ground.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    ground.writer.conn.busy_timeout(Duration::ZERO).unwrap();
    let mut bucket = ground.send_bucket();
    let Ok(Message::Write(first)) = ground.writer.queue.recv() else { panic!("a write was sent") };
    ground.writer.write_group(first);
    let answer = bucket.try_recv().unwrap();
    assert!(matches!(answer, Err(StoreError::Engine { .. })), "{answer:?}");
    assert_eq!(ground.poison.check(), Ok(()));
}

#[test]
fn after_a_failure_nothing_is_written() {
    let ground = ground();
    let stopped = ground.poison.set(&"a test says so");
    let mut bucket = ground.send_bucket();
    let commits = Arc::clone(&ground.commits);
    drop(ground.queue);
    ground.writer.run();
    assert_eq!((bucket.try_recv(), commits.load(Ordering::SeqCst)), (Ok(Err(stopped)), 0));
}
