//! Disks that are not as usual: read-only ones, and a data directory that is spread over two.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use presign_store::backup::{BackupError, BackupOptions, Manifest, create, restore};
use presign_store::check::check;
use presign_store::{
    Bucket, NewObject, OpenError, Precondition, PutError, Store, StoreError, StoreOptions, UnixMillis,
};

/// Set in the process that sees the data directory as one that cannot be written to: the directory of all.
const CHILD: &str = "PRESIGN_STORE_READ_ONLY";

const EXPECTED: Manifest = Manifest { objects: 20, blobs: 10, blob_bytes: 1_000_000 };

async fn open(directory: &Path) -> Store {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    if store.bucket("b").await.unwrap().is_none() {
        let bucket =
            Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        store.create_bucket(bucket).await.unwrap();
    }
    store
}

async fn put(store: &Store, key: &str, length: usize) -> Result<(), PutError> {
    let mut upload = store.begin_put(None).await?;
    for chunk in vec![7; length].chunks(1 << 20) {
        upload.write(chunk.to_vec().into()).await?;
    }
    upload.finish("b", key, NewObject::default(), Precondition::Unconditional).await.map(|_| ())
}

async fn length(store: &Store, key: &str) -> Option<usize> {
    let open = store.get("b", key).await.unwrap()?;
    Some(open.read_all().read_to_end().await.unwrap().len())
}

async fn fill(store: &Store) {
    for at in 0..10 {
        put(store, &format!("small{at}"), 1_000).await.unwrap();
        put(store, &format!("large{at}"), 100_000).await.unwrap();
    }
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Three data directories: of a store that was closed, of one that a crash has ended with commits in its log, and of one that
/// runs.
fn read_only_directories(base: &Path) -> [PathBuf; 3] {
    ["closed", "crashed", "running"].map(|name| base.join("data").join(name))
}

/// What works where nothing can be written.
fn on_a_read_only_disk(base: &Path) {
    let [closed, crashed, running] = read_only_directories(base);
    assert!(std::fs::write(closed.join("probe"), "").is_err(), "it can be written to");
    for (directory, is_running) in [(&closed, false), (&crashed, false), (&running, true)] {
        let name = directory.file_name().unwrap().to_str().unwrap();
        let mut findings = Vec::new();
        let checked = check(directory, |finding| findings.push(finding.clone()));
        if is_running {
            assert_eq!(checked, Err(OpenError::Locked { directory: directory.clone() }));
        } else {
            let checked = checked.unwrap();
            assert!(checked.is_clean() && findings.is_empty(), "{name}: {findings:?}");
            assert_eq!((checked.intact, checked.blobs), (EXPECTED.objects, EXPECTED.blobs), "{name}");
        }
        let (backup, restored) = (base.join(format!("{name} backup")), base.join(format!("{name} restored")));
        assert_eq!(create(directory, &backup, BackupOptions::default(), |_| {}), Ok(EXPECTED), "{name}");
        assert_eq!(restore(&backup, &restored, |_| {}), Ok(EXPECTED), "{name}");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let refused = runtime.block_on(Store::open(directory, StoreOptions::default())).err();
        let expected = if is_running {
            OpenError::Locked { directory: directory.clone() }
        } else {
            OpenError::ReadOnly { directory: directory.clone() }
        };
        assert_eq!(refused, Some(expected), "{name}");
    }
}

/// Says what was not run, also at the very end of the task that runs all tests: to the list that it names.
fn not_run(line: &str) {
    eprintln!("not run: {line}");
    if let Some(list) = std::env::var_os("XTASK_NOT_RUN") {
        let mut list = std::fs::OpenOptions::new().append(true).create(true).open(list).unwrap();
        writeln!(list, "{line}").unwrap();
    }
}

/// Runs a test of this file again in a process of its own, which sees `data` as read-only.
fn in_a_child(test: &str, base: &Path) {
    let line = r#"mount --bind "$PRESIGN_STORE_READ_ONLY/data" "$PRESIGN_STORE_READ_ONLY/data" &&
        mount -o remount,ro,bind "$PRESIGN_STORE_READ_ONLY/data""#;
    let unshare = |line: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", line, "sh"]).env(CHILD, base);
        command
    };
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", test, "--nocapture"];
    let can_mount = unshare(line).status().is_ok_and(|status| status.success());
    let status = if !can_mount && is_root() {
        // In a container as a rule. Permissions keep root from nothing. That a store says so of a disk that is read-only is tested
        // everywhere: `files::disk` (errors_name_the_path_and_tell_a_full_disk_apart).
        not_run("1\ta store on a read-only disk; this system does not let its root mount a file system");
        return;
    } else if can_mount {
        unshare(&format!(r#"{line} && exec "$@""#)).arg(program).args(arguments).status()
    } else {
        // Permissions keep everybody else out.
        set_writable(&base.join("data"), false);
        let status = Command::new(program).args(arguments).env(CHILD, base).status();
        set_writable(&base.join("data"), true);
        status
    };
    assert!(status.unwrap().success());
}

/// Whether permissions keep nothing from this user.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn set_writable(path: &Path, writable: bool) {
    let is_directory = path.is_dir();
    let bits = if is_directory { 0o555 } else { 0o444 } | if writable { 0o200 } else { 0 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(bits)).unwrap();
    if is_directory {
        for entry in std::fs::read_dir(path).unwrap() {
            set_writable(&entry.unwrap().path(), writable);
        }
    }
}

#[test]
fn a_store_on_a_read_only_disk_can_be_checked_and_backed_up() {
    const TEST: &str = "a_store_on_a_read_only_disk_can_be_checked_and_backed_up";
    if let Some(base) = std::env::var_os(CHILD) {
        return on_a_read_only_disk(Path::new(&base));
    }
    let base = tempfile::tempdir().unwrap();
    let [closed, crashed, running] = read_only_directories(base.path());
    std::fs::create_dir(base.path().join("data")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = open(&closed).await;
        fill(&store).await;
        // The log is written back when nothing happens for a second, and may be; the copy is consistent if nothing does.
        put(&store, "small0", 1_000).await.unwrap();
        copy_all(&closed, &crashed);
        store.close().await.unwrap();
        let store = open(&running).await;
        fill(&store).await;
        tokio::task::spawn_blocking({
            let base = base.path().to_owned();
            move || in_a_child(TEST, &base)
        })
        .await
        .unwrap();
        // And the one that runs goes on.
        put(&store, "after", 100_000).await.unwrap();
        store.close().await.unwrap();
    });
}

/// A place on another disk than the program's, and one on the same.
fn two_disks() -> (tempfile::TempDir, tempfile::TempDir) {
    let program = std::env::current_exe().unwrap();
    let here = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
    let other = tempfile::tempdir_in("/dev/shm").unwrap();
    let device = |directory: &tempfile::TempDir| directory.path().metadata().unwrap().dev();
    assert_ne!(device(&here), device(&other), "this needs two file systems, one of them at /dev/shm");
    (here, other)
}

#[tokio::test]
async fn blobs_may_be_a_link_to_another_disk() {
    let (here, other) = two_disks();
    let data = here.path().join("data");
    std::fs::create_dir(&data).unwrap();
    symlink(other.path(), data.join("blobs")).unwrap();
    let store = open(&data).await;
    put(&store, "k", 3_000_000).await.unwrap();
    put(&store, "gone", 100_000).await.unwrap();
    assert_eq!(store.delete("b", "gone").await, Ok(true));
    store.close().await.unwrap();
    // As a crash leaves an upload.
    let unfinished = other.path().join("tmp/00000000000000000000000000000001");
    std::fs::write(&unfinished, "half").unwrap();
    let store = open(&data).await;
    assert!(!unfinished.exists());
    assert_eq!(length(&store, "k").await, Some(3_000_000));
    store.close().await.unwrap();
    assert!(check(&data, |_| {}).unwrap().is_clean());
}

#[tokio::test]
async fn one_directory_of_blobs_on_another_disk_is_refused_at_the_start() {
    let (here, other) = two_disks();
    for (directory, is_refused) in [(other.path(), true), (&*here.path().join("same"), false)] {
        std::fs::create_dir_all(directory).unwrap();
        let data = here.path().join(format!("data {is_refused}"));
        std::fs::create_dir_all(data.join("blobs")).unwrap();
        symlink(directory, data.join("blobs/4")).unwrap();
        match Store::open(&data, StoreOptions::default()).await {
            Err(OpenError::Store(StoreError::Io { place, reason, .. })) => {
                assert!(is_refused, "{place}: {reason}");
                assert!(
                    place.ends_with("blobs/4") && reason.contains("another file system"),
                    "{place}: {reason}"
                );
            }
            Err(other) => panic!("{other}"),
            Ok(store) => {
                assert!(!is_refused);
                store.close().await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_upload_stays_in_tmp_and_keeps_no_store_from_starting() {
    let base = tempfile::tempdir().unwrap();
    let tmp = base.path().join("tmp");
    std::fs::create_dir_all(tmp.join("lost+found")).unwrap();
    std::fs::create_dir(tmp.join("0".repeat(32))).unwrap();
    std::fs::write(tmp.join("notes"), "not ours").unwrap();
    std::fs::write(tmp.join("1".repeat(32)), "half of an upload").unwrap();
    let store = open(base.path()).await;
    put(&store, "k", 100_000).await.unwrap();
    store.close().await.unwrap();
    let mut left: Vec<String> = std::fs::read_dir(&tmp)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort_unstable();
    assert_eq!(left, ["0".repeat(32).as_str(), "lost+found", "notes"]);
}

#[tokio::test]
async fn a_directory_among_the_blobs_keeps_the_collector_from_nothing() {
    let base = tempfile::tempdir().unwrap();
    let store = open(base.path()).await;
    let blobs = base.path().join("blobs/0/0");
    std::fs::create_dir_all(blobs.join("0".repeat(32)).join("within")).unwrap();
    // And a link that leads nowhere.
    let id = format!("{}1", "0".repeat(31));
    symlink(blobs.join(&id), blobs.join(&id)).unwrap();
    let orphan = base.path().join("blobs/f/f");
    std::fs::create_dir_all(&orphan).unwrap();
    std::fs::write(orphan.join("f".repeat(32)), "a crash left it").unwrap();
    let collected = store.collect_orphans(&presign_store::Retention::NONE).await.unwrap();
    assert_eq!(collected.deleted, 1);
    assert!(!orphan.join("f".repeat(32)).exists());
    store.close().await.unwrap();
}

/// A fresh file system has a `lost+found` in its root.
#[tokio::test]
async fn a_backup_is_restored_to_the_root_of_a_fresh_file_system() {
    let base = tempfile::tempdir().unwrap();
    let (data, backup) = (base.path().join("data"), base.path().join("backup"));
    let store = open(&data).await;
    fill(&store).await;
    store.close().await.unwrap();
    create(&data, &backup, BackupOptions::default(), |_| {}).unwrap();
    let fresh = base.path().join("fresh");
    std::fs::create_dir_all(fresh.join("lost+found")).unwrap();
    assert_eq!(restore(&backup, &fresh, |_| {}), Ok(EXPECTED));
    let store = open(&fresh).await;
    assert_eq!(length(&store, "large3").await, Some(100_000));
    store.close().await.unwrap();
    // Anything else there may be somebody's.
    for (name, is_directory) in [("other", true), ("lost+found", false)] {
        let used = base.path().join(format!("used by {name} {is_directory}"));
        std::fs::create_dir(&used).unwrap();
        if is_directory {
            std::fs::create_dir(used.join(name)).unwrap();
        } else {
            std::fs::write(used.join(name), "").unwrap();
        }
        assert_eq!(restore(&backup, &used, |_| {}), Err(BackupError::Occupied { path: used.clone() }));
    }
}
