//! A mixed load while every flush takes long: reads must not wait for the disk's writes.
//!
//! The disk is slow through `strace`, which holds every `fsync` and `fdatasync` of the server back before the kernel gets
//! it. All other system calls run at full speed.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::client::{Choices, Client};
use super::population::Population;
use super::start::serve;
use crate::load::{AWAKE, Body, Load, Tally, drive};
use crate::process::Cores;

/// How long a flush is held back.
pub(super) const FLUSH_MILLISECONDS: u64 = 100;
const READERS: usize = 8;
const WRITERS: usize = 8;
/// One upload in so many is a file of its own.
const LARGE_UPLOAD_EVERY: u64 = 4;
const LARGE_UPLOAD_BYTES: u64 = 1 << 20;
/// One read in so many is of a file.
const LARGE_READ_EVERY: u64 = 8;

/// What the readers and writers saw.
pub(super) struct Mixed {
    /// Reads with nobody writing.
    pub(super) reads_alone: Tally,
    /// Reads beside the writes.
    pub(super) reads: Tally,
    /// The writes.
    pub(super) writes: Tally,
}

/// Runs the load. The store must have been filled with `population`, and blobs of `blob_bytes`.
pub(super) fn mixed(
    program: &Path,
    data: &Path,
    population: Population,
    blob_bytes: u64,
    cores: Cores,
    duration: Duration,
) -> anyhow::Result<Mixed> {
    if std::process::Command::new("strace").arg("--version").output().is_err() {
        bail!("`strace` makes the disk slow and was not found; install it (apt install strace)");
    }
    let delay = format!("inject=fsync,fdatasync:delay_enter={}", FLUSH_MILLISECONDS * 1000);
    let wrapper =
        ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", &delay];
    let serving = serve(program, data, cores, &wrapper)?;
    let client = Client::new(serving.address)?;
    let load =
        |connections| Load { address: client.address(), connections, duration: Some(duration), awake: AWAKE };
    let read = |seed: u64| -> anyhow::Result<Tally> {
        let mut choices = Choices::new(seed);
        let mut failure = None;
        let tally = drive(&load(READERS), &mut || {
            let choice = choices.next();
            let exchange = if population.blobs > 0 && choice.is_multiple_of(LARGE_READ_EVERY) {
                client.get(&Population::blob_key(choice % population.blobs), blob_bytes)
            } else {
                client.get(&population.key(population.readable(choice)), 1024)
            };
            exchange.map_err(|error| failure = Some(error)).ok()
        });
        failure.map_or(tally, Err)
    };
    let reads_alone = read(1)?;
    let block: Arc<[u8]> = vec![b'z'; 64 * 1024].into();
    let (reads, writes) = thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let (mut number, mut failure) = (0, None);
            let tally = drive(&load(WRITERS), &mut || {
                number += 1;
                let large = number % LARGE_UPLOAD_EVERY == 0;
                let size = if large { LARGE_UPLOAD_BYTES } else { 1024 };
                let body = Body::repeated(Arc::clone(&block), size);
                client.put(&format!("slow/{number:08}"), body).map_err(|error| failure = Some(error)).ok()
            });
            failure.map_or(tally, Err)
        });
        let reads = read(2);
        (reads, writing.join())
    });
    let writes = writes.ok().context("the writer's thread ended")??;
    serving.process.stop()?;
    Ok(Mixed { reads_alone, reads: reads?, writes })
}
