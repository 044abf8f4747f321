//! The table of figures.

use std::time::Duration;

use super::row::{Row, Unit};
use crate::table::{self, Style};

/// The figures of one server in one row: one a window.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    windows: Vec<f64>,
}

impl Figures {
    pub(super) fn add(&mut self, row: &Row, answers: u64, spent: Duration) {
        #[expect(clippy::cast_precision_loss)]
        let figure = match row.unit {
            Unit::MicrosecondsPerRequest => spent.as_secs_f64() * 1e6 / answers as f64,
            Unit::SecondsPerGib => spent.as_secs_f64() * (1u64 << 30) as f64 / (answers * row.size) as f64,
        };
        self.windows.push(figure);
    }

    /// The best window: what other processes of the machine disturbed least.
    fn best(&self) -> f64 {
        self.windows.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn median(&self) -> f64 {
        let mut sorted = self.windows.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// A table that grows line by line.
pub(super) struct Table {
    lines: Vec<Vec<String>>,
}

impl Table {
    /// Its heading; the first server is the one that all others are compared to.
    pub(super) fn new(servers: &[&str]) -> Self {
        let mut heading = vec!["best window (median)".to_owned()];
        heading.extend(servers.iter().map(|&name| name.to_owned()));
        if let Some((first, others)) = servers.split_first() {
            heading.extend(others.iter().map(|name| format!("{name} / {first}")));
        }
        heading.push("wanted".to_owned());
        Table { lines: vec![heading] }
    }

    /// A row of figures, one for each server.
    pub(super) fn row(&mut self, row: &Row, figures: &[Figures]) {
        let unit = match row.unit {
            Unit::MicrosecondsPerRequest => "µs",
            Unit::SecondsPerGib => "s",
        };
        let digits = if row.unit == Unit::SecondsPerGib { 2 } else { 1 };
        let mut line = vec![row.title.to_owned()];
        line.extend(
            figures
                .iter()
                .map(|figures| format!("{:.digits$} {unit} ({:.digits$})", figures.best(), figures.median())),
        );
        if let Some((first, others)) = figures.split_first() {
            line.extend(others.iter().map(|other| {
                format!("{:.2}x ({:.2}x)", other.best() / first.best(), other.median() / first.median())
            }));
        }
        line.push(row.wanted.to_owned());
        self.lines.push(line);
    }

    /// A row of something else than processor time.
    pub(super) fn plain(&mut self, title: &str, values: &[String], wanted: &str) {
        let mut line = vec![title.to_owned()];
        line.extend_from_slice(values);
        line.extend(values.iter().skip(1).map(|_| String::new()));
        line.push(wanted.to_owned());
        self.lines.push(line);
    }

    pub(super) fn write(&self, style: Style) -> String {
        table::write(&self.lines, style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::ROWS;

    #[test]
    fn the_best_window_and_the_median_are_told_with_their_ratios() {
        let row = ROWS.iter().find(|row| row.id == "get-1k").unwrap();
        let figures = |microseconds: &[u64]| {
            let mut figures = Figures::default();
            for &one in microseconds {
                figures.add(row, 1000, Duration::from_micros(one * 1000));
            }
            figures
        };
        let mut table = Table::new(&["nginx", "presign"]);
        table.row(row, &[figures(&[12, 10, 20]), figures(&[15, 9, 24])]);
        let text = table.write(Style::Markdown);
        assert!(text.contains("| 10.0 µs (12.0) | 9.0 µs (15.0) | 0.90x (1.25x) | ≤ 1.0x nginx |"), "{text}");
    }

    #[test]
    fn large_objects_are_told_by_the_gib() {
        let row = ROWS.iter().find(|row| row.id == "put-256m").unwrap();
        let mut figures = Figures::default();
        figures.add(row, 2, Duration::from_secs(1));
        assert!((figures.best() - 2.0).abs() < 1e-9);
    }
}
