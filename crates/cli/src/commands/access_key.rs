//! `presign access-key`: the access keys that a store holds.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueHint};
use presign::Timestamp;
use presign_store::{Store, StoreOptions};

use crate::standard_error::say;

/// List the access keys of a store that is not running, or delete one
///
/// A store makes a root key at its first start and keeps it. One that is given by settings takes its place for as long as
/// it is set; without it the stored one is good again. To retire the stored key for good, delete it. If no root key is
/// left, and none is set, the next start makes a new one and prints it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AccessKeyArguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Print each key's id, who signs with it, and when it was made
    List(Place),
    /// Delete a key: whatever was signed with it is refused from the next start on
    Delete {
        /// The access key id
        #[arg(value_name = "ACCESS_KEY_ID")]
        access_key_id: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Args, Debug)]
struct Place {
    /// The data directory; ./presign-data without it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, env = "PRESIGN_DATA", default_value = "presign-data")]
    data: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  presign access-key list --data /srv/presign
  presign access-key delete PRSNEXAMPLEEXAMPLE23 --data /srv/presign

It is to be run as the user that the server runs as. Backups keep the keys that they were made with.";

/// Lists or deletes.
pub(crate) async fn run(arguments: &AccessKeyArguments, quiet: bool) -> Result<()> {
    match &arguments.action {
        Action::List(place) => {
            let store = open(&place.data).await?;
            let listed = list(&store).await;
            close(store, listed).await
        }
        Action::Delete { access_key_id, place } => {
            let store = open(&place.data).await?;
            let deleted = delete(&store, access_key_id, &place.data).await;
            close(store, deleted).await?;
            if !quiet {
                say(format_args!(
                    "{access_key_id} is deleted; nothing that was signed with it is good any more"
                ));
            }
            Ok(())
        }
    }
}

/// Opens a store that is there: a misspelt directory must not become one.
async fn open(data: &Path) -> Result<Store> {
    if !data.join("metadata.sqlite").is_file() {
        bail!("{}: there is no store here; name its data directory with --data", data.display());
    }
    Ok(Store::open(data, StoreOptions::default()).await?)
}

async fn close<T>(store: Store, outcome: Result<T>) -> Result<T> {
    let closed = store.close().await.context("the store could not be closed");
    let outcome = outcome?;
    closed.map(|()| outcome)
}

async fn list(store: &Store) -> Result<()> {
    let keys = store.access_keys().await?;
    let mut out = io::stdout().lock();
    for key in keys {
        let made = Timestamp::from_unix(key.created.0.div_euclid(1000));
        let state = if key.active { "active" } else { "inactive" };
        writeln!(out, "{}\t{}\t{state}\t{made}", key.access_key_id, key.principal)?;
    }
    Ok(out.flush()?)
}

async fn delete(store: &Store, access_key_id: &str, data: &Path) -> Result<()> {
    if store.delete_access_key(access_key_id).await? {
        return Ok(());
    }
    let data = data.display();
    bail!(
        "{access_key_id}: the store in {data} has no such access key; `presign access-key list` prints those it has"
    )
}
