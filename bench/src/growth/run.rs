//! The run: two stores, measured in turn.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io, iter};

use anyhow::{Context as _, ensure};
use presign_store::INLINE_LIMIT;

use super::client::{Choices, Client};
use super::population::Population;
use super::start::{Serving, serve};
use super::{fill, orphans, slow_disk};
use crate::load::{AWAKE, Body, Exchange, Load, Tally, drive, fetch};
use crate::process::{Cores, CpuReading, Memory, Profile};
use crate::table::{self, Style};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// The time from a start to the first answer.
    Start,
    /// GETs of random keys.
    Get,
    /// PUTs, half of them of new keys.
    Put,
    /// Pages of listings.
    List,
    /// A pass of the orphan collector.
    Orphans,
    /// Reads beside writes that wait for a slow disk.
    SlowDisk,
}

/// How the run goes.
#[derive(Debug, Clone)]
pub struct Options {
    /// The `presign` to measure.
    pub program: PathBuf,
    /// Where the filled stores are kept, for the next run too.
    pub folder: PathBuf,
    /// The small store and the large one.
    pub populations: [Population; 2],
    /// What is measured; everything, if it is empty.
    pub only: Vec<Part>,
    /// A folder for what `perf` sees of the requests.
    pub profile: Option<PathBuf>,
    /// How many windows each store gets.
    pub windows: usize,
    /// How long each window is.
    pub window: Duration,
    /// How the tables are written.
    pub style: Style,
}

const CONNECTIONS: usize = 16;
/// New objects in one window: few, so that the small store stays small.
const PUTS_A_WINDOW: u64 = 2000;
const LISTINGS: u64 = 200;
const FEW: u64 = 1000;
const STARTS: usize = 10;

/// Reads a file, so that the kernel has it in memory, as that of a machine that has served it for a while has. A filled
/// store of an earlier run would be measured together with the disk.
fn keep_in_memory(file: &Path) -> anyhow::Result<()> {
    let mut file = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    io::copy(&mut file, &mut io::sink())?;
    Ok(())
}

/// A store under measurement.
struct Place {
    population: Population,
    serving: Serving,
    client: Client,
    choices: Choices,
    puts: u64,
}

/// What is listed: a name, the parameters, and how many entries the page must have.
type Listing = (&'static str, fn(&Population, u64) -> Vec<(&'static str, String)>, &'static str);

const LISTINGS_OF: [Listing; 3] = [
    (
        "listing, 1,000 keys from anywhere",
        |population, choice| {
            // Not so near the end that the page is short.
            let number = choice % population.objects.saturating_sub(2000).max(1);
            vec![("start-after", population.key(number))]
        },
        "<Key>",
    ),
    (
        "listing, 1,000 keys, delimiter, of a fifth of all under one prefix",
        |population, choice| {
            let number = choice % population.flat().saturating_sub(1000).max(1);
            let prefix = Population::FLAT.to_owned();
            vec![("prefix", prefix), ("delimiter", "/".to_owned()), ("start-after", population.key(number))]
        },
        "<Key>",
    ),
    (
        "listing, 1,000 folders, delimiter",
        |_, _| vec![("prefix", Population::TREE.to_owned()), ("delimiter", "/".to_owned())],
        "<CommonPrefixes>",
    ),
];

/// Fills what is not filled, measures, and hands each table over as soon as it is there.
///
/// # Errors
/// A store that fails, or answers wrongly.
pub fn measure(options: &Options, say: &dyn Fn(&str)) -> anyhow::Result<()> {
    let mut lines = vec![heading(&options.populations)];
    let data: Vec<PathBuf> = options
        .populations
        .iter()
        .map(|population| filled(&options.folder, *population))
        .collect::<Result<_, _>>()?;
    for data in &data {
        keep_in_memory(&data.join("metadata.sqlite"))?;
    }
    // Filling used both cores.
    let cores = Cores::choose()?;
    let is_wanted = |part: Part| options.only.is_empty() || options.only.contains(&part);
    if is_wanted(Part::Start) {
        lines.push(starts(options, &data, cores)?);
    }
    let mut places = Vec::new();
    for (population, data) in options.populations.iter().zip(&data) {
        let serving = serve(&options.program, data, cores, &[])?;
        let client = Client::new(serving.address)?;
        places.push(Place { population: *population, serving, client, choices: Choices::new(1), puts: 0 });
    }
    if is_wanted(Part::Get) {
        lines.extend(requests(
            "GET 1 KiB, the same thousand keys",
            &mut places,
            options,
            Place::next_get_of_few,
        )?);
        lines.extend(requests("GET 1 KiB, random keys", &mut places, options, Place::next_get)?);
    }
    if is_wanted(Part::Put) {
        lines.extend(requests("PUT 1 KiB, half new", &mut places, options, Place::next_put)?);
    }
    if is_wanted(Part::List) {
        for listing in &LISTINGS_OF {
            lines.push(listings(listing, &mut places)?);
        }
    }
    let memory =
        places.iter().map(|place| Memory::of(place.serving.process.id())).collect::<Result<Vec<_>, _>>()?;
    let mebibytes = |bytes: u64| format!("{} MiB", bytes.div_ceil(1 << 20));
    lines.push(plain(
        "resident after that",
        memory.iter().map(|memory| mebibytes(memory.resident)),
        "≤ 64 MiB",
    ));
    for place in places {
        place.serving.process.stop()?;
    }
    if is_wanted(Part::Orphans) {
        lines.push(passes(&data)?);
    }
    let sizes = data.iter().map(|data| Ok(fs::metadata(data.join("metadata.sqlite"))?.len()));
    let sizes = sizes.collect::<anyhow::Result<Vec<_>>>().context("the database's size")?;
    lines.push(plain("the database", sizes.into_iter().map(mebibytes), ""));
    say(&table::write(&lines, options.style));
    if is_wanted(Part::SlowDisk) {
        say(&slow(options, &data, cores)?);
    }
    Ok(())
}

/// The folder of a store that is filled; it is filled if it is not.
fn filled(folder: &Path, population: Population) -> anyhow::Result<PathBuf> {
    let data = folder.join(format!("{}-objects", population.objects));
    let mark = folder.join(format!("{}-objects-and-{}-blobs.filled", population.objects, population.blobs));
    if !mark.exists() {
        if data.exists() {
            fs::remove_dir_all(&data).with_context(|| format!("{} cannot be emptied", data.display()))?;
        }
        fs::create_dir_all(&data)?;
        eprintln!("filling {}", data.display());
        fill(&data, population).with_context(|| format!("filling {}", data.display()))?;
        fs::write(mark, "")?;
    }
    Ok(data)
}

impl Place {
    fn next_get(&mut self) -> anyhow::Result<Arc<Exchange>> {
        let choice = self.choices.next();
        self.get(choice)
    }

    /// Of keys from everywhere, as many in a large store as in a small one.
    fn next_get_of_few(&mut self) -> anyhow::Result<Arc<Exchange>> {
        let apart = (self.population.readable_count() / FEW).max(1);
        let choice = self.choices.next() % FEW * apart;
        self.get(choice)
    }

    fn get(&self, choice: u64) -> anyhow::Result<Arc<Exchange>> {
        self.client.get(&self.population.key(self.population.readable(choice)), 1024)
    }

    /// Every second one makes an object, the others overwrite one.
    fn next_put(&mut self) -> anyhow::Result<Arc<Exchange>> {
        self.puts += 1;
        let choice = self.choices.next();
        let key = if self.puts.is_multiple_of(2) {
            format!("{}{:03}/new-{choice:012x}", Population::TREE, choice % 1000)
        } else {
            self.population.key(self.population.readable(choice))
        };
        self.client.put(&key, Body::repeated(Arc::from(*b"0123456789abcdef"), 1024))
    }

    /// Drives a load of rendered requests, since signing them would be part of the latency.
    fn drive(
        &self,
        exchanges: Vec<Arc<Exchange>>,
        connections: usize,
        duration: Duration,
    ) -> anyhow::Result<Tally> {
        let mut exchanges = exchanges.into_iter();
        let load =
            Load { address: self.client.address(), connections, duration: Some(duration), awake: AWAKE };
        drive(&load, &mut || exchanges.next())
    }

    fn spent(&self) -> anyhow::Result<CpuReading> {
        CpuReading::of(self.serving.process.id())
    }
}

/// Processor time at full load, and latency of one connection alone.
fn requests(
    title: &str,
    places: &mut [Place],
    options: &Options,
    next: fn(&mut Place) -> anyhow::Result<Arc<Exchange>>,
) -> anyhow::Result<Vec<Vec<String>>> {
    eprintln!("measuring {title}");
    let is_put = title.starts_with("PUT");
    let rendered =
        |place: &mut Place, count: u64| (0..count).map(|_| next(place)).collect::<anyhow::Result<Vec<_>>>();
    let mut processor = vec![Vec::new(); places.len()];
    let mut latencies = vec![Vec::new(); places.len()];
    for _ in 0..options.windows {
        for (index, place) in places.iter_mut().enumerate() {
            let count = if is_put { PUTS_A_WINDOW } else { 100_000 };
            let exchanges = rendered(place, count)?;
            let before = place.spent()?;
            let tally = place.drive(exchanges, CONNECTIONS, options.window)?;
            let spent = place.spent()?.since(before);
            #[expect(clippy::cast_precision_loss)]
            let each = spent.as_secs_f64() * 1e6 / tally.answers as f64;
            processor.get_mut(index).context("a store")?.push(each);
            let exchanges = rendered(place, if is_put { 300 } else { 5000 })?;
            let tally = place.drive(exchanges, 1, options.window)?;
            latencies.get_mut(index).context("a store")?.extend(tally.latencies);
        }
    }
    if let Some(folder) = &options.profile {
        profile(folder, title, places, options, next)?;
    }
    let best: Vec<f64> =
        processor.iter().map(|windows| windows.iter().copied().fold(f64::INFINITY, f64::min)).collect();
    let median = processor.iter().map(|windows| {
        let mut sorted = windows.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    });
    let cells = best.iter().zip(median).map(|(best, median)| format!("{best:.1} µs ({median:.1})"));
    let mut lines = vec![compared(&format!("{title}: CPU, best window (median)"), cells, &best, "≤ 1.3x")];
    for (name, share) in [("median", 0.5), ("p99", 0.99)] {
        let of = |latencies: &Vec<Duration>| {
            let tally = Tally { latencies: latencies.clone(), ..Tally::default() };
            tally.percentile(share).as_secs_f64() * 1e6
        };
        let values: Vec<f64> = latencies.iter().map(of).collect();
        let cells = values.iter().map(|value| format!("{value:.0} µs"));
        let wanted = if share < 0.9 { "≤ 1.3x" } else { "" };
        lines.push(compared(&format!("{title}: latency, one connection, {name}"), cells, &values, wanted));
    }
    Ok(lines)
}

/// One more window with `perf` beside it.
fn profile(
    folder: &Path,
    title: &str,
    places: &mut [Place],
    options: &Options,
    next: fn(&mut Place) -> anyhow::Result<Arc<Exchange>>,
) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let name = title.to_lowercase().replace(", ", "-").replace(' ', "-");
    for place in places {
        let exchanges = (0..100_000).map(|_| next(place)).collect::<anyhow::Result<Vec<_>>>()?;
        let file = folder.join(format!("{name}-{}-objects.data", place.population.objects));
        let profile = Profile::record(place.serving.process.id(), &file)?;
        place.drive(exchanges, CONNECTIONS, 3 * options.window)?;
        profile.finish()?;
        eprintln!("perf report --no-children --input {}", file.display());
    }
    Ok(())
}

fn listings((title, parameters, entry): &Listing, places: &mut [Place]) -> anyhow::Result<Vec<String>> {
    eprintln!("measuring {title}");
    let mut medians = Vec::new();
    let mut cells = Vec::new();
    for place in places {
        let mut exchanges = Vec::new();
        for _ in 0..LISTINGS {
            let given = parameters(&place.population, place.choices.next());
            let given: Vec<(&str, &str)> =
                given.iter().map(|(name, value)| (*name, value.as_str())).collect();
            exchanges.push(place.client.list(&given)?);
        }
        let first = exchanges.first().context("a listing")?;
        let page = String::from_utf8(fetch(place.client.address(), first)?)?;
        let entries = page.matches(entry).count();
        ensure!(entries == 1000, "{title}: the page has {entries} entries instead of 1,000");
        let tally = place.drive(exchanges, 1, Duration::from_secs(60))?;
        let milliseconds = |share| tally.percentile(share).as_secs_f64() * 1e3;
        cells.push(format!("{:.2} ms (p99 {:.2})", milliseconds(0.5), milliseconds(0.99)));
        medians.push(milliseconds(0.5));
    }
    Ok(compared(title, cells.into_iter(), &medians, "≤ 5 ms"))
}

fn starts(options: &Options, data: &[PathBuf], cores: Cores) -> anyhow::Result<Vec<String>> {
    eprintln!("measuring starts");
    let mut best = Vec::new();
    let mut cells = Vec::new();
    for data in data {
        let mut times = Vec::new();
        for _ in 0..STARTS {
            let serving = serve(&options.program, data, cores, &[])?;
            times.push(serving.started_in.as_secs_f64() * 1e3);
            serving.process.stop()?;
        }
        times.sort_by(f64::total_cmp);
        let at = |index: usize| times.get(index).copied().unwrap_or(f64::NAN);
        cells.push(format!("{:.1} ms (worst {:.1})", at(0), at(times.len() - 1)));
        best.push(at(0));
    }
    Ok(compared("first answer after start, best of 10", cells.into_iter(), &best, "≤ 1 s"))
}

fn passes(data: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let mut cells = Vec::new();
    for data in data {
        let pass = orphans::pass(data)?;
        cells.push(format!(
            "{} blobs: {:.2} s, {:.2} s of CPU",
            pass.collected.examined,
            pass.took.as_secs_f64(),
            pass.spent.as_secs_f64()
        ));
    }
    Ok(plain("a pass of the orphan collector", cells.into_iter(), ""))
}

fn slow(options: &Options, data: &[PathBuf], cores: Cores) -> anyhow::Result<String> {
    let (Some(population), Some(data)) = (options.populations.last(), data.last()) else {
        return Ok(String::new());
    };
    eprintln!("measuring a mixed load on a slow disk");
    let duration = options.window * 5;
    let blob_bytes = INLINE_LIMIT as u64 + 1;
    let mixed = slow_disk::mixed(&options.program, data, *population, blob_bytes, cores, duration)?;
    let told = |tally: &Tally| {
        let milliseconds = |share| format!("{:.2} ms", tally.percentile(share).as_secs_f64() * 1e3);
        vec![
            tally.answers.to_string(),
            milliseconds(0.5),
            milliseconds(0.99),
            milliseconds(0.999),
            milliseconds(1.0),
        ]
    };
    let title = format!("every flush takes {} ms more", slow_disk::FLUSH_MILLISECONDS);
    let line = |name: &str, tally: &Tally| iter::once(name.to_owned()).chain(told(tally)).collect::<Vec<_>>();
    let heading =
        [title.as_str(), "answers", "median", "p99", "p99.9", "slowest"].map(str::to_owned).to_vec();
    let lines = [
        heading,
        line("reads, nobody writes", &mixed.reads_alone),
        line("reads, beside the writes", &mixed.reads),
        line("writes", &mixed.writes),
    ];
    Ok(table::write(&lines, options.style))
}

fn heading(populations: &[Population]) -> Vec<String> {
    let names = populations.iter().map(|population| format!("{} objects", population.objects));
    let ends = ["ratio".to_owned(), "wanted".to_owned()];
    iter::once("growth".to_owned()).chain(names).chain(ends).collect()
}

fn plain(title: &str, cells: impl Iterator<Item = String>, wanted: &str) -> Vec<String> {
    iter::once(title.to_owned()).chain(cells).chain([String::new(), wanted.to_owned()]).collect()
}

/// A line with the ratio of the last value to the first.
fn compared(title: &str, cells: impl Iterator<Item = String>, values: &[f64], wanted: &str) -> Vec<String> {
    let ratio = values.last().zip(values.first()).map_or(f64::NAN, |(last, first)| last / first);
    let ends = [format!("{ratio:.2}x"), wanted.to_owned()];
    iter::once(title.to_owned()).chain(cells).chain(ends).collect()
}
