//! One run: all servers started, filled, and measured in turn.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::contestant::Contestant;
use super::files;
use super::report::{Figures, Table};
use super::row::{Method, Row};
use crate::load::{Body, Exchange, Expected, Load, drive};
use crate::process::{Cores, CpuReading, Memory, Profile, ServerProcess, first_answer, free_address};
use crate::table::Style;

/// How the run goes.
#[derive(Debug, Clone)]
pub struct Options {
    /// The rows to measure.
    pub rows: Vec<Row>,
    /// How many windows each server gets in each row.
    pub windows: usize,
    /// How long each window is.
    pub window: Duration,
    /// How long the client looks for the next answer before it sleeps.
    pub awake: Duration,
    /// How often each server is started for its first answer.
    pub starts: usize,
    /// Where everything is kept meanwhile.
    pub folder: PathBuf,
    /// Where to leave what `perf` records of one more window for each row and server.
    pub profile: Option<PathBuf>,
    /// How the table is written.
    pub style: Style,
}

const GET_STATUSES: &[u16] = &[200];
/// nginx says 201 where an object is new and 204 where it was overwritten.
const PUT_STATUSES: &[u16] = &[200, 201, 204];
const WARM_UP: Duration = Duration::from_millis(300);
/// A large body is this block again and again.
const BLOCK_BYTES: u64 = 1024 * 1024;

/// A server in its place.
struct Place<'a> {
    contestant: &'a dyn Contestant,
    address: SocketAddr,
    folder: PathBuf,
    process: ServerProcess,
}

impl<'a> Place<'a> {
    fn start(
        contestant: &'a dyn Contestant,
        folder: PathBuf,
        cores: Cores,
    ) -> anyhow::Result<(Self, Duration)> {
        fs::create_dir_all(&folder)?;
        let address = free_address()?;
        let mut command = contestant.command(address, &folder)?;
        let output = folder.join("output.log");
        let began = Instant::now();
        let mut process = ServerProcess::start(&mut command, &output, cores)?;
        let took = first_answer(&mut process, address, began)
            .with_context(|| format!("{}; see {}", contestant.name(), output.display()))?;
        Ok((Place { contestant, address, folder, process }, took))
    }

    fn targets(&self, method: &str, keys: &[String]) -> anyhow::Result<Vec<String>> {
        self.contestant.targets(self.address, method, keys)
    }

    fn put(&self, target: &str, body: Body) -> Arc<Exchange> {
        let expected = Expected { statuses: PUT_STATUSES, length: Some(0), bytes: None };
        Arc::new(Exchange::new("PUT", target, self.address, body, expected))
    }
}

/// Measures all servers, and gives the table. The first one is what the others are compared to.
///
/// # Errors
/// A server that does not start, or gives a wrong answer.
pub fn compare(contestants: &[&dyn Contestant], options: &Options) -> anyhow::Result<String> {
    let cores = Cores::choose()?;
    let mut places = Vec::new();
    for (index, contestant) in contestants.iter().enumerate() {
        let folder = options.folder.join(format!("server-{index}"));
        places.push(Place::start(*contestant, folder, cores)?.0);
    }
    let names: Vec<&str> = contestants.iter().map(|contestant| contestant.name()).collect();
    let mut table = Table::new(&names);
    let versions = contestants.iter().map(|contestant| contestant.version().unwrap_or_else(|| "—".into()));
    table.plain("version", &versions.collect::<Vec<_>>(), "");
    for row in &options.rows {
        table.row(row, &measure(row, &places, options).with_context(|| row.title)?);
    }
    let memory =
        places.iter().map(|place| Memory::of(place.process.id())).collect::<anyhow::Result<Vec<_>>>()?;
    let mebibytes = |bytes: u64| bytes.div_ceil(1024 * 1024);
    let told =
        |memory: &Memory| format!("{} MiB (peak {})", mebibytes(memory.resident), mebibytes(memory.peak));
    table.plain("resident after load", &memory.iter().map(told).collect::<Vec<_>>(), "≤ 64 MiB");
    if options.starts > 0 {
        let mut starts = Vec::new();
        for place in places {
            let Place { contestant, folder, process, .. } = place;
            process.stop().with_context(|| contestant.name().to_owned())?;
            starts.push(first_answers(contestant, &folder, cores, options.starts)?);
        }
        table.plain("first answer after start", &starts, "≤ 20 ms");
    }
    Ok(table.write(options.style))
}

fn first_answers(
    contestant: &dyn Contestant,
    folder: &Path,
    cores: Cores,
    starts: usize,
) -> anyhow::Result<String> {
    let mut times = Vec::new();
    for _ in 0..starts {
        let (place, took) = Place::start(contestant, folder.to_owned(), cores)?;
        place.process.stop()?;
        times.push(took.as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |index: usize| times.get(index).copied().unwrap_or(f64::NAN);
    Ok(format!("{:.1} ms ({:.1})", at(0), at(times.len() / 2)))
}

/// One row: a window of each server, then again, so that a drift of the machine meets them all.
fn measure(row: &Row, places: &[Place<'_>], options: &Options) -> anyhow::Result<Vec<Figures>> {
    eprintln!("measuring {}", row.title);
    let mut supplies = Vec::new();
    for place in places {
        supplies
            .push(Supply::prepare(row, place, options).with_context(|| place.contestant.name().to_owned())?);
    }
    let mut figures = vec![Figures::default(); places.len()];
    for _ in 0..options.windows {
        for ((place, supply), figures) in places.iter().zip(&mut supplies).zip(&mut figures) {
            let name = || place.contestant.name().to_owned();
            let load = |duration| Load {
                address: place.address,
                connections: row.connections,
                duration: Some(duration),
                awake: options.awake,
            };
            drive(&load(WARM_UP), &mut || supply.old()).with_context(name)?;
            supply.begin_window();
            let before = CpuReading::of(place.process.id())?;
            let tally = drive(&load(options.window), &mut || supply.next()).with_context(name)?;
            let spent = CpuReading::of(place.process.id())?.since(before);
            figures.add(row, tally.answers, spent);
        }
    }
    if let Some(folder) = &options.profile {
        fs::create_dir_all(folder)?;
        for (place, supply) in places.iter().zip(&mut supplies) {
            let file = folder.join(format!("{}-{}.data", row.id, place.contestant.name()));
            let profile = Profile::record(place.process.id(), &file)?;
            let load = Load {
                address: place.address,
                connections: row.connections,
                duration: Some(3 * options.window),
                awake: options.awake,
            };
            drive(&load, &mut || supply.old())?;
            profile.finish()?;
            eprintln!("perf report --no-children --input {}", file.display());
        }
    }
    Ok(figures)
}

/// The requests of one row for one server.
struct Supply {
    /// What may be asked again and again.
    old: Vec<Arc<Exchange>>,
    next_old: usize,
    /// What makes new objects, each once.
    new: std::vec::IntoIter<Arc<Exchange>>,
    new_each_window: usize,
    new_left: usize,
    mixes: bool,
    turn: bool,
}

impl Supply {
    /// Makes the objects that are read or overwritten, and renders all requests.
    fn prepare(row: &Row, place: &Place<'_>, options: &Options) -> anyhow::Result<Self> {
        let key = |kind: &str, number: usize| format!("{}/{kind}-{number:06}", row.id);
        let body = |seed: usize| {
            let block =
                files::bytes(seed as u64, usize::try_from(row.size.min(BLOCK_BYTES)).unwrap_or(usize::MAX));
            Body::repeated(block, row.size)
        };
        let (objects, new_each_window) = match row.method {
            Method::Get { objects } => (objects, 0),
            Method::Put { new: 0 } => (2, 0),
            Method::Put { new } => (new, new),
        };
        let keys: Vec<String> = (0..objects).map(|number| key("old", number)).collect();
        let targets = place.targets("PUT", &keys)?;
        let old: Vec<_> =
            targets.iter().enumerate().map(|(seed, target)| place.put(target, body(seed % 64))).collect();
        let mut filling = old.iter().cloned();
        let load = Load {
            address: place.address,
            connections: row.connections,
            duration: None,
            awake: options.awake,
        };
        drive(&load, &mut || filling.next()).context("storing the objects")?;
        let mut supply = Supply {
            old,
            next_old: 0,
            new: Vec::new().into_iter(),
            new_each_window,
            new_left: 0,
            mixes: new_each_window > 0,
            turn: false,
        };
        if let Method::Get { .. } = row.method {
            let targets = place.targets("GET", &keys)?;
            supply.old = targets
                .iter()
                .enumerate()
                .map(|(seed, target)| {
                    let length = usize::try_from(row.size).unwrap_or(usize::MAX);
                    let block = files::bytes((seed % 64) as u64, length.min(BLOCK_BYTES as usize));
                    let bytes = block.iter().copied().cycle().take(length).collect();
                    let expected =
                        Expected { statuses: GET_STATUSES, length: Some(row.size), bytes: Some(bytes) };
                    Arc::new(Exchange::new("GET", target, place.address, Body::none(), expected))
                })
                .collect();
        }
        let new: Vec<String> =
            (0..new_each_window * options.windows).map(|number| key("new", number)).collect();
        if !new.is_empty() {
            let targets = place.targets("PUT", &new)?;
            let bodies: Vec<Body> = (0..64).map(body).collect();
            let bodies = bodies.iter().cycle();
            supply.new = targets
                .iter()
                .zip(bodies)
                .map(|(target, body)| place.put(target, body.clone()))
                .collect::<Vec<_>>()
                .into_iter();
        }
        Ok(supply)
    }

    fn begin_window(&mut self) {
        self.new_left = self.new_each_window;
    }

    /// The next one that may be asked again.
    fn old(&mut self) -> Option<Arc<Exchange>> {
        let exchange = self.old.get(self.next_old % self.old.len().max(1)).cloned();
        self.next_old += 1;
        exchange
    }

    /// The next one of a window: of uploads every second makes an object, and when those are used up the window ends.
    fn next(&mut self) -> Option<Arc<Exchange>> {
        self.turn = !self.turn;
        if !self.mixes || self.turn {
            return self.old();
        }
        if self.new_left == 0 {
            return None;
        }
        self.new_left -= 1;
        self.new.next()
    }
}
