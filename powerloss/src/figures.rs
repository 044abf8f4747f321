//! What a run counts, and how it says so.

use std::collections::BTreeMap;
use std::fmt;

use crate::device::{Event, Recording};
use crate::kinds::KINDS;
use crate::verify::{Fault, Finding};

/// What is said of a run at most, so that a broken store does not fill the screen.
const DETAILS: usize = 20;

/// The figures of one part of a run.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) images: usize,
    pub(crate) faulty_images: usize,
    /// Acknowledged writes that the images were held against, all together.
    pub(crate) held: u64,
    faults: BTreeMap<Fault, usize>,
    details: Vec<String>,
}

impl Figures {
    /// Counts one image.
    pub(crate) fn add(&mut self, acknowledged: u64, findings: &[Finding], where_kept: &str) {
        self.images += 1;
        self.held += acknowledged;
        self.faulty_images += usize::from(!findings.is_empty());
        for finding in findings {
            *self.faults.entry(finding.fault).or_default() += 1;
            if self.details.len() < DETAILS {
                self.details.push(format!("{:?} in {where_kept}: {}", finding.fault, finding.what));
            }
        }
    }

    /// Adds the figures of another part.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.images += other.images;
        self.faulty_images += other.faulty_images;
        self.held += other.held;
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        self.details.extend(other.details);
    }

    /// One line of figures.
    pub(crate) fn line(&self, name: &str) -> String {
        let count = |fault| self.faults.get(&fault).copied().unwrap_or(0);
        format!(
            "{name}: {} images, {} of them faulty; held against {} acknowledged writes: {} lost, {} wrong bytes; {} \
             stores not opened, {} file systems not mounted, {} otherwise",
            self.images,
            self.faulty_images,
            self.held,
            count(Fault::Lost),
            count(Fault::WrongBytes),
            count(Fault::NotOpened),
            count(Fault::NotMounted),
            count(Fault::Other),
        )
    }

    /// What was found, up to a limit.
    pub(crate) fn details(&self) -> &[String] {
        &self.details
    }
}

/// What the workloads were, all together.
#[derive(Default)]
pub(crate) struct Totals {
    kinds: BTreeMap<&'static str, usize>,
    acknowledged: usize,
    writes: usize,
    flushes: usize,
}

impl Totals {
    /// Counts one recording.
    pub(crate) fn add(&mut self, recording: &Recording) {
        for event in &recording.events {
            match event {
                Event::Write { .. } => self.writes += 1,
                Event::Flush => self.flushes += 1,
                Event::Acknowledged(_) => self.acknowledged += 1,
                Event::Begun(operation) => *self.kinds.entry(operation.kind).or_default() += 1,
            }
        }
    }

    /// Kinds of write that no workload made.
    pub(crate) fn never_done(&self) -> Vec<&'static str> {
        KINDS.iter().map(|kind| kind.name).filter(|name| !self.kinds.contains_key(name)).collect()
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kinds, acknowledged, writes, flushes } = self;
        write!(
            f,
            "recorded: {acknowledged} acknowledged writes, {writes} disk writes, {flushes} flushes; begun:"
        )?;
        let mut separator = " ";
        for (kind, count) in kinds {
            write!(f, "{separator}{count} {kind}")?;
            separator = ", ";
        }
        Ok(())
    }
}
