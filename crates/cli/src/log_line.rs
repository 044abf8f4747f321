//! A line of the log as text, written fast: there is one with every request.

use std::cell::RefCell;
use std::fmt::{self, Debug, Write};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// `2026-11-21T17:15:42.000000Z  INFO target: message name=value name="text"`: what `tracing_subscriber` writes by itself,
/// in a fifth of the instructions. There are no spans in this program, so none are written.
pub(crate) struct LogLine;

impl<S, N> FormatEvent<S, N> for LogLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        write_time(&mut writer, Timestamp::now())?;
        writer.write_str(match *metadata.level() {
            tracing::Level::ERROR => " ERROR ",
            tracing::Level::WARN => "  WARN ",
            tracing::Level::INFO => "  INFO ",
            tracing::Level::DEBUG => " DEBUG ",
            tracing::Level::TRACE => " TRACE ",
        })?;
        writer.write_str(metadata.target())?;
        writer.write_char(':')?;
        let mut fields = Fields { writer: &mut writer, outcome: Ok(()) };
        event.record(&mut fields);
        fields.outcome?;
        writer.write_char('\n')
    }
}

/// A second and its text up to the dot.
struct Second {
    second: i64,
    text: String,
}

thread_local! {
    static SECOND: RefCell<Second> = const { RefCell::new(Second { second: i64::MIN, text: String::new() }) };
}

/// RFC 3339 in UTC with microseconds. The calendar is asked once a second.
fn write_time(writer: &mut impl Write, now: Timestamp) -> fmt::Result {
    let micros = now.as_microsecond();
    let (second, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    SECOND.with_borrow_mut(|known| {
        if known.second != second {
            let whole = Timestamp::from_second(second).unwrap_or_default();
            known.text = whole.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            known.second = second;
        }
        writer.write_str(&known.text)
    })?;
    write!(writer, ".{fraction:06}Z")
}

/// Writes the fields of an event one after the other: the message bare, the others behind their names.
struct Fields<'w, W> {
    writer: &'w mut W,
    outcome: fmt::Result,
}

impl<W: Write> Fields<'_, W> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut Escaped<'_, W>) -> fmt::Result) {
        if self.outcome.is_ok() {
            self.outcome = self.try_write(field, value);
        }
    }

    fn try_write(
        &mut self,
        field: &Field,
        value: impl FnOnce(&mut Escaped<'_, W>) -> fmt::Result,
    ) -> fmt::Result {
        self.writer.write_char(' ')?;
        if field.name() != "message" {
            self.writer.write_str(field.name())?;
            self.writer.write_char('=')?;
        }
        value(&mut Escaped(self.writer))
    }
}

impl<W: Write> Visit for Fields<'_, W> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, |out| write!(out, "{value:?}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, |Escaped(out)| write!(out, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        self.write(field, |Escaped(out)| {
            if value.bytes().all(is_plain) {
                out.write_char('"')?;
                out.write_str(value)?;
                out.write_char('"')
            } else {
                write!(out, "{value:?}")
            }
        });
    }
}

/// Escapes control characters. What strangers wrote must end no line, and command no terminal.
struct Escaped<'w, W>(&'w mut W);

impl<W: Write> Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !text.chars().any(char::is_control) {
            return self.0.write_str(text);
        }
        text.chars().try_for_each(|character| match character.is_control() {
            true => write!(self.0, "{}", character.escape_default()),
            false => self.0.write_char(character),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn events() {
        tracing::info!(target: "t::access", request_id = %"A1", status = 200, error = "-", ms = 7_u64, share = 0.5, on = true);
        tracing::warn!(path = "a \"b\" \\ \u{e9}\n", "could not {}", "write");
        tracing::error!(reason = ?Some(-1), "why");
        tracing::info!(forged = %"x\n2026-11-21T17:15:42.000000Z  INFO t: all is well\u{1b}[2J", "end");
    }

    /// What is logged by the events, without the times.
    fn lines(subscriber: impl Subscriber + Send + Sync, kept: &Kept) -> Vec<String> {
        tracing::subscriber::with_default(subscriber, events);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line["2026-11-21T17:15:42.000000Z".len()..].to_owned()).collect()
    }

    #[test]
    fn writes_what_the_default_format_writes() {
        let (ours, theirs) = (Kept::default(), Kept::default());
        let builder = || tracing_subscriber::fmt().with_ansi(false);
        let (writer, kept) = (ours.clone(), ours);
        let ours = lines(builder().event_format(LogLine).with_writer(move || writer.clone()).finish(), &kept);
        let (writer, kept) = (theirs.clone(), theirs);
        let theirs = lines(builder().with_writer(move || writer.clone()).finish(), &kept);
        assert_eq!(ours[..3], theirs[..3]);
        assert_eq!(ours.len(), 4, "a stranger ended a line: {ours:?}");
        assert!(ours[3].contains(r"x\n2026") && !ours[3].contains('\u{1b}'), "{}", ours[3]);
    }

    #[test]
    fn times_are_rfc_3339_with_microseconds() {
        for (nanosecond, expected) in [
            (1_795_281_342_000_000_000, "2026-11-21T17:15:42.000000Z"),
            (1_795_281_342_999_999_999, "2026-11-21T17:15:42.999999Z"),
            (1_795_281_343_000_001_000, "2026-11-21T17:15:43.000001Z"),
            (-1_000, "1969-12-31T23:59:59.999999Z"),
        ] {
            let mut text = String::new();
            write_time(&mut text, Timestamp::from_nanosecond(nanosecond).unwrap()).unwrap();
            assert_eq!(text, expected);
        }
    }
}
