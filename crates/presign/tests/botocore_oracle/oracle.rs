//! The oracle's process, and the count of what agreed with it.

// The crate is pure; this test of it runs a program, and reads the variables that say which.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;

/// How many differences are shown in full.
const SHOWN: usize = 5;

/// Has botocore make `count` cases of that kind and holds this library against each.
///
/// Fails where there is no Python, for a test that is left out proves nothing.
pub(crate) fn compare<C: DeserializeOwned>(
    kind: &str,
    count: usize,
    agrees: impl Fn(&C) -> Result<(), String>,
) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace's root");
    let seed = env::var("PRESIGN_ORACLE_SEED").unwrap_or_else(|_| "1".to_owned());
    let mut process = Command::new(python(root))
        .args(["-m", "oracle", kind, "--seed", &seed, "--count", &count.to_string()])
        .current_dir(root.join("conformance"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("the oracle starts");
    let lines = BufReader::new(process.stdout.take().expect("the oracle's output")).lines();
    let mut tally = Tally::default();
    for line in lines {
        let line = line.expect("the oracle's output is text");
        let case = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
        tally.note(&line, agrees(&case));
    }
    assert!(process.wait().expect("the oracle ends").success(), "the oracle failed; see its words above");
    println!("botocore oracle, {kind}, seed {seed}: {} compared, {} differ", tally.compared, tally.differing);
    assert_eq!(tally.compared, count, "the oracle made another number of cases");
    assert_eq!(tally.differing, 0, "{kind}: this library and botocore differ");
}

/// The interpreter that has botocore: the one named by the task runner, or the workspace's own.
fn python(root: &Path) -> PathBuf {
    let own = root.join(".venv").join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let python = env::var_os("PRESIGN_PYTHON").map_or(own, PathBuf::from);
    assert!(
        python.exists(),
        "botocore is the oracle of this test and {} is not there: run `cargo xtask setup`, or set \
         PRESIGN_PYTHON to a Python that has botocore",
        python.display()
    );
    python
}

/// How many cases were compared, and how many of them differ.
#[derive(Default)]
pub(crate) struct Tally {
    compared: usize,
    differing: usize,
}

impl Tally {
    /// Counts one case, and shows it if it is among the first that differ.
    pub(crate) fn note(&mut self, case: &str, verdict: Result<(), String>) {
        self.compared += 1;
        if let Err(difference) = verdict {
            self.differing += 1;
            if self.differing <= SHOWN {
                let case: String = case.chars().take(1500).collect();
                println!("{difference}\nin {case}\n");
            }
        }
    }

    pub(crate) fn differing(&self) -> usize {
        self.differing
    }
}
