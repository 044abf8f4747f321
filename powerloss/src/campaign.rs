//! A whole run: workloads, the losses of power in them, and what was found.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, anyhow, ensure};
use presign_store::{Store, StoreOptions};
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Runtime;

use crate::Arguments;
use crate::control::open_broken;
use crate::crash::{Crash, choose_moments, crashes};
use crate::device::{Device, Event, Recording};
use crate::disk::Disk;
use crate::figures::{Figures, Totals};
use crate::guard::Guard;
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
/// How many workloads, or images of them, are under way at the same time: most of their time is spent waiting for the
/// kernel to mount and unmount.
const LANES: usize = 4;

/// How a store is opened.
type Opening = fn(PathBuf) -> Pin<Box<dyn Future<Output = anyhow::Result<Store>>>>;

/// How much each writer writes, first and in a recovery.
const WORKLOAD: usize = 40;
const WORKLOAD_IN_RECOVERY: usize = 5;

/// Runs; says whether everything was as it must be.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    println!("seed {seed}");
    let begun = Instant::now();
    let campaign = Campaign::new(&arguments.scratch)?;
    let jobs = Mutex::new(jobs(arguments, &mut fastrand::Rng::with_seed(seed))?);
    let results = Mutex::new(Results::default());
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                let (campaign, jobs, results) = (&campaign, &jobs, &results);
                scope.spawn(move || campaign.work(lane, jobs, results))
            })
            .collect();
        lanes.into_iter().try_for_each(|lane| lane.join().unwrap_or_else(|_| Err(anyhow!("a lane panicked"))))
    })?;
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(results.report(&arguments.scratch, begun))
}

/// One workload on one file system, and the images to be made of it.
struct Job {
    file_system: &'static FileSystem,
    images: usize,
    second_crashes: usize,
    is_control: bool,
    random: fastrand::Rng,
}

/// The work to be done: each file system in turn, second crashes spread over the workloads, the controls last.
fn jobs(arguments: &Arguments, random: &mut fastrand::Rng) -> anyhow::Result<VecDeque<Job>> {
    ensure!(
        arguments.images > 0,
        "without a first crash there is nothing to be tried: let --images be 1 or more"
    );
    let workloads = arguments.images.div_ceil(IMAGES_EACH).next_multiple_of(FILE_SYSTEMS.len());
    let mut jobs = VecDeque::new();
    // What is done of `total` after `done` of the workloads.
    let share = |total: usize, done: usize| (total * done).div_ceil(workloads);
    for (at, file_system) in FILE_SYSTEMS.iter().cycle().take(workloads).enumerate() {
        let part = |total| share(total, at + 1) - share(total, at);
        jobs.push_back(Job {
            file_system,
            images: part(arguments.images),
            second_crashes: part(arguments.second_crashes),
            is_control: false,
            random: random.fork(),
        });
    }
    let images = arguments.controls.div_ceil(FILE_SYSTEMS.len());
    jobs.extend(FILE_SYSTEMS.iter().filter(|_| images > 0).map(|file_system| Job {
        file_system,
        images,
        second_crashes: 0,
        is_control: true,
        random: random.fork(),
    }));
    Ok(jobs)
}

/// What was found so far.
#[derive(Default)]
struct Results {
    first: Figures,
    second: Figures,
    control: Figures,
    /// Whether a control lost nothing.
    missed: bool,
    totals: Totals,
}

impl Results {
    /// Prints the figures; says whether everything was as it must be.
    fn report(&self, scratch: &Path, begun: Instant) -> bool {
        let Self { first, second, control, missed, totals } = self;
        first.details().iter().chain(second.details()).for_each(|detail| println!("{detail}"));
        println!("{totals}");
        println!("{}", first.line("first crashes"));
        println!("{}", second.line("second crashes"));
        println!("{}", control.line("control, row committed before its blob is durable"));
        let is_sound = first.faulty_images + second.faulty_images == 0;
        let never = totals.never_done();
        if !is_sound {
            println!("images that show faults are in {}", scratch.display());
        }
        if *missed {
            println!("the broken store of the control lost nothing, so this run proves nothing");
        }
        if !never.is_empty() {
            println!("of these kinds of write none was made, so this run says nothing of them: {never:?}");
        }
        let passed = is_sound && !missed && never.is_empty();
        println!("{} after {} s", if passed { "passed" } else { "failed" }, begun.elapsed().as_secs());
        passed
    }
}

/// What all lanes share.
struct Campaign {
    runtime: Runtime,
    numbers: Arc<Numbers>,
    templates: Vec<(&'static FileSystem, Disk)>,
    scratch: PathBuf,
    kept: AtomicUsize,
    begun: Instant,
    /// These last, so that nothing stands on the shelf any more when it is unmounted.
    shelf: Shelf,
    _guard: Guard,
}

fn make_directory(path: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(path).with_context(|| format!("making {}", path.display()))?;
    path.canonicalize().with_context(|| format!("finding {}", path.display()))
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Campaign {
    fn new(scratch: &Path) -> anyhow::Result<Self> {
        let directory = make_directory(&scratch.join("shelf"))?;
        let shelf = Shelf::mount(&directory)?;
        let guard = Guard::start(&directory, &make_directory(&scratch.join("control"))?)?;
        let template = |file_system: &'static FileSystem| Ok((file_system, file_system.make(&shelf)?));
        let templates = FILE_SYSTEMS.iter().map(template).collect::<anyhow::Result<_>>()?;
        Ok(Self {
            runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?,
            numbers: Arc::default(),
            templates,
            scratch: scratch.to_owned(),
            kept: AtomicUsize::new(0),
            begun: Instant::now(),
            shelf,
            _guard: guard,
        })
    }

    /// Takes one job after the other.
    fn work(&self, lane: usize, jobs: &Mutex<VecDeque<Job>>, results: &Mutex<Results>) -> anyhow::Result<()> {
        let place = make_directory(&self.scratch.join(format!("lane-{lane}")))?;
        loop {
            let Some(job) = lock(jobs).pop_front() else { return Ok(()) };
            if job.is_control {
                self.control(&place, job, results)?;
                continue;
            }
            self.round(&place, job, results)?;
            let Results { first, second, .. } = &*lock(results);
            let (faulty, seconds) =
                (first.faulty_images + second.faulty_images, self.begun.elapsed().as_secs());
            eprintln!(
                "{} images, {} second crashes, {faulty} faulty, after {seconds} s",
                first.images, second.images
            );
        }
    }

    /// One workload on one file system, and the images made of it.
    fn round(&self, place: &Path, mut job: Job, results: &Mutex<Results>) -> anyhow::Result<()> {
        let recording = self.record(place, &mut job, |directory| {
            Box::pin(async move { Ok(Store::open(&directory, StoreOptions::default()).await?) })
        })?;
        lock(results).totals.add(&recording);
        let Job { file_system, images, second_crashes, mut random, .. } = job;
        let moments = choose_moments(&recording.events, images, &mut random);
        let mut chance = random.fork();
        let mut left = second_crashes;
        // Second crashes are spread over the images.
        let recoveries = second_crashes.div_ceil(SECOND_CRASHES_EACH).max(1);
        let every = (moments.len() / recoveries).max(1);
        for (number, crash) in crashes(&recording, Expectations::default(), &moments, &mut chance).enumerate()
        {
            let with_second = left > 0 && number % every == 0;
            let (findings, recovery) =
                self.examine(place, file_system, &crash, with_second.then_some(&mut random))?;
            let name = self.keep(&crash, &findings)?;
            lock(results).first.add(crash.expectations.acknowledged(), &findings, &name);
            let Some(recovery) = recovery else { continue };
            let count = left.min(SECOND_CRASHES_EACH);
            left -= count;
            let moments = choose_moments(&recovery.events, count, &mut random);
            let mut chance = random.fork();
            for crash in crashes(&recovery, crash.expectations, &moments, &mut chance) {
                let (findings, _) = self.examine(place, file_system, &crash, None)?;
                let name = self.keep(&crash, &findings)?;
                lock(results).second.add(crash.expectations.acknowledged(), &findings, &name);
            }
        }
        Ok(())
    }

    /// The same with a store whose write order is broken.
    fn control(&self, place: &Path, mut job: Job, results: &Mutex<Results>) -> anyhow::Result<()> {
        let recording =
            self.record(place, &mut job, |directory| Box::pin(async move { open_broken(&directory) }))?;
        let moments = choose_moments(&recording.events, job.images, &mut job.random);
        let mut figures = Figures::default();
        for crash in crashes(&recording, Expectations::default(), &moments, &mut job.random) {
            let (findings, _) = self.examine(place, job.file_system, &crash, None)?;
            figures.add(crash.expectations.acknowledged(), &findings, "the control");
        }
        let mut results = lock(results);
        results.missed |= figures.faulty_images == 0;
        results.control.absorb(figures);
        Ok(())
    }

    /// Records a workload on an empty file system, from its mount to its end.
    fn record(&self, place: &Path, job: &mut Job, open: Opening) -> anyhow::Result<Recording> {
        let template = self.templates.iter().find(|(file_system, _)| *file_system == job.file_system);
        let (file_system, disk) = template.context("a file system was not made")?;
        let device = Device::new(disk.clone());
        device.record();
        let mounted = file_system.mount(&self.shelf, device.clone(), place)?;
        let amount = Amount { writes_each: WORKLOAD, with_pause: job.random.bool() };
        self.runtime.block_on(async {
            let store = open(place.join("data")).await?;
            let nothing = Expectations::default();
            write(&store, &device, &nothing, &self.numbers, amount, &mut job.random).await?;
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
        &self,
        place: &Path,
        file_system: &FileSystem,
        crash: &Crash,
        and_record: Option<&mut fastrand::Rng>,
    ) -> anyhow::Result<(Vec<Finding>, Option<Recording>)> {
        let device = Device::new(crash.disk.clone());
        if and_record.is_some() {
            device.record();
        }
        let mounted = match file_system.mount(&self.shelf, device.clone(), place) {
            Ok(mounted) => mounted,
            Err(error) => return Ok((vec![Finding::new(Fault::NotMounted, format!("{error:#}"))], None)),
        };
        look_without_the_store(&place.join("data/metadata.sqlite"));
        let findings = self.runtime.block_on(async {
            let store = match Store::open(&place.join("data"), StoreOptions::default()).await {
                Ok(store) => store,
                Err(error) => return Ok(vec![Finding::new(Fault::NotOpened, error)]),
            };
            let mut findings = verify(&store, &crash.expectations).await?;
            if findings.is_empty() {
                let written = match and_record {
                    Some(random) => {
                        let amount = Amount { writes_each: WORKLOAD_IN_RECOVERY, with_pause: false };
                        let known = &crash.expectations;
                        let written = write(&store, &device, known, &self.numbers, amount, random).await;
                        written.map_err(|error| format!("{error:#}"))
                    }
                    None => takes_writes(&store).await,
                };
                findings.extend(written.err().map(|what| Finding::new(Fault::Other, what)));
            }
            store.close().await?;
            anyhow::Ok(findings)
        })?;
        mounted.unmount()?;
        Ok((findings, device.recorded()))
    }

    /// Keeps the first images that show a fault; gives the name of an image.
    fn keep(&self, crash: &Crash, findings: &[Finding]) -> anyhow::Result<String> {
        if !findings.is_empty() {
            let number = self.kept.fetch_add(1, Ordering::Relaxed) + 1;
            if number <= KEPT {
                let path = self.scratch.join(format!("faulty-{number}.img"));
                crash.disk.save(&path).with_context(|| format!("keeping {}", path.display()))?;
                return Ok(path.display().to_string());
            }
        }
        Ok(format!("an image after {} events", crash.at))
    }
}

/// Reads a database between the loss of power and the start, as somebody with the `sqlite3` program would, who wants to know what
/// happened. Nothing that this does may keep the store from opening.
fn look_without_the_store(database: &Path) {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    // Refused where there is a store, and nothing where the power was lost before there was one.
    let looked = Connection::open_with_flags(database, flags)
        .and_then(|conn| conn.query_row("SELECT count(*) FROM object", [], |row| row.get::<_, i64>(0)));
    drop(looked);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jobs_are_what_was_asked_for_on_each_file_system() {
        let arguments = |images, second_crashes, controls| Arguments {
            images,
            second_crashes,
            controls,
            seed: None,
            scratch: PathBuf::new(),
            isolated: true,
            watch: crate::guard::Watch::default(),
        };
        let mut random = fastrand::Rng::with_seed(1);
        for (images, second_crashes) in [(60, 12), (2_000, 320), (1, 0), (31, 5)] {
            let jobs = jobs(&arguments(images, second_crashes, 20), &mut random).unwrap();
            let sum = |count: fn(&Job) -> usize| {
                jobs.iter().filter(|job| !job.is_control).map(count).sum::<usize>()
            };
            assert_eq!((sum(|job| job.images), sum(|job| job.second_crashes)), (images, second_crashes));
            for file_system in FILE_SYSTEMS {
                let controls = jobs.iter().filter(|job| job.is_control && job.file_system == file_system);
                assert_eq!(controls.map(|job| job.images).sum::<usize>(), 10);
            }
        }
        assert!(jobs(&arguments(0, 0, 0), &mut random).is_err());
    }
}
