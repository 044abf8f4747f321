//! A whole run: workloads, the losses of power in them, and what was found.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use presign_store::{Store, StoreOptions};
use tokio::runtime::Runtime;

use crate::Arguments;
use crate::control::open_broken;
use crate::crash::{Crash, choose_moments, crashes};
use crate::device::{Device, Event, Recording};
use crate::disk::Disk;
use crate::figures::Figures;
use crate::history::Expectations;
use crate::mounted::{FILE_SYSTEMS, FileSystem};
use crate::shelf::Shelf;
use crate::verify::{Fault, Finding, takes_writes, verify};
use crate::workload::{Amount, Numbers, write};

/// How many images are made of one workload.
const IMAGES_EACH: usize = 30;
/// How many second crashes are made of one recovery.
const SECOND_CRASHES_EACH: usize = 2;
/// How many images that show a fault are kept.
const KEPT: usize = 3;

/// How a store is opened.
type Opening = fn(PathBuf) -> Pin<Box<dyn Future<Output = anyhow::Result<Store>>>>;

/// How much each writer writes, first and in a recovery.
const WORKLOAD: usize = 40;
const WORKLOAD_IN_RECOVERY: usize = 5;

/// Runs; says whether everything was as it must be.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    let mut campaign = Campaign::new(&arguments.scratch, seed)?;
    let begun = Instant::now();
    println!("seed {seed}");
    let (mut first, mut second, mut control) = (Figures::default(), Figures::default(), Figures::default());
    while first.images < arguments.images || second.images < arguments.second_crashes {
        for at in 0..FILE_SYSTEMS.len() {
            let rest = (arguments.images.saturating_sub(first.images)).min(IMAGES_EACH);
            let progress = (first.images + rest) as f64 / arguments.images.max(1) as f64;
            let wanted = (arguments.second_crashes as f64 * progress.min(1.0)).ceil() as usize;
            campaign.round(at, rest, wanted.saturating_sub(second.images), &mut first, &mut second)?;
        }
        eprintln!(
            "{} images, {} second crashes, {} faulty, after {} s",
            first.images,
            second.images,
            first.faulty_images + second.faulty_images,
            begun.elapsed().as_secs()
        );
    }
    let mut caught = true;
    for at in 0..FILE_SYSTEMS.len() {
        let mut figures = Figures::default();
        if arguments.controls > 0 {
            campaign.control(at, arguments.controls.div_ceil(FILE_SYSTEMS.len()), &mut figures)?;
            caught &= figures.faulty_images > 0;
        }
        control.absorb(figures);
    }
    first.details().iter().chain(second.details()).for_each(|detail| println!("{detail}"));
    println!("{}", campaign.totals);
    println!("{}", first.line("first crashes"));
    println!("{}", second.line("second crashes"));
    println!("{}", control.line("control, row committed before its blob is durable"));
    let is_sound = first.faulty_images + second.faulty_images == 0;
    if !is_sound {
        println!("images that show faults are in {}", arguments.scratch.display());
    }
    if !caught {
        println!("the broken store of the control lost nothing, so this run proves nothing");
    }
    println!(
        "{} after {} s",
        if is_sound && caught { "passed" } else { "failed" },
        begun.elapsed().as_secs()
    );
    Ok(is_sound && caught)
}

/// What the workloads were, all together.
#[derive(Default)]
struct Totals {
    acknowledged: usize,
    writes: usize,
    flushes: usize,
}

impl Totals {
    fn add(&mut self, recording: &Recording) {
        for event in &recording.events {
            match event {
                Event::Write { .. } => self.writes += 1,
                Event::Flush => self.flushes += 1,
                Event::Acknowledged(_) => self.acknowledged += 1,
                Event::Begun(_) => {}
            }
        }
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { acknowledged, writes, flushes } = self;
        write!(f, "recorded: {acknowledged} acknowledged writes, {writes} disk writes, {flushes} flushes")
    }
}

struct Campaign {
    runtime: Runtime,
    random: fastrand::Rng,
    numbers: Arc<Numbers>,
    templates: Vec<Disk>,
    totals: Totals,
    scratch: PathBuf,
    place: PathBuf,
    kept: usize,
    /// Last, so that nothing stands on it any more when it is unmounted.
    shelf: Shelf,
}

impl Campaign {
    fn new(scratch: &Path, seed: u64) -> anyhow::Result<Self> {
        let directory = |name| {
            let path = scratch.join(name);
            std::fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
            path.canonicalize().with_context(|| format!("finding {}", path.display()))
        };
        let mut shelf = Shelf::mount(&directory("shelf")?)?;
        let templates = FILE_SYSTEMS.iter().map(|file_system| file_system.make(&mut shelf));
        let templates = templates.collect::<anyhow::Result<_>>()?;
        Ok(Self {
            runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?,
            random: fastrand::Rng::with_seed(seed),
            numbers: Arc::default(),
            templates,
            totals: Totals::default(),
            place: directory("place")?,
            scratch: scratch.to_owned(),
            kept: 0,
            shelf,
        })
    }

    /// One workload on one file system, and the images made of it.
    fn round(
        &mut self,
        at: usize,
        images: usize,
        second_crashes: usize,
        first: &mut Figures,
        second: &mut Figures,
    ) -> anyhow::Result<()> {
        let file_system = FILE_SYSTEMS.get(at).context("no such file system")?;
        let recording = self.record(at, |directory| {
            Box::pin(async move { Ok(Store::open(&directory, StoreOptions::default()).await?) })
        })?;
        self.totals.add(&recording);
        let moments =
            choose_moments(&recording.events, images.max(usize::from(second_crashes > 0)), &mut self.random);
        let mut random = self.random.fork();
        let mut left = second_crashes;
        // Second crashes are spread over the images.
        let recoveries = second_crashes.div_ceil(SECOND_CRASHES_EACH).max(1);
        let every = (moments.len() / recoveries).max(1);
        for (number, crash) in crashes(&recording, Expectations::default(), &moments, &mut random).enumerate()
        {
            let with_second = left > 0 && number % every == 0;
            let (findings, recovery) = self.examine(file_system, &crash, with_second)?;
            self.count(first, &crash, &findings)?;
            let Some(recovery) = recovery else { continue };
            let count = left.min(SECOND_CRASHES_EACH);
            left -= count;
            let moments = choose_moments(&recovery.events, count, &mut self.random);
            let mut random = self.random.fork();
            for crash in crashes(&recovery, crash.expectations, &moments, &mut random) {
                let (findings, _) = self.examine(file_system, &crash, false)?;
                self.count(second, &crash, &findings)?;
            }
        }
        Ok(())
    }

    /// The same with a store whose write order is broken.
    fn control(&mut self, at: usize, images: usize, figures: &mut Figures) -> anyhow::Result<()> {
        let file_system = FILE_SYSTEMS.get(at).context("no such file system")?;
        let recording = self.record(at, |directory| Box::pin(async move { open_broken(&directory) }))?;
        let moments = choose_moments(&recording.events, images, &mut self.random);
        let mut random = self.random.fork();
        for crash in crashes(&recording, Expectations::default(), &moments, &mut random) {
            let (findings, _) = self.examine(file_system, &crash, false)?;
            figures.add(crash.expectations.acknowledged(), &findings, "the control");
        }
        Ok(())
    }

    /// Records a workload on an empty file system, from its mount to its end.
    fn record(&mut self, at: usize, open: Opening) -> anyhow::Result<Recording> {
        let file_system = FILE_SYSTEMS.get(at).context("no such file system")?;
        let device = Device::new(self.templates.get(at).context("no such file system")?.clone());
        device.record();
        let mounted = file_system.mount(&mut self.shelf, device.clone(), &self.place)?;
        let amount = Amount { writes_each: WORKLOAD, with_pause: self.random.bool() };
        let Self { runtime, numbers, random, place, .. } = self;
        runtime.block_on(async {
            let store = open(place.join("data")).await?;
            write(&store, &device, &Expectations::default(), numbers, amount, random).await?;
            store.close().await?;
            anyhow::Ok(())
        })?;
        mounted.unmount()?;
        let recording = device.recorded().context("nothing was recorded")?;
        let flushes = recording.events.iter().filter(|event| matches!(event, Event::Flush)).count();
        ensure!(
            flushes > 0,
            "no flush reached the FUSE file system, so nothing can be told from its absence"
        );
        Ok(recording)
    }

    /// Starts up what a crash left, and holds it against what was acknowledged. With `and_record`, writes go on after
    /// that, and all of it is recorded for a second crash.
    fn examine(
        &mut self,
        file_system: &FileSystem,
        crash: &Crash,
        and_record: bool,
    ) -> anyhow::Result<(Vec<Finding>, Option<Recording>)> {
        let device = Device::new(crash.disk.clone());
        if and_record {
            device.record();
        }
        let mounted = match file_system.mount(&mut self.shelf, device.clone(), &self.place) {
            Ok(mounted) => mounted,
            Err(error) => return Ok((vec![Finding::new(Fault::NotMounted, format!("{error:#}"))], None)),
        };
        let Self { runtime, numbers, random, place, .. } = self;
        let findings = runtime.block_on(async {
            let store = match Store::open(&place.join("data"), StoreOptions::default()).await {
                Ok(store) => store,
                Err(error) => return Ok(vec![Finding::new(Fault::NotOpened, error)]),
            };
            let mut findings = verify(&store, &crash.expectations).await?;
            if findings.is_empty() {
                let writes = if and_record {
                    let amount = Amount { writes_each: WORKLOAD_IN_RECOVERY, with_pause: false };
                    let written = write(&store, &device, &crash.expectations, numbers, amount, random).await;
                    written.map_err(|error| format!("{error:#}"))
                } else {
                    takes_writes(&store).await
                };
                findings.extend(writes.err().map(|what| Finding::new(Fault::Other, what)));
            }
            store.close().await?;
            anyhow::Ok(findings)
        })?;
        mounted.unmount()?;
        Ok((findings, device.recorded()))
    }

    /// Counts an image, and keeps the first ones that show a fault.
    fn count(&mut self, figures: &mut Figures, crash: &Crash, findings: &[Finding]) -> anyhow::Result<()> {
        let mut name = format!("an image after {} events", crash.at);
        if !findings.is_empty() && self.kept < KEPT {
            self.kept += 1;
            let path = self.scratch.join(format!("faulty-{}.img", self.kept));
            crash.disk.save(&path).with_context(|| format!("keeping {}", path.display()))?;
            name = path.display().to_string();
        }
        figures.add(crash.expectations.acknowledged(), findings, &name);
        Ok(())
    }
}
