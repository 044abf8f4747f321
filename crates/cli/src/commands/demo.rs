//! `presign demo`: see what a presigned URL does, in a minute and without any setting.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use clap::Args;
use presign::{Addressing, Credentials, Endpoint, Signer};
use presign_server::{Config, NewRootKey, Overrides, Server};
use tokio::sync::oneshot;

use crate::demo::{HttpClient, Walk, show};
use crate::exports::exports;
use crate::shell;
use crate::stop_signal::StopSignal;
use crate::time;

/// See what presigned URLs do, on a store that is made for it and then thrown away.
///
/// Starts a store on a free port of this machine with its data in a temporary folder, stores a private file, makes
/// links to download and to upload, uses them with curl, and shows what becomes of a link that was tampered with or
/// is over. Then it keeps serving, for you to try.
#[derive(Args, Debug)]
pub(crate) struct DemoArguments {
    /// End after the last step instead of serving on
    #[arg(long)]
    once: bool,
}

const BUCKET: &str = "demo";

/// Shows it all.
pub(crate) async fn run(arguments: &DemoArguments) -> Result<()> {
    // Caught from the start, so that the temporary folder is removed whenever it ends.
    let mut stop = StopSignal::catch(true).context("signals cannot be caught")?;
    let folder = tempfile::Builder::new()
        .prefix("presign-demo-")
        .tempdir()
        .context("no temporary folder can be made")?;
    let overrides = Overrides {
        data: Some(folder.path().join("data")),
        listen: Some("127.0.0.1:0".to_owned()),
        ..Overrides::default()
    };
    // Nothing of this machine's own settings shall have a say.
    let config = Config::load(&BTreeMap::new(), &overrides)?;
    let region = config.region.clone();
    let server = Server::bind(config).await?;
    let endpoint = server.endpoint_url();
    let key = server.new_root_key().context("the new store made no root key")?.clone();
    let (end, ended) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(async {
        // An error means that the sender is gone, which ends the demonstration too.
        let _ = ended.await;
    }));

    let credentials = Credentials::new(key.access_key_id.as_str(), key.secret_access_key.expose());
    let signer = Signer::new(credentials, region.as_str())?;
    let bucket = Endpoint::custom(&endpoint)?.bucket(BUCKET, Addressing::Path)?;
    let client = HttpClient::find().await?;
    writeln!(io::stdout(), "\nA store runs at {endpoint}. The requests are sent by {}.\n", client.name())?;
    let walk =
        Walk { signer: &signer, bucket: &bucket, client: &client, folder: folder.path(), now: time::now() };
    let shown = tokio::select! {
        shown = show(&walk) => Some(shown),
        _ = stop.received() => None,
    };
    if let Some(Ok(())) = shown
        && !arguments.once
    {
        print_invitation(&key, &endpoint, &region)?;
        stop.received().await;
    }
    // The server may have ended by itself; then its own result says why.
    let _ = end.send(());
    serving
        .await
        .context("the store ended in the middle of something")?
        .context("the store could not be closed")?;
    shown.unwrap_or(Ok(()))
}

fn print_invitation(key: &NewRootKey, endpoint: &str, region: &str) -> io::Result<()> {
    let program = std::env::args().next().unwrap_or_else(|| "presign".to_owned());
    let program = shell::quoted(&program);
    let mut out = io::stdout().lock();
    writeln!(out, "── Your turn ──\n")?;
    writeln!(out, "  The store goes on until Ctrl-C, and is then removed. In another terminal:\n")?;
    for line in exports(key, endpoint, region) {
        writeln!(out, "    {line}")?;
    }
    writeln!(out, "    {program} url s3://{BUCKET}/letters/hello.txt --expires-in 15m")?;
    writeln!(out, "    {program} share README.md s3://{BUCKET}/\n")?;
    out.flush()
}
