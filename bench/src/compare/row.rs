//! What is measured: one row of the table each.

/// A request that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read one of so many objects, in turn.
    Get {
        /// How many.
        objects: usize,
    },
    /// Make new objects and overwrite old ones, in turn.
    Put {
        /// How many new ones a window may make at most. None: the first two are overwritten again and again.
        new: usize,
    },
}

/// What the figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds of processor time a request.
    MicrosecondsPerRequest,
    /// Seconds of processor time for each GiB.
    SecondsPerGib,
}

/// A row.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What `--only` calls it.
    pub id: &'static str,
    /// What the table calls it.
    pub title: &'static str,
    /// What is asked.
    pub method: Method,
    /// The length of each object.
    pub size: u64,
    /// How many connections ask at the same time.
    pub connections: usize,
    /// What the figure counts.
    pub unit: Unit,
    /// What it should be.
    pub wanted: &'static str,
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// All rows.
pub const ROWS: &[Row] = &[
    Row {
        id: "get-1k",
        title: "GET 1 KiB, 100 URLs",
        method: Method::Get { objects: 100 },
        size: KIB,
        connections: 16,
        unit: Unit::MicrosecondsPerRequest,
        wanted: "≤ 1.0x nginx",
    },
    Row {
        id: "get-64k",
        title: "GET 64 KiB, 100 URLs",
        method: Method::Get { objects: 100 },
        size: 64 * KIB,
        connections: 16,
        unit: Unit::MicrosecondsPerRequest,
        wanted: "≤ 1.2x nginx",
    },
    Row {
        id: "get-10m",
        title: "GET 10 MiB, CPU per GiB",
        method: Method::Get { objects: 8 },
        size: 10 * MIB,
        connections: 4,
        unit: Unit::SecondsPerGib,
        wanted: "≤ 2x nginx",
    },
    Row {
        id: "put-1k",
        title: "PUT 1 KiB",
        method: Method::Put { new: 5000 },
        size: KIB,
        connections: 16,
        unit: Unit::MicrosecondsPerRequest,
        wanted: "≤ 100 µs, flushed",
    },
    Row {
        id: "put-64k",
        title: "PUT 64 KiB",
        method: Method::Put { new: 1500 },
        size: 64 * KIB,
        connections: 16,
        unit: Unit::MicrosecondsPerRequest,
        wanted: "≤ 300 µs, flushed",
    },
    Row {
        id: "put-256m",
        title: "PUT 256 MiB, CPU per GiB",
        method: Method::Put { new: 0 },
        size: 256 * MIB,
        connections: 1,
        unit: Unit::SecondsPerGib,
        wanted: "≤ 3.5 s",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let names: HashSet<&str> = ROWS.iter().map(|row| row.id).collect();
        assert_eq!(names.len(), ROWS.len());
    }
}
