//! The store on its socket, what is in it, and whether all of it is still as it was.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context as _, bail};
use presign::{BucketUrl, Credentials, Method, Payload, PresignRequest, Signer, Timestamp, UnsignedRequest};
use presign_server::{Clock, Server};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::client::{Answer, Client};
use crate::door::{TestClock, config};
use crate::good::{ACCESS_KEY_ID, NOON, Place, REGION, SECRET, Setting};

/// The bucket that requests are about.
pub(super) const BUCKET: &str = "bucket";
/// The bucket that nobody signs for.
const VAULT: &str = "vault";
/// What every object of the vault has in it.
pub(super) const SECRET_WORDS: &str = "nobody may read this";

/// Keys that a careless server would take for each other.
const KEYS: [&str; 12] = [
    "k",
    "k/",
    "/k",
    "//k",
    "k//x",
    "k/../x",
    "x",
    "K",
    "a b+c%20&=?#",
    "é/日🎉",
    "vault/secret",
    "../vault/secret",
];

/// A running store and a way to look into it.
pub(super) struct WireStore {
    pub(super) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    signer: Signer,
    client: Client,
    baseline: Vec<u8>,
    _data: TempDir,
}

/// What an object of [`BUCKET`] holds.
pub(super) fn content_of(key: &str) -> Vec<u8> {
    format!("the object {key}, and nothing but it").into_bytes()
}

impl WireStore {
    /// Starts a store on a free port and fills it.
    pub(super) fn start() -> anyhow::Result<Self> {
        let data = TempDir::new()?;
        let config = config(data.path(), &[("PRESIGN_LOG_LEVEL", "error")])?;
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, is_bound) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async move {
                let clock: Arc<dyn Clock> = TestClock::at_noon();
                let server = Server::bind_with_clock(config, clock).await.unwrap();
                bound.send(server.local_addr()).unwrap();
                // Whoever drops the other end wants it to stop as well.
                server.serve(async { stopped.await.unwrap_or(()) }).await.unwrap();
            });
        });
        let address = is_bound.recv().context("the store did not start")?;
        let mut store = WireStore {
            address,
            stop: Some(stop),
            thread: Some(thread),
            signer: Signer::new(Credentials::new(ACCESS_KEY_ID, SECRET), REGION)?,
            client: Client::new(address),
            baseline: Vec::new(),
            _data: data,
        };
        for bucket in [BUCKET, VAULT] {
            store.call(Method::Put, bucket, "", &[])?;
        }
        for key in KEYS {
            store.put(BUCKET, key, &content_of(key))?;
            store.put(VAULT, key, SECRET_WORDS.as_bytes())?;
        }
        store.put(VAULT, "secret", SECRET_WORDS.as_bytes())?;
        store.baseline = store.state()?;
        Ok(store)
    }

    /// What requests are made for here.
    pub(super) fn setting(&self) -> Setting {
        Setting {
            place: Place::Plain,
            endpoint: format!("http://{}", self.address),
            virtual_endpoint: format!("http://localhost:{}", self.address.port()),
            buckets: vec![BUCKET.to_owned()],
            keys: KEYS.map(str::to_owned).to_vec(),
            client: self.address.ip(),
            network: "127.0.0.0/8",
        }
    }

    /// Puts an object back to what it was, after a good request has changed it.
    pub(super) fn restore(&mut self, key: &str) -> anyhow::Result<()> {
        self.put(BUCKET, key, &content_of(key))
    }

    /// Whether every bucket and object is what it was.
    pub(super) fn check_state(&mut self) -> anyhow::Result<()> {
        let state = self.state()?;
        if state != self.baseline {
            bail!(
                "the store has changed from\n{}\nto\n{}",
                String::from_utf8_lossy(&self.baseline),
                String::from_utf8_lossy(&state)
            );
        }
        Ok(())
    }

    fn put(&mut self, bucket: &str, key: &str, content: &[u8]) -> anyhow::Result<()> {
        let url = BucketUrl::path_style(&format!("http://{}", self.address), bucket)?;
        let request = PresignRequest::put(key).header("x-amz-meta-owner", "the baseline");
        let signed = self.signer.presign(&url, &request, Timestamp::from_unix(NOON))?;
        let target = signed.as_str().strip_prefix(url.origin()).context("a URL without its origin")?;
        let head = format!(
            "PUT {target} HTTP/1.1\r\nHost: {}\r\nx-amz-meta-owner: the baseline\r\nContent-Length: {}\r\n\r\n",
            url.host(),
            content.len()
        );
        self.expect_success(&[head.as_bytes(), content].concat(), false).map(drop)
    }

    /// A request signed in its headers.
    fn call(
        &mut self,
        method: Method,
        bucket: &str,
        key: &str,
        query: &[(&str, &str)],
    ) -> anyhow::Result<Answer> {
        let url = BucketUrl::path_style(&format!("http://{}", self.address), bucket)?;
        let mut request = match key {
            "" => UnsignedRequest::bucket(method, &url),
            key => UnsignedRequest::object(method, &url, key)?,
        };
        for (name, value) in query {
            request = request.query(name, value);
        }
        let signed =
            self.signer.authorize(&request.payload(Payload::Unsigned), Timestamp::from_unix(NOON))?;
        let target = signed.url().strip_prefix(url.origin()).context("a URL without its origin")?;
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n", url.host());
        for (name, value) in signed.headers() {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.expect_success(head.as_bytes(), method == Method::Head)
    }

    fn expect_success(&mut self, bytes: &[u8], is_head: bool) -> anyhow::Result<Answer> {
        let answer = self.client.send(bytes, is_head)?.context("no answer")?;
        if answer.status != 200 {
            bail!("{} {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(answer)
    }

    /// Everything there is: the buckets, the listings, and of each object what HEAD tells.
    fn state(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut state = Vec::new();
        let url = format!("http://{}", self.address);
        let buckets = UnsignedRequest::url(Method::Get, &url)?.payload(Payload::Unsigned);
        let signed = self.signer.authorize(&buckets, Timestamp::from_unix(NOON))?;
        let mut head = format!("GET / HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in signed.headers() {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        state.extend(self.expect_success(format!("{head}\r\n").as_bytes(), false)?.body);
        for bucket in [BUCKET, VAULT] {
            state.extend(self.call(Method::Get, bucket, "", &[("list-type", "2")])?.body);
            for key in KEYS {
                let answer = self.call(Method::Head, bucket, key, &[])?;
                for (name, value) in answer.headers {
                    if name.starts_with("x-amz-meta-")
                        || ["etag", "content-type", "content-length"].contains(&name.as_str())
                    {
                        state.extend(format!("\n{bucket}/{key} {name}: {value}").into_bytes());
                    }
                }
            }
        }
        Ok(state)
    }
}

impl Drop for WireStore {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server is a failure of the run, which then has failed already.
            let _ = thread.join();
        }
    }
}
