//! What a disk may hold after the power was lost.

use crate::device::{Event, Recording};
use crate::disk::{Disk, pieces};
use crate::history::Expectations;

/// What is left after one loss of power, and what must be found on it.
pub(crate) struct Crash {
    pub(crate) disk: Disk,
    pub(crate) expectations: Expectations,
    /// How many of the recorded events had happened.
    pub(crate) at: usize,
}

/// Chooses moments to lose the power at: half of them right after an acknowledgement, where a store that answers too
/// early is caught; the others right after a write, or anywhere.
pub(crate) fn choose_moments(events: &[Event], count: usize, random: &mut fastrand::Rng) -> Vec<usize> {
    let after = |wanted: fn(&Event) -> bool| -> Vec<usize> {
        events.iter().enumerate().filter(|(_, event)| wanted(event)).map(|(at, _)| at + 1).collect()
    };
    let acknowledgements = after(|event| matches!(event, Event::Acknowledged(_)));
    let writes = after(|event| matches!(event, Event::Write { .. }));
    let mut moments: Vec<usize> = (0..count)
        .map(|number| {
            let from = if number % 2 == 0 { &acknowledgements } else { &writes };
            match random.choice(from) {
                Some(at) if number % 4 != 3 => *at,
                _ => random.usize(..=events.len()),
            }
        })
        .collect();
    moments.sort_unstable();
    moments
}

/// Loses the power at each moment, in their order: everything before the last flush is there, and of the writes since
/// then what chance leaves.
pub(crate) fn crashes<'a>(
    recording: &'a Recording,
    before: Expectations,
    moments: &'a [usize],
    random: &'a mut fastrand::Rng,
) -> impl Iterator<Item = Crash> + 'a {
    let mut durable = recording.initial.clone();
    let mut expectations = before;
    let mut since_flush: Vec<&Event> = Vec::new();
    let mut events = recording.events.iter();
    let mut seen = 0;
    moments.iter().map(move |&at| {
        for event in events.by_ref().take(at - seen) {
            expectations.follow(event);
            match event {
                Event::Write { .. } => since_flush.push(event),
                Event::Flush => since_flush.drain(..).for_each(|write| apply(&mut durable, write, || true)),
                Event::Begun(_) | Event::Acknowledged(_) => {}
            }
        }
        seen = at;
        let mut disk = durable.clone();
        lose(&mut disk, &since_flush, random);
        Crash { disk, expectations: expectations.clone(), at }
    })
}

/// Applies what chance leaves of the writes that no flush covers: each is there, not there, or torn at the borders of
/// pages.
fn lose(disk: &mut Disk, writes: &[&Event], random: &mut fastrand::Rng) {
    // From a disk that lost everything to one that lost next to nothing.
    let survival = random.u8(..=10);
    for write in writes {
        let is_torn = random.u8(..4) == 0;
        let is_kept = random.u8(..10) < survival;
        apply(disk, write, || if is_torn { random.bool() } else { is_kept });
    }
}

/// Writes those pages of a write that are to be kept.
fn apply(disk: &mut Disk, write: &Event, mut keep: impl FnMut() -> bool) {
    let Event::Write { offset, bytes } = write else { return };
    let mut done = 0;
    for (_, _, piece) in pieces(*offset, bytes.len()) {
        if let Some(bytes) = bytes.get(done..done + piece).filter(|_| keep()) {
            disk.write(offset + done as u64, bytes);
        }
        done += piece;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::PAGE;

    fn write(offset: u64, byte: u8, pages: usize) -> Event {
        Event::Write { offset, bytes: vec![byte; pages * PAGE].into() }
    }

    #[test]
    fn what_was_flushed_is_there_and_what_was_not_may_be_lost_by_the_page() {
        let initial = Disk::new(8 * PAGE as u64);
        let events = vec![write(0, 1, 2), Event::Flush, write(4 * PAGE as u64, 2, 3), write(0, 3, 1)];
        let recording = Recording { initial, events };
        let mut random = fastrand::Rng::with_seed(3);
        let moments = vec![3; 300];
        let (mut whole, mut lost, mut torn) = (0, 0, 0);
        for crash in crashes(&recording, Expectations::default(), &moments, &mut random) {
            assert_eq!(
                crash.disk.read(0, 2 * PAGE),
                vec![1; 2 * PAGE],
                "the write behind the moment is not there"
            );
            let pages: Vec<u8> = (4..7).map(|page| crash.disk.read(page * PAGE as u64, PAGE)[7]).collect();
            match pages.as_slice() {
                [2, 2, 2] => whole += 1,
                [0, 0, 0] => lost += 1,
                _ => torn += 1,
            }
        }
        assert!(whole > 50 && lost > 50 && torn > 20, "{whole} whole, {lost} lost, {torn} torn");
    }

    #[test]
    fn a_moment_before_the_flush_and_one_at_the_end() {
        let initial = Disk::new(PAGE as u64);
        let recording = Recording { initial, events: vec![write(0, 1, 1), Event::Flush] };
        let mut random = fastrand::Rng::with_seed(4);
        let crashes: Vec<_> = crashes(&recording, Expectations::default(), &[0, 2], &mut random).collect();
        assert_eq!(crashes.iter().map(|crash| crash.disk.read(0, 1)[0]).collect::<Vec<_>>(), [0, 1]);
    }
}
