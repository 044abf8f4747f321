//! What a command says on standard error besides its result.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Writes a line. Where standard error cannot be written, nobody is there to be told, and the work is not undone for it:
/// the exit code says how it ended. (`eprintln!` panics there.)
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
