//! Settings: where they come from, which place wins, and what is refused with which words.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use presign_server::{
    Config, ConfigError, LogFormat, Origin, Overrides, PublicEndpoint, SETTINGS, Sigv2, settings_markdown,
};

fn environment(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(&environment(variables), &Overrides::default())
}

/// Writes a configuration file and loads it.
fn load_file(text: &str) -> (PathBuf, Result<Config, ConfigError>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("presign.toml");
    std::fs::write(&path, text).unwrap();
    let loaded = load(&[("PRESIGN_CONFIG", path.to_str().unwrap())]);
    (path, loaded)
}

#[test]
fn without_any_configuration_there_are_defaults() {
    let config = load(&[
        ("PATH", "/bin"),
        ("PRESIGN_SERVICE_HOST", "10.0.0.1"),
        ("PRESIGN_PORT", "tcp://10.0.0.1:80"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.data, PathBuf::from("presign-data"));
    assert_eq!(config.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(config.region, "us-east-1");
    assert!(config.public_endpoints.is_empty() && config.trusted_proxies.is_empty());
    assert_eq!(config.auth.sigv2, Sigv2::Allow);
    assert!(!config.auth.presigned_bucket_operations);
    assert!(config.root_key.is_none() && config.master_key.is_none());
    assert_eq!(config.timeouts.header_read, Duration::from_secs(10));
    assert_eq!(config.timeouts.idle, Duration::from_secs(60));
    assert_eq!((config.log.level.as_str(), config.log.format), ("info", LogFormat::Text));
}

#[test]
fn the_file_gives_way_to_the_environment_and_that_to_the_command_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("presign.toml");
    std::fs::write(
        &path,
        "region = \"from-file\"\ndata = \"file\"\nlisten = \"127.0.0.1:1\"\n\
         public_endpoints = [\"https://a.example\", \"http://b.example:9000\"]\n[auth]\nsigv2 = \"deny\"\n",
    )
    .unwrap();
    let environment = environment(&[("PRESIGN_REGION", "from-environment"), ("PRESIGN_DATA", "environment")]);
    let overrides = Overrides {
        config_file: Some(path),
        data: Some("flag".into()),
        settings: vec![("auth.presigned_bucket_operations".into(), "true".into())],
        ..Overrides::default()
    };
    let config = Config::load(&environment, &overrides).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:1");
    assert_eq!(config.region, "from-environment");
    assert_eq!(config.data, PathBuf::from("flag"));
    assert_eq!(config.auth.sigv2, Sigv2::Deny);
    assert!(config.auth.presigned_bucket_operations);
    let hosts: Vec<&str> = config.public_endpoints.iter().map(PublicEndpoint::host).collect();
    assert_eq!(hosts, ["a.example", "b.example:9000"]);
    assert_eq!(config.endpoint_url(([127, 0, 0, 1], 9000).into()), "https://a.example");
}

#[test]
fn every_setting_can_be_set_in_the_environment() {
    for setting in SETTINGS {
        let value = match setting.default {
            Some(default) => default.to_owned(),
            None if setting.name == "master_key" => "ab".repeat(32),
            None => "some-text".to_owned(),
        };
        let mut variables = vec![(setting.variable(), value)];
        if setting.name.starts_with("root_") {
            variables = vec![
                ("PRESIGN_ROOT_ACCESS_KEY_ID".to_owned(), "some-id".to_owned()),
                ("PRESIGN_ROOT_SECRET_ACCESS_KEY".to_owned(), "some-secret".to_owned()),
            ];
        }
        let environment = variables.into_iter().collect();
        if let Err(error) = Config::load(&environment, &Overrides::default()) {
            panic!("{}: {error}", setting.name);
        }
    }
}

#[test]
fn a_setting_that_does_not_exist_is_refused_by_name() {
    let (path, loaded) = load_file("[auth]\nsigv3 = \"deny\"\n");
    let expected = ConfigError::Unknown {
        name: "auth.sigv3".into(),
        origin: Origin::File(path),
        closest: Some("auth.sigv2"),
    };
    assert_eq!(loaded.unwrap_err(), expected);
    assert!(
        expected.to_string().contains("no setting `auth.sigv3`, did you mean `auth.sigv2`?"),
        "{expected}"
    );

    let unknown = load(&[("PRESIGN_TRUSTED_PROXY", "10.0.0.1")]).unwrap_err();
    assert!(matches!(unknown, ConfigError::Unknown { closest: Some("trusted_proxies"), .. }), "{unknown}");
    let overrides = Overrides { settings: vec![("colour".into(), "red".into())], ..Overrides::default() };
    let unknown = Config::load(&environment(&[]), &overrides).unwrap_err();
    assert!(
        matches!(unknown, ConfigError::Unknown { origin: Origin::CommandLine, closest: None, .. }),
        "{unknown}"
    );
    assert!(load_file("[auth]\nsigv2 = \"deny\"\n").1.is_ok());
}

#[test]
fn a_value_that_says_nothing_is_refused_with_what_it_must_be() {
    for (variable, value, must_be) in [
        ("PRESIGN_LISTEN", "9000", "an address and a port"),
        ("PRESIGN_REGION", "us east", "a region such as us-east-1"),
        ("PRESIGN_REGION", "US_EAST", "a region such as us-east-1"),
        ("PRESIGN_AUTH_SIGV2", "maybe", "allow or deny"),
        ("PRESIGN_AUTH_PRESIGNED_BUCKET_OPERATIONS", "1", "true or false"),
        ("PRESIGN_PUBLIC_ENDPOINTS", "files.example.com", "http"),
        ("PRESIGN_TRUSTED_PROXIES", "10.0.0.0/33", "CIDR"),
        ("PRESIGN_TIMEOUTS_IDLE", "60", "10s"),
        ("PRESIGN_LIMITS_CONNECTIONS", "0", "1 or more"),
        ("PRESIGN_STORE_CACHE", "big", "64MiB"),
        ("PRESIGN_LOG_FORMAT", "xml", "text or json"),
        ("PRESIGN_MASTER_KEY", "secret", "64 hexadecimal digits"),
        ("PRESIGN_DATA", "", "a directory"),
    ] {
        let error = load(&[(variable, value)]).unwrap_err();
        assert!(matches!(error, ConfigError::Invalid { .. }), "{error}");
        assert!(error.to_string().contains(variable) && error.to_string().contains(must_be), "{error}");
    }
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, "the-root-secret\n").unwrap();
    let path = path.to_str().unwrap();
    let id = ("PRESIGN_ROOT_ACCESS_KEY_ID", "AKIDEXAMPLE");
    let config = load(&[id, ("PRESIGN_ROOT_SECRET_ACCESS_KEY_FILE", path)]).unwrap();
    assert_eq!(config.root_key.unwrap().secret_access_key.expose(), "the-root-secret");

    let secret = ("PRESIGN_ROOT_SECRET_ACCESS_KEY", "the-root-secret");
    let both = load(&[id, secret, ("PRESIGN_ROOT_SECRET_ACCESS_KEY_FILE", path)]).unwrap_err();
    assert!(matches!(both, ConfigError::BothTwins { name: "root_secret_access_key", .. }), "{both}");
    let missing = load(&[id, ("PRESIGN_ROOT_SECRET_ACCESS_KEY_FILE", "/nowhere/secret")]).unwrap_err();
    assert!(missing.to_string().starts_with("/nowhere/secret: cannot be read"), "{missing}");
}

/// Writes a file of that mode, which others than its owner may be allowed to read or write.
fn write_with_mode(path: &Path, text: &str, mode: u32) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn a_secret_in_a_file_that_others_may_write_is_refused_and_one_that_they_may_read_is_warned_of() {
    let directory = tempfile::tempdir().unwrap();
    let (path, link) = (directory.path().join("secret"), directory.path().join("link"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for named in [&path, &link] {
        let load_with = |mode| {
            write_with_mode(&path, "the-root-secret\n", mode);
            load(&[
                ("PRESIGN_ROOT_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                ("PRESIGN_ROOT_SECRET_ACCESS_KEY_FILE", named.to_str().unwrap()),
            ])
        };
        for private in [0o600, 0o400, 0o640, 0o660] {
            assert_eq!(load_with(private).unwrap().warnings, Vec::<String>::new(), "{private:o}");
        }
        // What Kubernetes and Docker mount is often readable by all, in a container with nobody else in it.
        for readable in [0o644, 0o444] {
            let warnings = load_with(readable).unwrap().warnings;
            assert!(
                matches!(&warnings[..], [one] if one.contains("may read") && one.contains("chmod")),
                "{warnings:?}"
            );
        }
        for writable in [0o602, 0o666, 0o646] {
            let refused = load_with(writable).unwrap_err();
            assert!(
                matches!(&refused, ConfigError::Exposed { path, mode, .. } if path == named && *mode == writable)
            );
            assert!(!refused.to_string().contains("the-root-secret"), "{refused}");
        }
    }
}

#[test]
fn a_configuration_file_that_others_may_write_is_refused_and_a_secret_in_one_that_they_may_read_is_warned_of()
{
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("presign.toml");
    let load_with = |text: &str, mode| {
        write_with_mode(&path, text, mode);
        load(&[("PRESIGN_CONFIG", path.to_str().unwrap())])
    };
    let with_secret = format!("master_key = \"{}\"\n", "ab".repeat(32));
    let with_twin = "root_secret_access_key_file = \"/nowhere\"\nregion = \"a\"\n";
    let warnings = |text: &str, mode| load_with(text, mode).unwrap().warnings.len();
    assert_eq!((warnings(&with_secret, 0o600), warnings(&with_secret, 0o644)), (0, 1));
    assert_eq!(warnings("region = \"a\"\n", 0o644), 0);
    for text in [&with_secret, "region = \"a\"\n", with_twin] {
        let refused = load_with(text, 0o646).unwrap_err();
        assert!(matches!(&refused, ConfigError::Exposed { mode: 0o646, .. }), "{refused}");
    }
}

/// Whoever may write a directory may put another file in the place of one in it, of whatever mode that is.
#[test]
fn a_file_in_a_directory_that_others_may_write_is_refused_unless_they_can_only_add_to_it() {
    let above = tempfile::tempdir().unwrap();
    let (directory, elsewhere) = (above.path().join("directory"), above.path().join("elsewhere"));
    std::fs::create_dir(&directory).unwrap();
    std::fs::create_dir(&elsewhere).unwrap();
    let (path, link) = (directory.join("secret"), elsewhere.join("link"));
    write_with_mode(&path, "the-root-secret\n", 0o600);
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let load = |named: &Path| {
        load(&[
            ("PRESIGN_ROOT_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("PRESIGN_ROOT_SECRET_ACCESS_KEY_FILE", named.to_str().unwrap()),
        ])
    };
    let set_mode = |of: &Path, mode| {
        std::fs::set_permissions(of, PermissionsExt::from_mode(mode)).unwrap();
    };
    // The file itself, by way of a link; and a link to it.
    for (exposed, named) in
        [(directory.as_path(), &path), (&directory, &link), (&elsewhere, &link), (above.path(), &path)]
    {
        for mode in [0o777, 0o702] {
            set_mode(exposed, mode);
            let refused = load(named).unwrap_err();
            assert!(
                matches!(&refused, ConfigError::ExposedDirectory { path, directory, mode: told, .. }
                    if path == named && directory == exposed && *told == mode),
                "{refused}"
            );
            assert!(refused.to_string().contains("chmod o-w"), "{refused}");
        }
        for mode in [0o1777, 0o775, 0o755, 0o700] {
            set_mode(exposed, mode);
            assert_eq!(load(named).unwrap().warnings, Vec::<String>::new(), "{mode:o}");
        }
    }
}

#[test]
fn one_client_address_gets_less_than_one_link_and_one_key_is_no_bound() {
    let shares = load(&[]).unwrap().transfer_shares;
    assert_eq!((shares.key, shares.link, shares.address), (100, 50, 25));
    assert!(shares.address * 2 <= shares.link);
}

#[test]
fn no_error_quotes_a_link_that_was_put_in_the_place_of_a_value() {
    let link = "https://h/b/k?X-Amz-Signature=hidden";
    for variable in
        ["PRESIGN_REGION", "PRESIGN_PUBLIC_ENDPOINTS", "PRESIGN_TRUSTED_PROXIES", "PRESIGN_AUTH_SIGV2"]
    {
        let refused = load(&[(variable, link)]).unwrap_err();
        assert!(refused.to_string().contains(variable), "{refused}");
        assert!(!format!("{refused} {refused:?}").contains("hidden"), "{refused:?}");
    }
    let overrides = Overrides { settings: vec![(link.into(), "1".into())], ..Overrides::default() };
    let refused = Config::load(&environment(&[]), &overrides).unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("hidden"), "{refused:?}");
}

#[test]
fn half_a_root_key_is_none() {
    let half = load(&[("PRESIGN_ROOT_ACCESS_KEY_ID", "AKIDEXAMPLE")]).unwrap_err();
    assert_eq!(
        half,
        ConfigError::HalfRootKey { given: "root_access_key_id", missing: "root_secret_access_key" }
    );
    let half = load(&[("PRESIGN_ROOT_SECRET_ACCESS_KEY", "the-root-secret")]).unwrap_err();
    assert_eq!(
        half,
        ConfigError::HalfRootKey { given: "root_secret_access_key", missing: "root_access_key_id" }
    );
}

#[test]
fn no_error_and_no_print_holds_a_secret() {
    let set =
        |name: &str| Overrides { settings: vec![(name.into(), "hidden".into())], ..Overrides::default() };
    for name in ["root_secret_access_key", "master_key"] {
        let refused = Config::load(&environment(&[]), &set(name)).unwrap_err();
        assert!(matches!(refused, ConfigError::SecretOnCommandLine { .. }), "{refused}");
        assert!(!refused.to_string().contains("hidden"), "{refused}");
    }
    let short = load(&[("PRESIGN_ROOT_ACCESS_KEY_ID", "id1"), ("PRESIGN_ROOT_SECRET_ACCESS_KEY", "hidden")]);
    assert!(!short.unwrap_err().to_string().contains("hidden"));
    let config = load(&[
        ("PRESIGN_ROOT_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("PRESIGN_ROOT_SECRET_ACCESS_KEY", "hidden-secret"),
        ("PRESIGN_MASTER_KEY", &"ab".repeat(32)),
    ]);
    let printed = format!("{:?}", config.unwrap());
    assert!(
        printed.contains("AKIDEXAMPLE") && !printed.contains("hidden") && !printed.contains("abab"),
        "{printed}"
    );
    let (_, broken) = load_file("region = \"a\"\nroot_secret_access_key = \"hidden\" oops\n");
    let broken = broken.unwrap_err().to_string();
    assert!(broken.contains("line 2") && !broken.contains("hidden"), "{broken}");
}

#[test]
fn the_page_of_settings_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == settings_markdown(),
        "docs/settings.md differs from the table of settings; run: \
         cargo run --quiet -p presign-server --example settings_page > docs/settings.md"
    );
}

/// `http://files.example.com/photos/k` would be `k` of the bucket `photos` at one, and `photos/k` of the bucket `files` at
/// the other.
#[test]
fn a_public_endpoint_below_another_is_refused() {
    let endpoints = |list: &str| load(&[("PRESIGN_PUBLIC_ENDPOINTS", list)]);
    for nested in [
        "http://example.com,http://files.example.com",
        "https://files.example.com,http://EXAMPLE.com",
        "https://example.com,https://other.example,https://a.b.example.com",
        "http://example.com:9000,http://files.example.com:9000",
        "http://example.com:80,https://files.example.com:443",
        "http://localhost:9000,http://files.localhost:9000",
        "http://example.com,http://files.example.com.",
    ] {
        let refused = endpoints(nested).unwrap_err();
        assert!(matches!(refused, ConfigError::Invalid { name: "public_endpoints", .. }), "{refused}");
        let text = refused.to_string();
        assert!(text.contains("a bucket of") && text.contains("keep one of the two"), "{text}");
    }
    for beside in [
        "http://example.com,https://example.com",
        "http://example.com,http://example.com:9000",
        "http://example.com,http://files.example.com:9000",
        "http://example.com,http://filesexample.com",
        "http://a.example.com,http://b.example.com",
        "http://0.0.1:9000,http://127.0.0.1:9000",
        "http://[::1]:9000,http://127.0.0.1:9000",
    ] {
        if let Err(error) = endpoints(beside) {
            panic!("{beside}: {error}");
        }
    }
}
