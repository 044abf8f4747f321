//! The root key: made once, sealed at rest, opened with the right master key and no other.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use presign_server::{Config, MasterKeyError, NewRootKey, Overrides, RootKeyError, Server, StartError};
use tempfile::TempDir;

use crate::support::{SECRET, TestServer};

/// Starts a server without a given root key, stops it, and says what root key it made.
fn start(data: &Path, settings: &[(&str, &str)]) -> Result<Option<NewRootKey>, StartError> {
    let mut environment: BTreeMap<String, String> = BTreeMap::new();
    environment.insert("PRESIGN_DATA".into(), data.to_str().unwrap().into());
    environment.insert("PRESIGN_LISTEN".into(), "127.0.0.1:0".into());
    environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let config = Config::load(&environment, &Overrides::default()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let server = Server::bind(config).await?;
        let key = server.new_root_key().cloned();
        server.serve(async {}).await.unwrap();
        Ok(key)
    })
}

fn master_key_error(result: Result<Option<NewRootKey>, StartError>) -> MasterKeyError {
    match result {
        Err(StartError::Keys(RootKeyError::MasterKey(error))) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_start_makes_a_root_key_and_no_other_start_does() {
    let data = TempDir::new().unwrap();
    let made = start(data.path(), &[]).unwrap().expect("a root key");
    assert_eq!((made.access_key_id.len(), made.secret_access_key.expose().len()), (20, 40));
    assert!(start(data.path(), &[]).unwrap().is_none());
    let another = TempDir::new().unwrap();
    let other = start(another.path(), &[]).unwrap().expect("a root key");
    assert_ne!(other.secret_access_key.expose(), made.secret_access_key.expose());
}

#[test]
fn the_secret_is_nowhere_in_the_data_directory() {
    let data = TempDir::new().unwrap();
    let made = start(data.path(), &[]).unwrap().unwrap();
    assert_eq!(
        std::fs::metadata(data.path().join("master.key")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let mut files = 0;
    let mut folders = vec![data.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let secret = made.secret_access_key.expose().as_bytes();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", path.display());
            files += 1;
        }
    }
    assert!(files >= 2, "{files}");
}

#[test]
fn a_new_data_directory_is_its_owners_alone() {
    let parent = TempDir::new().unwrap();
    let data = parent.path().join("a/b");
    start(&data, &[]).unwrap();
    assert_eq!(std::fs::metadata(data).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_data_directory_that_others_may_write_is_refused() {
    let data = TempDir::new().unwrap();
    start(data.path(), &[]).unwrap();
    let database = data.path().join("metadata.sqlite");
    for (path, private) in [(data.path(), 0o700), (&database, 0o600)] {
        for exposed in [0o702, 0o777, 0o1777] {
            std::fs::set_permissions(path, PermissionsExt::from_mode(exposed)).unwrap();
            let refused = start(data.path(), &[]).unwrap_err();
            let expected = StartError::Exposed { path: path.to_owned(), mode: exposed };
            assert_eq!(refused, expected);
            assert!(refused.to_string().contains("chmod o-rwx"), "{refused}");
        }
        for accepted in [0o755, 0o770, private] {
            std::fs::set_permissions(path, PermissionsExt::from_mode(accepted)).unwrap();
            assert!(start(data.path(), &[]).unwrap().is_none(), "{accepted:o}");
        }
    }
}

#[test]
fn a_data_directory_that_others_may_exchange_is_refused() {
    let above = TempDir::new().unwrap();
    let data = above.path().join("data");
    for exposed in [0o702, 0o777] {
        std::fs::set_permissions(above.path(), PermissionsExt::from_mode(exposed)).unwrap();
        let refused = start(&data, &[]).unwrap_err();
        assert_eq!(refused, StartError::ExposedDirectory { path: above.path().to_owned(), mode: exposed });
        assert!(refused.to_string().contains("chmod o-w"), "{refused}");
    }
    for accepted in [0o1777, 0o775, 0o700] {
        std::fs::set_permissions(above.path(), PermissionsExt::from_mode(accepted)).unwrap();
        start(&data, &[]).unwrap();
    }
}

#[test]
fn a_missing_master_key_refuses_to_start_and_says_the_way_out() {
    let data = TempDir::new().unwrap();
    start(data.path(), &[]).unwrap();
    let path = data.path().join("master.key");
    let kept = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let error = master_key_error(start(data.path(), &[]));
    assert_eq!(error, MasterKeyError::Missing { path: path.clone(), sealed: 1 });
    assert!(error.to_string().contains("restore the file"), "{error}");
    // The way out when it is lost: a root key of one's own needs nothing opened.
    let root =
        [("PRESIGN_ROOT_ACCESS_KEY_ID", "my-own"), ("PRESIGN_ROOT_SECRET_ACCESS_KEY", "my-own-secret")];
    assert!(start(data.path(), &root).unwrap().is_none());
    std::fs::write(&path, kept).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    assert!(start(data.path(), &[]).unwrap().is_none());
}

#[test]
fn a_wrong_master_key_refuses_to_start() {
    let data = TempDir::new().unwrap();
    let made = start(data.path(), &[]).unwrap().unwrap();
    let wrong = start(data.path(), &[("PRESIGN_MASTER_KEY", &"ab".repeat(32))]).unwrap_err();
    let expected = RootKeyError::WrongMasterKey { access_key_id: made.access_key_id };
    assert_eq!(wrong, StartError::Keys(expected));
    let right = std::fs::read_to_string(data.path().join("master.key")).unwrap();
    assert!(start(data.path(), &[("PRESIGN_MASTER_KEY", right.trim())]).unwrap().is_none());
}

#[test]
fn a_master_key_of_zeros_refuses_to_start() {
    let data = TempDir::new().unwrap();
    start(data.path(), &[]).unwrap();
    std::fs::write(data.path().join("master.key"), "0".repeat(64)).unwrap();
    let error = master_key_error(start(data.path(), &[]));
    assert!(error.to_string().contains("all zeros"), "{error}");
}

#[test]
fn a_given_master_key_leaves_no_file() {
    let data = TempDir::new().unwrap();
    let master = ("PRESIGN_MASTER_KEY", "ab".repeat(32));
    assert!(start(data.path(), &[(master.0, &master.1)]).unwrap().is_some());
    assert!(!data.path().join("master.key").exists());
    let error = master_key_error(start(data.path(), &[]));
    assert!(matches!(error, MasterKeyError::Missing { sealed: 1, .. }), "{error}");
}

#[test]
fn a_given_root_key_is_neither_stored_nor_sealed() {
    let data = Arc::new(TempDir::new().unwrap());
    let server = TestServer::on(Arc::clone(&data), &[]);
    assert!(!server.data().join("master.key").exists());
    server.end();
    let database = std::fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().path());
    for path in database.filter(|path| path.is_file()) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()), "{}", path.display());
    }
    assert!(start(data.path(), &[]).unwrap().is_some());
}

#[test]
fn a_taken_address_and_a_taken_directory_are_told_apart() {
    let server = TestServer::start();
    let another = TempDir::new().unwrap();
    let taken = start(another.path(), &[("PRESIGN_LISTEN", &server.address.to_string())]).unwrap_err();
    assert!(matches!(taken, StartError::Listen { .. }), "{taken}");
    assert_eq!(std::fs::read_dir(another.path()).unwrap().count(), 0);
    let locked = start(server.data(), &[]).unwrap_err();
    assert!(matches!(locked, StartError::Store(_)), "{locked}");
}
