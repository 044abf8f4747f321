//! Runs `presign` with a clean environment, a home of its own, and a limit on its time.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// A signing time, for URLs that are the same in every run.
pub(crate) const SIGN_AT: [&str; 2] = ["--sign-at", "20130524T000000Z"];

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A machine's settings to run the command in.
pub(crate) struct Machine {
    home: TempDir,
    variables: Vec<(String, String)>,
}

pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Machine {
    /// Nothing in the environment, nothing in the home.
    pub(crate) fn bare() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut machine = Machine { home, variables: Vec::new() };
        machine.set("AWS_EC2_METADATA_DISABLED", "true");
        machine.set("TZ", "UTC");
        machine
    }

    /// AWS's documented key in the environment.
    pub(crate) fn with_key() -> Self {
        let mut machine = Machine::bare();
        machine.set("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID);
        machine.set("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        machine
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes `~/.aws/config` or `~/.aws/credentials`.
    pub(crate) fn write_shared_file(&mut self, name: &str, text: &str) -> &mut Self {
        std::fs::create_dir_all(self.home.path().join(".aws")).unwrap();
        std::fs::write(self.home.path().join(".aws").join(name), text).unwrap();
        self
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The command, to be started by the caller; it runs in the home.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_presign"));
        command.args(arguments).current_dir(self.home()).env_clear();
        command.env("HOME", self.home()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with_input(arguments, "")
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut child = self.command(arguments).spawn().unwrap();
        // Whether the command reads it or not is the command's affair.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let read_all = |mut stream: Box<dyn Read + Send>| {
            thread::spawn(move || {
                let mut text = String::new();
                stream.read_to_string(&mut text).unwrap();
                text
            })
        };
        let stdout = read_all(Box::new(child.stdout.take().unwrap()));
        let stderr = read_all(Box::new(child.stderr.take().unwrap()));
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > TIME_LIMIT {
                child.kill().unwrap();
                panic!("presign {arguments:?} did not end within {TIME_LIMIT:?}");
            }
            thread::sleep(Duration::from_millis(3));
        };
        let code = status.code().expect("not ended by a signal");
        Outcome { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
    }

    /// Runs `presign url` and takes the URL it prints.
    pub(crate) fn url(&self, arguments: &[&str]) -> String {
        let outcome = self.run(&[&["url"], arguments].concat());
        outcome.assert_success();
        assert_eq!(outcome.stdout.lines().count(), 1, "{}", outcome.stdout);
        outcome.stdout.trim_end().to_owned()
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn assert_success(&self) {
        assert_eq!(self.code, 0, "{}", self.stderr);
    }

    /// Nothing on standard output, the exit code, and all of these words in the error.
    #[track_caller]
    pub(crate) fn assert_refused(&self, code: i32, words: &[&str]) {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is missing in: {}", self.stderr);
        }
    }
}
