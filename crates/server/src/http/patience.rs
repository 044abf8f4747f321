//! What a connection waits for, and how long the server goes along with it.
//!
//! The connection only says what it does, by plain stores into memory of its own: no clock is read and no timer is set for a
//! request. How long that has been going on is for the [`Watch`] to know, which looks at every connection now and then. So
//! limits are kept to the precision of its looks, and always on the client's side: what has lasted for less than its limit is
//! never cut off.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Timeouts;

/// What a client that is to send or to read must move within `timeouts.idle`. One byte a minute would hold a connection, a
/// file and a buffer for days, however small the object is.
const PACE_BYTES: u64 = 16 * 1024;
/// How long a connection is idle before it gives its buffers back.
const PARKED_AFTER: Duration = Duration::from_millis(500);
/// How long a stranger has for its first byte, and anyone for a head, before a newcomer may be given the place.
const GRACE: Duration = Duration::from_secs(1);

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// It waits for the first byte of a request.
    Idle,
    /// It has a part of a head.
    Head,
    /// The server is at work, and the client owes nothing.
    Working,
    /// It waits for more of a body.
    Body,
    /// It waits for the client to take more of an answer.
    Reader,
    /// The answer is complete, and the last of it is on its way to the socket.
    Leaving,
    /// It is over; what the client still sends is read and forgotten.
    Lingering,
}

impl Phase {
    /// Whether the client is the one to move bytes, at the pace that is asked of it.
    fn is_for_client_to_move(self) -> bool {
        matches!(self, Self::Body | Self::Reader | Self::Leaving)
    }
}

/// A phase of a certain request of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Situation(u64);

impl Situation {
    const PHASE_BITS: u32 = 3;

    fn new(answered: u64, phase: Phase) -> Self {
        Self(answered << Self::PHASE_BITS | phase as u64)
    }

    /// How many requests of the connection had their answers.
    fn answered(self) -> u64 {
        self.0 >> Self::PHASE_BITS
    }

    pub(super) fn phase(self) -> Phase {
        match self.0 & ((1 << Self::PHASE_BITS) - 1) {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Working,
            3 => Phase::Body,
            4 => Phase::Reader,
            5 => Phase::Leaving,
            _ => Phase::Lingering,
        }
    }
}

/// What a connection says of itself. Its own task writes, the watchdog reads; that a look comes too early for the latest store
/// is what the next look is for, so nothing here needs an order.
#[derive(Debug)]
pub(super) struct Patience {
    situation: AtomicU64,
    moved: AtomicU64,
    /// Whether a request of it was allowed.
    is_vouched_for: AtomicBool,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self {
            situation: AtomicU64::new(Situation::new(0, Phase::Idle).0),
            moved: AtomicU64::new(0),
            is_vouched_for: AtomicBool::new(false),
        }
    }

    pub(super) fn situation(&self) -> Situation {
        Situation(self.situation.load(Ordering::Relaxed))
    }

    pub(super) fn phase(&self) -> Phase {
        self.situation().phase()
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.situation.store(Situation::new(self.situation().answered(), phase).0, Ordering::Relaxed);
    }

    /// Bytes came from the client, or went to it.
    pub(super) fn moved(&self, bytes: usize) {
        self.moved.store(self.moved.load(Ordering::Relaxed).wrapping_add(bytes as u64), Ordering::Relaxed);
    }

    /// Somebody whose signature holds stands behind a request of it.
    pub(super) fn vouch(&self) {
        self.is_vouched_for.store(true, Ordering::Relaxed);
    }

    /// The last byte of an answer was handed over.
    pub(super) fn answer_ended(&self) {
        let next = Situation::new(self.situation().answered().wrapping_add(1), Phase::Leaving);
        self.situation.store(next.0, Ordering::Relaxed);
    }
}

/// What is to be done about a connection, if it is still in the situation that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Nothing,
    /// It has been idle for a while: its buffers can go.
    Park,
    /// It used up its time.
    Close,
}

/// How much a newcomer is preferred to a connection; the smallest goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    /// Never sent a byte, although it had the time to.
    Silent(Instant),
    /// Takes its time with a head, or to read a refusal; or over and not gone.
    Slow(Instant),
    /// Idle between two requests.
    Idle(Instant),
    /// Has just come.
    Fresh(Instant),
}

/// What the watchdog remembers of a connection from look to look.
#[derive(Debug)]
pub(super) struct Watch {
    seen: Situation,
    since: Instant,
    looked: Instant,
    /// What had been moved when the present window of the pace began.
    window: u64,
    /// How long, within that window, the client was the one to move.
    waited: Duration,
    /// When it was last told to park, or came, which is the same: it has no buffers before its first byte.
    parked: Situation,
}

impl Watch {
    pub(super) fn new(patience: &Patience, now: Instant) -> Self {
        let seen = patience.situation();
        Self { seen, since: now, looked: now, window: 0, waited: Duration::ZERO, parked: seen }
    }

    /// Looks at the connection. Gives what it saw, and what follows from it.
    pub(super) fn look(
        &mut self,
        patience: &Patience,
        now: Instant,
        timeouts: &Timeouts,
    ) -> (Situation, Verdict) {
        let before = std::mem::replace(&mut self.seen, patience.situation());
        let passed = now.duration_since(std::mem::replace(&mut self.looked, now));
        if self.seen != before {
            self.since = now;
        }
        let phase = self.seen.phase();
        let lasted = now.duration_since(self.since);
        let moved = patience.moved.load(Ordering::Relaxed);
        let is_other_request = self.seen.answered() != before.answered();
        let has_kept_pace = moved.wrapping_sub(self.window) >= PACE_BYTES;
        if is_other_request || has_kept_pace || matches!(phase, Phase::Idle | Phase::Head) {
            self.window = moved;
            self.waited = Duration::ZERO;
        } else if phase.is_for_client_to_move() && before.phase().is_for_client_to_move() {
            self.waited += passed;
        }
        let verdict = match phase {
            Phase::Idle if lasted >= timeouts.idle => Verdict::Close,
            Phase::Idle if lasted >= PARKED_AFTER && self.parked != self.seen => {
                self.parked = self.seen;
                Verdict::Park
            }
            Phase::Head if lasted >= timeouts.header_read => Verdict::Close,
            Phase::Body | Phase::Reader | Phase::Leaving if self.waited >= timeouts.idle => Verdict::Close,
            _ => Verdict::Nothing,
        };
        (self.seen, verdict)
    }

    /// Whether a newcomer may be given the place. `None`: the connection is in use.
    pub(super) fn claim(&self, patience: &Patience, now: Instant) -> Option<Claim> {
        let situation = patience.situation();
        let since = if situation == self.seen { self.since } else { now };
        let had_its_time = now.duration_since(since) >= GRACE;
        match situation.phase() {
            Phase::Idle if situation.answered() > 0 => Some(Claim::Idle(since)),
            Phase::Idle if had_its_time => Some(Claim::Silent(since)),
            Phase::Idle => Some(Claim::Fresh(since)),
            Phase::Head | Phase::Lingering if had_its_time => Some(Claim::Slow(since)),
            // A stranger has nothing to read but refusals, which take no time.
            Phase::Reader | Phase::Leaving
                if had_its_time && !patience.is_vouched_for.load(Ordering::Relaxed) =>
            {
                Some(Claim::Slow(since))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts = Timeouts {
        header_read: Duration::from_secs(10),
        idle: Duration::from_secs(60),
        shutdown: Duration::from_secs(30),
    };

    /// A connection that is looked at every second of a time that the test makes up.
    struct Looked {
        patience: Patience,
        watch: Watch,
        now: Instant,
    }

    impl Looked {
        fn new() -> Self {
            let (patience, now) = (Patience::new(), Instant::now());
            Self { watch: Watch::new(&patience, now), patience, now }
        }

        fn second(&mut self) -> Verdict {
            self.now += Duration::from_secs(1);
            self.watch.look(&self.patience, self.now, &TIMEOUTS).1
        }

        /// Seconds until the connection is closed, if nothing happens but what `each` does before every look.
        fn closed_after(&mut self, mut each: impl FnMut(&Patience)) -> Option<u32> {
            (1..1000).find(|_| {
                each(&self.patience);
                self.second() == Verdict::Close
            })
        }

        fn claim(&self) -> Option<Claim> {
            self.watch.claim(&self.patience, self.now)
        }
    }

    #[test]
    fn a_situation_holds_every_phase_and_the_count() {
        let all = [
            Phase::Idle,
            Phase::Head,
            Phase::Working,
            Phase::Body,
            Phase::Reader,
            Phase::Leaving,
            Phase::Lingering,
        ];
        for phase in all {
            let situation = Situation::new(7, phase);
            assert_eq!((situation.answered(), situation.phase()), (7, phase));
        }
    }

    #[test]
    fn silence_has_the_idle_limit_and_a_head_its_own() {
        assert_eq!(Looked::new().closed_after(|_| {}), Some(60));
        let mut slow = Looked::new();
        slow.patience.enter(Phase::Head);
        // Seen after a second, and a byte a second changes nothing.
        assert_eq!(slow.closed_after(|patience| patience.moved(1)), Some(1 + 10));
    }

    #[test]
    fn the_server_may_take_its_time() {
        let mut working = Looked::new();
        working.patience.enter(Phase::Working);
        assert_eq!(working.closed_after(|_| {}), None);
    }

    #[test]
    fn who_is_to_move_bytes_must_keep_the_pace() {
        for phase in [Phase::Body, Phase::Reader, Phase::Leaving] {
            let closed_after = |bytes: usize| {
                let mut moving = Looked::new();
                moving.patience.enter(phase);
                moving.closed_after(|patience| patience.moved(bytes))
            };
            // In a minute and the second before it is seen: 16,348 bytes. 274 a second are 16,440 in any minute.
            assert_eq!(closed_after(268), Some(1 + 60));
            assert_eq!(closed_after(274), None);
        }
    }

    #[test]
    fn only_the_client_s_own_time_counts() {
        let mut upload = Looked::new();
        let mut second = 0;
        // The client is quick, and the disk takes nine seconds of ten.
        let closed = upload.closed_after(|patience| {
            second += 1;
            patience.enter(if second % 10 == 0 { Phase::Body } else { Phase::Working });
        });
        assert_eq!(closed, None);
    }

    #[test]
    fn each_request_has_its_own_pace() {
        let mut small = Looked::new();
        let closed = small.closed_after(|patience| {
            patience.answer_ended();
            patience.enter(Phase::Body);
        });
        assert_eq!(closed, None);
    }

    #[test]
    fn a_pause_is_parked_once() {
        let mut connection = Looked::new();
        assert_eq!(connection.second(), Verdict::Nothing, "it came without buffers");
        connection.patience.answer_ended();
        connection.patience.enter(Phase::Idle);
        let verdicts: Vec<Verdict> = (0..4).map(|_| connection.second()).collect();
        assert_eq!(verdicts, [Verdict::Nothing, Verdict::Park, Verdict::Nothing, Verdict::Nothing]);
    }

    #[test]
    fn claims_are_weighed() {
        let mut connection = Looked::new();
        let fresh = connection.claim();
        assert!(matches!(fresh, Some(Claim::Fresh(_))), "{fresh:?}");
        connection.second();
        let silent = connection.claim();
        assert!(matches!(silent, Some(Claim::Silent(_))), "{silent:?}");

        connection.patience.enter(Phase::Head);
        connection.second();
        assert_eq!(connection.claim(), None, "a head that has just begun");
        connection.second();
        let slow = connection.claim();
        assert!(matches!(slow, Some(Claim::Slow(_))), "{slow:?}");

        for is_vouched_for in [false, true] {
            for phase in [Phase::Working, Phase::Body, Phase::Reader, Phase::Leaving] {
                connection.patience.enter(phase);
                connection.second();
                assert_eq!(connection.claim(), None, "{phase:?}");
                connection.second();
                let claim = connection.claim();
                match phase {
                    Phase::Reader | Phase::Leaving if !is_vouched_for => {
                        assert!(matches!(claim, Some(Claim::Slow(_))), "{phase:?}: {claim:?}");
                    }
                    _ => assert_eq!(claim, None, "{phase:?}"),
                }
            }
            connection.patience.vouch();
        }

        connection.patience.answer_ended();
        connection.patience.enter(Phase::Idle);
        connection.second();
        let idle = connection.claim();
        assert!(matches!(idle, Some(Claim::Idle(_))), "{idle:?}");
        let later = Some(Claim::Idle(connection.now + Duration::from_secs(1)));
        assert!(silent < slow && slow < idle && idle < later && later < fresh);
    }
}
