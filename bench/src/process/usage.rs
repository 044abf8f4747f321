//! What a process has used, by the kernel's account of it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

/// What /proc counts in, whatever the kernel's own clock: `USER_HZ`, 100 on every architecture that this runs on.
const TICK: Duration = Duration::from_millis(10);
/// By how much the two accounts of a window may differ through rounding: a tick at each end, for each process.
const ROUNDING: Duration = Duration::from_millis(40);

/// The processor time of a process and its children so far.
#[derive(Debug, Clone, Copy)]
pub struct CpuReading {
    /// Of the threads that live, exact to the nanosecond.
    threads: Duration,
    /// Of the processes, with the threads that have ended, in ticks of 10 ms.
    processes: Duration,
}

impl CpuReading {
    /// Reads the account of the process and of its children.
    ///
    /// # Errors
    /// When the process is over.
    pub fn of(process: u32) -> anyhow::Result<Self> {
        let mut reading = CpuReading { threads: Duration::ZERO, processes: Duration::ZERO };
        for id in family(process)? {
            let tasks = format!("/proc/{id}/task");
            for task in fs::read_dir(&tasks).with_context(|| format!("{tasks}: the server is over"))? {
                // A thread may end while its folder is read.
                let Ok(account) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
                let nanoseconds = account.split(' ').next().and_then(|first| first.parse().ok());
                reading.threads +=
                    Duration::from_nanos(nanoseconds.context("schedstat begins with no number")?);
            }
            let fields = stat_fields(id)?;
            let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u32>().ok());
            // utime and stime, counted from the field behind the name.
            let spent = ticks(11).zip(ticks(12)).map(|(user, system)| user + system);
            reading.processes += TICK * spent.context("/proc/PID/stat is not as expected")?;
        }
        Ok(reading)
    }

    /// The time spent since an earlier reading.
    ///
    /// A thread that ended in between has taken its exact account along; the processes' coarser one is right then.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let exact = self.threads.saturating_sub(earlier.threads);
        let coarse = self.processes.saturating_sub(earlier.processes);
        if coarse > exact + ROUNDING { coarse } else { exact }
    }
}

/// The resident memory of a process and its children, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Now.
    pub resident: u64,
    /// At the most.
    pub peak: u64,
}

impl Memory {
    /// Reads it.
    ///
    /// # Errors
    /// When the process is over.
    pub fn of(process: u32) -> anyhow::Result<Self> {
        let mut memory = Memory { resident: 0, peak: 0 };
        for id in family(process)? {
            let status = read(Path::new(&format!("/proc/{id}/status")))?;
            let bytes = |name: &str| -> anyhow::Result<u64> {
                let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                let kib = line.and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u64>().ok());
                Ok(kib.with_context(|| format!("/proc/{id}/status has no {name}"))? * 1024)
            };
            memory.resident += bytes("VmRSS")?;
            memory.peak += bytes("VmHWM")?;
        }
        Ok(memory)
    }
}

/// The process and all that descend from it.
pub(super) fn family(process: u32) -> anyhow::Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // Another process may end at any time.
        let Ok(fields) = stat_fields(id) else { continue };
        if let Some(parent) = fields.get(1).and_then(|field| field.parse::<u32>().ok()) {
            parents.push((id, parent));
        }
    }
    let mut family = vec![process];
    let mut next = 0;
    while let Some(&member) = family.get(next) {
        family.extend(parents.iter().filter(|(_, parent)| *parent == member).map(|(id, _)| *id));
        next += 1;
    }
    Ok(family)
}

/// The fields of /proc/PID/stat behind the name, which may hold anything: the state is the first.
fn stat_fields(process: u32) -> anyhow::Result<Vec<String>> {
    let stat = read(Path::new(&format!("/proc/{process}/stat")))?;
    let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat is not as expected")?;
    Ok(fields.split_whitespace().map(str::to_owned).collect())
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::thread;

    use super::*;

    /// Busy until the process has used this much more.
    fn work(until: impl Fn() -> bool) {
        while !until() {
            black_box((0..100_000u64).fold(0, |sum, number| sum ^ black_box(number)));
        }
    }

    #[test]
    fn the_time_of_a_thread_that_has_ended_is_counted() {
        let before = CpuReading::of(std::process::id()).unwrap();
        let spent = || CpuReading::of(std::process::id()).unwrap().since(before);
        thread::scope(|scope| {
            scope.spawn(|| work(|| spent() > Duration::from_millis(200)));
        });
        assert!(spent() >= Duration::from_millis(150), "{:?}", spent());
    }

    #[test]
    fn a_process_has_memory_and_a_peak_no_smaller() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.resident > 0 && memory.peak >= memory.resident, "{memory:?}");
    }
}
