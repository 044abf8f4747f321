//! Writers that write all at once, and mark what they begin and what is acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use presign_store::{Retention, Store};
use tokio::task::JoinSet;

use crate::device::{Device, Event};
use crate::history::{Expectations, Operation, State};
use crate::kinds::{KINDS, Kind, Size};
use crate::subject::{BUCKET, Family, Subject};

/// How many write at the same time, so that their commits are grouped.
const WRITERS: usize = 8;
/// What each of them has for itself, so that what happens to a subject happens in an order that is known.
const OBJECTS: usize = 8;
const BUCKETS: usize = 2;
const ACCESS_KEYS: usize = 2;

/// Longer than the store waits before it writes its log back into its database.
const UNTIL_CHECKPOINT: Duration = Duration::from_millis(1_300);

/// Who numbers the writes of a run.
#[derive(Default)]
pub(crate) struct Numbers(AtomicU64);

impl Numbers {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// How much is written.
#[derive(Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) writes_each: usize,
    /// Whether to wait in the middle until the store has checkpointed.
    pub(crate) with_pause: bool,
}

/// Writes. `known` is what is in the store.
pub(crate) async fn write(
    store: &Store,
    device: &Device,
    known: &Expectations,
    numbers: &Arc<Numbers>,
    amount: Amount,
    random: &mut fastrand::Rng,
) -> anyhow::Result<()> {
    let bucket = Subject::Bucket(BUCKET.to_owned());
    if store.bucket(BUCKET).await?.is_none() {
        let kind = KINDS.iter().find(|kind| kind.on == Family::Bucket && kind.to == Size::Small);
        let kind = kind.context("no kind of write creates buckets")?;
        let number = numbers.next();
        let becomes = kind.to.choose(kind.on, number, random);
        perform(store, device, kind, bucket, number, becomes).await?;
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let writer = Writer {
            store: store.clone(),
            device: device.clone(),
            numbers: Arc::clone(numbers),
            subjects: subjects(writer)
                .filter_map(|subject| known.settled(&subject).map(|state| (subject, state)))
                .collect(),
            random: random.fork(),
        };
        writers.spawn(writer.run(amount.writes_each));
    }
    if amount.with_pause {
        tokio::time::sleep(UNTIL_CHECKPOINT).await;
    }
    // What was deleted meanwhile is collected beside the writes.
    store.collect_orphans(&Retention::NONE).await?;
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    Ok(())
}

/// What a writer writes to.
fn subjects(writer: usize) -> impl Iterator<Item = Subject> {
    let objects = (0..OBJECTS).map(move |at| Subject::Object(format!("writer {writer}/object {at}")));
    let buckets = (0..BUCKETS).map(move |at| Subject::Bucket(format!("bucket-{writer}-{at}")));
    let keys = (0..ACCESS_KEYS).map(move |at| Subject::AccessKey(format!("AKIA{writer:08}{at:08}")));
    objects.chain(buckets).chain(keys)
}

struct Writer {
    store: Store,
    device: Device,
    numbers: Arc<Numbers>,
    subjects: Vec<(Subject, State)>,
    random: fastrand::Rng,
}

impl Writer {
    async fn run(mut self, writes: usize) -> anyhow::Result<()> {
        let table: Vec<&Kind> =
            KINDS.iter().flat_map(|kind| std::iter::repeat_n(kind, kind.shares)).collect();
        let mut done = 0;
        while done < writes {
            let kind = *self.random.choice(&table).context("there are no kinds of write")?;
            let fits = |(subject, state): &&mut (Subject, State)| {
                subject.family() == kind.on && Size::of(*state) == kind.from
            };
            let fitting: Vec<_> = self.subjects.iter_mut().filter(fits).collect();
            let Some((subject, state)) = self.random.choice(fitting) else { continue };
            let number = self.numbers.next();
            let becomes = kind.to.choose(kind.on, number, &mut self.random);
            perform(&self.store, &self.device, kind, subject.clone(), number, becomes).await?;
            *state = becomes;
            done += 1;
        }
        Ok(())
    }
}

async fn perform(
    store: &Store,
    device: &Device,
    kind: &Kind,
    subject: Subject,
    number: u64,
    becomes: State,
) -> anyhow::Result<()> {
    let operation = Operation { number, kind: kind.name, subject: subject.clone(), becomes };
    device.mark(Event::Begun(Arc::new(operation)));
    (kind.write)(store.clone(), subject.clone(), becomes)
        .await
        .with_context(|| format!("{} on {subject:?}", kind.name))?;
    device.mark(Event::Acknowledged(number));
    Ok(())
}
