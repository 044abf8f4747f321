//! A table, for a terminal or as Markdown.

use std::fmt::Write as _;

/// How the table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Columns of equal width.
    Text,
    /// Markdown.
    Markdown,
}

/// Writes lines of cells, the heading first.
pub(crate) fn write(lines: &[Vec<String>], style: Style) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        let written = match style {
            Style::Text => writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end()),
            Style::Markdown => writeln!(text, "| {} |", line.join(" | ")),
        };
        // Nothing is refused by a String.
        debug_assert!(written.is_ok());
        if number == 0 && style == Style::Markdown {
            text.push_str(&"|---".repeat(columns));
            text.push_str("|\n");
        }
    }
    text
}
