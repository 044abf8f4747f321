//! A store that `presign serve` runs for one test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use presign::{Addressing, Credentials, Endpoint, Method, Signer, Timestamp, UnsignedRequest};

use crate::command::Machine;
use crate::http;

pub(crate) struct Store {
    child: Child,
    pub(crate) endpoint: String,
    /// What it printed on standard output before it began to serve.
    pub(crate) printed: String,
}

impl Store {
    /// Starts it for the first time, with a standard error that nobody reads from here; the root key says where it listens.
    pub(crate) fn start_unheard(machine: &Machine, stderr: Stdio) -> Self {
        let mut command = machine.command(&["serve", "--listen=127.0.0.1:0", "--data=data"]);
        let mut child = command.stderr(stderr).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        while !printed.contains("AWS_REGION") {
            assert_ne!(stdout.read_line(&mut printed).unwrap(), 0, "{printed}");
        }
        let mut store = Store { child, endpoint: String::new(), printed };
        store.endpoint = store.export("AWS_ENDPOINT_URL_S3");
        store
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Starts it with its data in the machine's home, and waits until it listens.
    pub(crate) fn start(machine: &Machine, more: &[&str]) -> Self {
        let arguments = [&["serve", "--listen=127.0.0.1:0", "--data=data"], more].concat();
        let mut child = machine.command(&arguments).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let endpoint = line.split_once("listens on ").unwrap_or_else(|| panic!("{line}")).1;
        let endpoint = endpoint.split(';').next().unwrap().to_owned();
        // The log is read on, so that the store never waits for it.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        let mut printed = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        if !machine.home().join("started").exists() {
            std::fs::write(machine.home().join("started"), "").unwrap();
            while !printed.contains("AWS_REGION") {
                assert_ne!(stdout.read_line(&mut printed).unwrap(), 0, "{printed}");
            }
        }
        std::thread::spawn(move || stdout.read_to_string(&mut String::new()));
        Store { child, endpoint, printed }
    }

    /// The value of one of the printed `export` lines.
    pub(crate) fn export(&self, name: &str) -> String {
        let start = format!("export {name}=");
        self.printed.lines().find_map(|line| line.strip_prefix(&start)).unwrap().to_owned()
    }

    /// Puts the root key and the endpoint into the machine's environment.
    pub(crate) fn introduce_to(&self, machine: &mut Machine) {
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL_S3", "AWS_REGION"] {
            machine.set(name, &self.export(name));
        }
    }

    pub(crate) fn make_bucket(&self, name: &str) {
        let credentials =
            Credentials::new(self.export("AWS_ACCESS_KEY_ID"), self.export("AWS_SECRET_ACCESS_KEY"));
        let signer = Signer::new(credentials, "us-east-1").unwrap();
        let bucket = Endpoint::custom(&self.endpoint).unwrap().bucket(name, Addressing::Path).unwrap();
        let request = UnsignedRequest::bucket(Method::Put, &bucket);
        let signed = signer.authorize(&request, Timestamp::from(std::time::SystemTime::now())).unwrap();
        let headers: Vec<(&str, &str)> = signed.headers().iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = http::send("PUT", signed.url(), &headers, "");
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Limits the sizes of the files that it writes from now on, in bytes.
    pub(crate) fn limit_file_sizes(&self, bytes: u64) {
        let arguments = [format!("--pid={}", self.child.id()), format!("--fsize={bytes}")];
        assert!(Command::new("prlimit").args(arguments).status().unwrap().success());
    }

    pub(crate) fn signal(&self, signal: &str) {
        send_signal(&self.child, signal);
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn stop(mut self, signal: &str) -> ExitStatus {
        self.signal(signal);
        wait(&mut self.child)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn send_signal(child: &Child, signal: &str) {
    let status =
        Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if started.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("it did not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
