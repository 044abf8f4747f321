//! `cargo xtask fuzz`: one parser under libFuzzer, for as long as is wanted.

use std::fs;

use anyhow::{Context as _, bail};

use crate::command::{answers, cargo, run};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The target, one of the folders of `fuzz/seeds`.
    target: String,
    /// How many inputs are tried.
    #[arg(long, default_value_t = 10_000_000, value_name = "NUMBER")]
    runs: u64,
    /// For libFuzzer, after `--`: `-max_len=512`, `-seed=7`, …
    #[arg(last = true, value_name = "ARGUMENTS")]
    libfuzzer: Vec<String>,
}

/// What is found is kept in the target folder; only seeds, which are small and chosen, are in the repository.
pub(crate) fn search(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let root = workspace.root();
    let seeds = root.join("fuzz").join("seeds").join(&options.target);
    if !seeds.is_dir() {
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(root.join("fuzz").join("seeds"))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        bail!("there is no target {:?}; there are {}", options.target, names.join(", "));
    }
    if !answers(cargo(root).args(["fuzz", "--version"])) {
        bail!(
            "cargo-fuzz is not installed; `cargo install --locked cargo-fuzz` brings it, and it needs a C++ compiler"
        );
    }
    let corpus = workspace.target().join("fuzz").join(&options.target);
    fs::create_dir_all(&corpus).with_context(|| format!("{} cannot be made", corpus.display()))?;
    let mut fuzz = cargo(root);
    // No target reaches unsafe code of ours, which a sanitizer would watch: what there is stands in presign-page-checksums,
    // which answers to SQLite alone. Without one the runs are faster. Coverage is an unstable flag of a stable compiler.
    fuzz.env("RUSTC_BOOTSTRAP", "1");
    fuzz.args([
        "fuzz",
        "run",
        "--fuzz-dir",
        "fuzz/libfuzzer",
        "--sanitizer",
        "none",
        "--strip-dead-code=true",
    ]);
    fuzz.arg(&options.target).arg(&corpus).arg(&seeds).arg("--");
    fuzz.arg(format!("-runs={}", options.runs)).args(["-max_len=512", "-print_final_stats=1"]);
    run(fuzz.args(&options.libfuzzer))
}
