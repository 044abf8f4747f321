use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

/// Passes on what is written. It stalls while it is told to, and fails while it is told to.
struct Told {
    written: Sender<Vec<u8>>,
    gate: Arc<Mutex<()>>,
    fails: Arc<AtomicBool>,
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _open = self.gate.lock().unwrap();
        if self.fails.load(Ordering::SeqCst) {
            return Err(ErrorKind::StorageFull.into());
        }
        self.written.send(bytes.to_vec()).map(|()| bytes.len()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Tested {
    log: GatheredLog,
    end: LogEnd,
    writes: Receiver<Vec<u8>>,
    gate: Arc<Mutex<()>>,
    fails: Arc<AtomicBool>,
}

fn tested() -> Tested {
    let (written, writes) = channel();
    let (gate, fails) = (Arc::default(), Arc::default());
    let out = Told { written, gate: Arc::clone(&gate), fails: Arc::clone(&fails) };
    let reporter = Arc::new(Mutex::new(None::<GatheredLog>));
    let log_of_report = Arc::clone(&reporter);
    let report = move |lost| {
        if let Some(log) = &*log_of_report.lock().unwrap() {
            log.say(&format!("{lost} lost\n"));
        }
    };
    let (log, end) = GatheredLog::begin(out, report).unwrap();
    *reporter.lock().unwrap() = Some(log.clone());
    Tested { log, end, writes, gate, fails }
}

fn line(log: &GatheredLog, text: &str, is_urgent: bool) {
    Line { shared: &log.0, is_urgent }.write_all(text.as_bytes()).unwrap();
}

/// Everything that is written up to `end`.
fn written_up_to(writes: &Receiver<Vec<u8>>, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        text.push_str(std::str::from_utf8(&writes.recv().unwrap()).unwrap());
    }
    text
}

#[test]
fn a_line_arrives_although_no_other_follows() {
    let tested = tested();
    line(&tested.log, "one\n", false);
    assert_eq!(tested.writes.recv().unwrap(), b"one\n");
    line(&tested.log, "two\n", false);
    assert_eq!(tested.writes.recv().unwrap(), b"two\n");
}

#[test]
fn nothing_is_lost_or_out_of_order_and_most_lines_share_a_write() {
    let tested = tested();
    let lines: Vec<String> = (0..10_000).map(|at| format!("line {at}\n")).collect();
    for (at, text) in lines.iter().enumerate() {
        line(&tested.log, text, at == 5_000);
    }
    drop(tested.end);
    let writes: Vec<Vec<u8>> = tested.writes.try_iter().collect();
    assert!(writes.len() < 5_000, "{} writes", writes.len());
    assert_eq!(writes.concat(), lines.concat().into_bytes());
}

#[test]
fn a_warning_waits_for_no_other_line() {
    let hour = Duration::from_secs(3600);
    let (written, writes) = channel();
    let out = Told { written, gate: Arc::default(), fails: Arc::default() };
    let (log, _end) = GatheredLog::begin_with_patience(out, |_| {}, hour).unwrap();
    line(&log, "request\n", false);
    line(&log, "warning\n", true);
    assert_eq!(written_up_to(&writes, "warning\n"), "request\nwarning\n");
}

#[test]
fn a_reader_that_stalls_stops_nobody_and_learns_what_it_missed() {
    let tested = tested();
    let stalled = tested.gate.lock().unwrap();
    let text = format!("{}\n", "x".repeat(1023));
    // What the stuck write took with it, and a full queue, are kept; of twice as much the rest must go.
    let sent = 4 * QUEUE_BYTES / text.len();
    for _ in 0..sent {
        line(&tested.log, &text, true);
    }
    assert!(tested.log.0.state().lines.len() <= QUEUE_BYTES);
    drop(stalled);
    let written = written_up_to(&tested.writes, "lost\n");
    let (lines, report) = written.split_at(written.rfind('x').unwrap() + 2);
    let lost: usize = report.strip_suffix(" lost\n").unwrap().parse().unwrap();
    assert!(lost > 0);
    assert_eq!(lines.len() / text.len() + lost, sent);
}

#[test]
fn a_reader_that_stalls_does_not_hold_up_the_end() {
    let tested = tested();
    let _stalled = tested.gate.lock().unwrap();
    line(&tested.log, "never read\n", true);
    // Would not return.
    drop(tested.end);
}

#[test]
fn what_a_full_disk_did_not_take_is_counted_and_told_once_it_has_room() {
    let tested = tested();
    tested.fails.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        line(&tested.log, "lost\n", true);
    }
    while tested.log.0.state().lost < 3 {
        std::thread::sleep(Duration::from_millis(1));
    }
    tested.fails.store(false, Ordering::SeqCst);
    line(&tested.log, "kept\n", true);
    assert_eq!(written_up_to(&tested.writes, "3 lost\n"), "kept\n3 lost\n");
}

#[test]
fn what_could_not_be_told_while_the_process_ran_is_told_at_its_end() {
    let tested = tested();
    tested.log.0.state().lost = 5;
    line(&tested.log, "last\n", false);
    drop(tested.end);
    assert_eq!(tested.writes.try_iter().collect::<Vec<_>>().concat(), b"last\n5 lost\n");
}

#[test]
fn a_line_that_was_cut_off_is_ended_before_the_next() {
    /// Takes three bytes, then nothing once, then all.
    struct Cut(Sender<Vec<u8>>, u32);
    impl Write for Cut {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            let taken = match self.1 {
                1 => 3,
                2 => return Err(ErrorKind::StorageFull.into()),
                _ => bytes.len(),
            };
            self.0.send(bytes[..taken].to_vec()).map(|()| taken).map_err(io::Error::other)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (written, writes) = channel();
    let (log, end) = GatheredLog::begin(Cut(written, 0), |_| {}).unwrap();
    line(&log, "first\n", true);
    assert_eq!(writes.recv().unwrap(), b"fir");
    while log.0.state().lost < 1 {
        std::thread::sleep(Duration::from_millis(1));
    }
    line(&log, "second\n", true);
    drop(end);
    assert_eq!(writes.try_iter().collect::<Vec<_>>().concat(), b"\nsecond\n");
}
