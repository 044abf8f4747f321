//! What a run counts, and how it says so.

use std::collections::BTreeMap;

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
