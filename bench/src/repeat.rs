//! Presigned GETs, and requests that nobody signed, served in this process and asked for by another, so that a profiler of
//! this one sees the whole service of a request and nothing of the client.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Child, Command};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs};

use anyhow::{Context as _, ensure};
use presign::{BucketUrl, Method, Payload, PresignRequest, Signer, Timestamp, UnsignedRequest};
use presign_server::{Config, Overrides, Server};
use tokio::sync::oneshot;

use crate::hostile::Kind;
use crate::load::{Body, Exchange, Expected, Load, drive, fetch};
use crate::{ACCESS_KEY_ID, BUCKET, REGION, SECRET_ACCESS_KEY, credentials};

const OBJECTS: u32 = 100;
const BYTES: usize = 1024;
const POLL: Duration = Duration::from_micros(200);

/// Serves until the process that it starts has asked `times` times.
///
/// # Errors
/// When the server does not start, or the other process fails.
pub fn serve(hostile: Option<Kind>, times: u32) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let environment = [
        ("PRESIGN_DATA", data.as_str()),
        ("PRESIGN_LISTEN", "127.0.0.1:0"),
        ("PRESIGN_ROOT_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("PRESIGN_ROOT_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
    ];
    let mut environment: BTreeMap<String, String> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if hostile.is_some_and(Kind::is_from_proxy) {
        environment.insert("PRESIGN_TRUSTED_PROXIES".to_owned(), "127.0.0.0/8".to_owned());
    }
    let config = Config::load(&environment, &Overrides::default())?;
    // One thread: how work moves between several depends on the machine's load.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = Server::bind(config).await?;
        let (address, own) = (server.local_addr().to_string(), std::process::id().to_string());
        let client = Command::new(env::current_exe()?)
            .arg("ask")
            .args([address, own, times.to_string()])
            .args(hostile.map(|kind| kind.to_string()))
            .spawn();
        let (ended, end) = oneshot::channel();
        thread::spawn(move || ended.send(client.and_then(|mut client: Child| client.wait())));
        let mut status = None;
        server.serve(async { status = end.await.ok() }).await?;
        let status = status.context("the client was lost")??;
        ensure!(status.success(), "the client failed: {status}");
        Ok(())
    })
}

/// Stores the objects, then asks for them in turn on one connection, or sends the other kind of request, each time when the
/// server has come to rest.
///
/// # Errors
/// An answer that is not right.
pub fn ask_for(address: SocketAddr, server: u32, times: u32, hostile: Option<Kind>) -> anyhow::Result<()> {
    let signer = Signer::new(credentials(), REGION)?;
    let origin = format!("http://{address}");
    let bucket = BucketUrl::path_style(&origin, BUCKET)?;
    let unix =
        SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?.as_secs();
    let now = Timestamp::from_unix(i64::try_from(unix)?);
    let target =
        |url: &str| url.strip_prefix(&origin).map(str::to_owned).context("another host was signed for");
    let bytes: Arc<[u8]> = vec![b'x'; BYTES].into();
    let stored = || Expected { statuses: &[200], length: Some(0), bytes: None };

    let made = UnsignedRequest::bucket(Method::Put, &bucket).payload(Payload::Unsigned);
    let made = signer.authorize(&made, now)?;
    let exchange = Exchange::new("PUT", &target(made.url())?, address, Body::none(), stored());
    let headers = made.headers().iter().map(|(name, value)| (*name, value.as_str()));
    let headers = headers.filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
    fetch(address, &Arc::new(exchange.with_headers(headers)))?;

    let mut gets = Vec::new();
    for number in 0..OBJECTS {
        let key = format!("photos/2026/november/{number:04}.jpg");
        let put = signer.presign(&bucket, &PresignRequest::put(key.as_str()), now)?;
        let put =
            Exchange::new("PUT", &target(put.as_str())?, address, Body::once(Arc::clone(&bytes)), stored());
        fetch(address, &Arc::new(put))?;
        let get = signer.presign(&bucket, &PresignRequest::get(key.as_str()), now)?;
        let expected =
            Expected { statuses: &[200], length: Some(BYTES as u64), bytes: Some(Arc::clone(&bytes)) };
        gets.push(Arc::new(Exchange::new("GET", &target(get.as_str())?, address, Body::none(), expected)));
    }
    if let Some(kind) = hostile {
        let head = kind.head(&origin, "photos/2026/november/0000.jpg", now)?;
        let expected = Expected { statuses: head.statuses, length: None, bytes: None };
        let exchange = Exchange::new(head.method, &head.target, address, Body::none(), expected);
        let headers = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        gets = vec![Arc::new(exchange.with_headers(headers))];
    }
    let mut gets = gets.iter().cycle().take(usize::try_from(times)?);
    let load = Load { address, connections: 1, duration: None, awake: Duration::ZERO };
    drive(&load, &mut || {
        // A request that comes before the server waits for it spares the server the waiting, and is cheaper.
        while !is_at_rest(server) {
            thread::sleep(POLL);
        }
        gets.next().cloned()
    })?;
    Ok(())
}

/// Whether the main thread sleeps, and still does a little later.
fn is_at_rest(process: u32) -> bool {
    let sleeps = || {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"));
        // Where it cannot be read the server is over, and the request will say so.
        stat.map_or(true, |stat| stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('S')))
    };
    sleeps() && {
        thread::sleep(POLL);
        sleeps()
    }
}
