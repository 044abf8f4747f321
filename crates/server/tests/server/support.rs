//! A server on a free loopback port with its data in a temporary directory, and a raw client.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use presign::{BucketUrl, Credentials, Method, Payload, PresignRequest, Signer, Timestamp, UnsignedRequest};
use presign_server::{Clock, Config, Overrides, Server, StartError};
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio::sync::oneshot;

pub(crate) const KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const BUCKET: &str = "bucket";
/// 2026-11-21T12:00:00Z.
pub(crate) const NOON: i64 = 1_795_262_400;

/// A clock that stands still until a test moves it.
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    clock: Arc<TestClock>,
    data: Arc<TempDir>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The settings of a test server: the root key of this file, a free port, and what the test adds.
pub(crate) fn config(data: &Path, settings: &[(&str, &str)]) -> Config {
    let mut environment: BTreeMap<String, String> = [
        ("PRESIGN_DATA", data.to_str().unwrap()),
        ("PRESIGN_LISTEN", "127.0.0.1:0"),
        ("PRESIGN_ROOT_ACCESS_KEY_ID", KEY_ID),
        ("PRESIGN_ROOT_SECRET_ACCESS_KEY", SECRET),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    for (name, value) in settings {
        environment.insert((*name).to_owned(), (*value).to_owned());
    }
    Config::load(&environment, &Overrides::default()).unwrap()
}

impl TestServer {
    /// A server with the bucket [`BUCKET`].
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let server = Self::on(Arc::new(TempDir::new().unwrap()), settings);
        assert_eq!(server.signed(Method::Put, "/bucket").answer().status, 200);
        server
    }

    /// A server on a data directory that may have been used before.
    pub(crate) fn on(data: Arc<TempDir>, settings: &[(&str, &str)]) -> Self {
        Self::try_on(data, settings).unwrap()
    }

    pub(crate) fn try_on(data: Arc<TempDir>, settings: &[(&str, &str)]) -> Result<Self, StartError> {
        let config = config(data.path(), settings);
        let clock = Arc::new(TestClock(AtomicI64::new(NOON)));
        let (stop, stopped) = oneshot::channel();
        let (bound, is_bound) = std::sync::mpsc::channel();
        let servers_clock = Arc::clone(&clock);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                match Server::bind_with_clock(config, servers_clock).await {
                    Err(error) => bound.send(Err(error)).unwrap(),
                    Ok(server) => {
                        bound.send(Ok(server.local_addr())).unwrap();
                        server.serve(async { stopped.await.unwrap_or(()) }).await.unwrap();
                    }
                }
            });
        });
        let address = is_bound.recv().unwrap()?;
        Ok(Self { address, clock, data, stop: Some(stop), thread: Some(thread) })
    }

    /// Tells the server to stop, and does not wait.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops the server and gives its data directory back once it has ended.
    pub(crate) fn end(mut self) -> Arc<TempDir> {
        self.join();
        Arc::clone(&self.data)
    }

    fn join(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Moves the server's clock.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn bucket_url(&self) -> BucketUrl {
        BucketUrl::path_style(&self.endpoint(), BUCKET).unwrap()
    }

    /// The target of a presigned URL for an object of [`BUCKET`], signed at noon.
    pub(crate) fn presign(&self, request: &PresignRequest<'_>) -> String {
        let url = signer().presign(&self.bucket_url(), request, noon()).unwrap();
        target_of(url.as_str())
    }

    /// The target of a presigned URL of the old kind.
    pub(crate) fn presign_sigv2(&self, request: &PresignRequest<'_>) -> String {
        let url = signer().presign_sigv2(&self.bucket_url(), request, noon()).unwrap();
        target_of(url.as_str())
    }

    /// A request with that target, as it is.
    pub(crate) fn call(&self, method: &str, target: &str) -> Call<'_> {
        Call {
            server: self,
            method: method.to_owned(),
            target: target.to_owned(),
            host: None,
            headers: vec![],
            body: None,
        }
    }

    /// A request signed in its headers; the body, if there is one, is not covered.
    pub(crate) fn signed(&self, method: Method, target: &str) -> Call<'_> {
        self.signed_with(method, target, Payload::Unsigned, &[])
    }

    pub(crate) fn signed_with(
        &self,
        method: Method,
        target: &str,
        payload: Payload,
        headers: &[(&str, &str)],
    ) -> Call<'_> {
        let url = format!("{}{target}", self.endpoint());
        let mut request = UnsignedRequest::url(method, &url).unwrap().payload(payload);
        for (name, value) in headers {
            request = request.header((*name).to_owned(), (*value).to_owned());
        }
        let signed = signer().authorize(&request, noon()).unwrap();
        let mut call = self.call(method.as_str(), &target_of(signed.url()));
        for (name, value) in headers {
            call = call.header(name, value);
        }
        for (name, value) in signed.headers() {
            call = call.header(name, value);
        }
        call
    }

    /// Stores an object and expects that to succeed.
    pub(crate) fn put(&self, key: &str, body: impl Into<Vec<u8>>) -> Answer {
        let answer =
            self.call("PUT", &self.presign(&PresignRequest::put(key.to_owned()))).body(body).answer();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }

    /// Reads an object.
    pub(crate) fn get(&self, key: &str) -> Answer {
        self.call("GET", &self.presign(&PresignRequest::get(key.to_owned()))).answer()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// A connection on which little can be on its way to the client, who has not read it yet.
    pub(crate) fn connect_with_small_buffer(&self) -> TcpStream {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let stream = runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(64 * 1024).unwrap();
            socket.connect(self.address).await.unwrap().into_std().unwrap()
        });
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// [`connect_with_small_buffer`](Self::connect_with_small_buffer), with segments as small as on any network but this
    /// machine's own.
    pub(crate) fn connect_with_small_segments(&self) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        socket.set_tcp_mss(1448).unwrap();
        socket.connect(&self.address.into()).unwrap();
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends bytes as they are and reads until the server closes.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        received
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.join();
        }
    }
}

pub(crate) fn noon() -> Timestamp {
    Timestamp::from_unix(NOON)
}

pub(crate) fn signer() -> Signer {
    Signer::new(Credentials::new(KEY_ID, SECRET), "us-east-1").unwrap()
}

/// Path and query of a URL.
pub(crate) fn target_of(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    rest[rest.find('/').unwrap()..].to_owned()
}

/// One request to be sent.
#[derive(Clone)]
pub(crate) struct Call<'s> {
    server: &'s TestServer,
    method: String,
    target: String,
    host: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The bytes to send, with `Content-Length` if there is a body.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let host = self.host.clone().unwrap_or_else(|| self.server.address.to_string());
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// Sends it on a connection of its own.
    pub(crate) fn answer(self) -> Answer {
        let is_head = self.method == "HEAD";
        let mut stream = self.server.connect();
        stream.write_all(&self.to_bytes()).unwrap();
        read_answer(&mut stream, is_head)
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Reads one answer, interim ones left out.
pub(crate) fn read_answer(stream: &mut TcpStream, is_head: bool) -> Answer {
    loop {
        let (status, headers) = read_head(stream);
        if status == 100 {
            continue;
        }
        let length = headers
            .iter()
            .find(|(name, _)| name == "content-length")
            .map(|(_, value)| value.parse().unwrap());
        let has_body = !is_head && status != 204 && status != 304;
        let mut body = vec![0; if has_body { length.unwrap_or(0) } else { 0 }];
        stream.read_exact(&mut body).unwrap();
        return Answer { status, headers, body };
    }
}

pub(crate) fn read_head(stream: &mut TcpStream) -> (u16, Vec<(String, String)>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        assert_eq!(
            stream.read(&mut byte).unwrap(),
            1,
            "the connection ended within {:?}",
            String::from_utf8_lossy(&head)
        );
        head.push(byte[0]);
    }
    // Latin-1, as header values may be.
    let head: String = head.iter().map(|byte| char::from(*byte)).collect();
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    (status, headers)
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The elements of an error's body in their order, `RequestId` and `HostId` aside, which every error has.
    pub(crate) fn error(&self) -> Vec<(String, String)> {
        assert_eq!(self.header("content-type"), Some("application/xml"));
        let text = self.text();
        let inside = text
            .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>")
            .and_then(|rest| rest.strip_suffix("</Error>"))
            .unwrap_or_else(|| panic!("no error: {} {text}", self.status));
        let mut elements = Vec::new();
        let mut rest = inside;
        while let Some((name, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            let (value, after) = after.split_once(&format!("</{name}>")).unwrap();
            let value =
                value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
            elements.push((name.to_owned(), value));
            rest = after;
        }
        let names: Vec<&str> = elements.iter().rev().take(2).map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["HostId", "RequestId"]);
        let (host_id, request_id) = (elements.pop().unwrap().1, elements.pop().unwrap().1);
        assert_eq!(self.header("x-amz-request-id"), Some(request_id.as_str()));
        assert_eq!(self.header("x-amz-id-2"), Some(host_id.as_str()));
        elements
    }

    /// Asserts status, code, message and fields, all of them and in this order.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, code: &str, message: &str, fields: &[(&str, &str)]) {
        let found = self.error();
        let mut expected =
            vec![("Code".to_owned(), code.to_owned()), ("Message".to_owned(), message.to_owned())];
        expected.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        assert_eq!((self.status, found), (status, expected));
    }

    /// Asserts status and code, where the rest is another test's subject.
    #[track_caller]
    pub(crate) fn assert_code(&self, status: u16, code: &str) {
        let error = self.error();
        assert_eq!((self.status, error[0].1.as_str()), (status, code), "{error:?}");
    }
}
