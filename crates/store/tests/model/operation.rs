//! What can be asked of a store, what it answers, and random questions.

use presign_store::{INLINE_LIMIT, NewObject, Precondition, UnixMillis};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// One call, written so that it can be sent to another process and read by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Operation {
    CreateBucket { bucket: String },
    DeleteBucket { bucket: String },
    Put { bucket: String, key: String, content: Content, etag: String, condition: Condition },
    Delete { bucket: String, key: String },
    Head { bucket: String, key: String },
    Read { bucket: String, key: String, from: u64, to: u64 },
    List { bucket: String, listing: Listing },
    PutAccessKey { id: String, secret: u8 },
    DeleteAccessKey { id: String },
    AccessKey { id: String },
}

/// The bytes of an object, told in two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) seed: u8,
    pub(crate) length: usize,
}

/// What must hold for a write to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Condition {
    None,
    IfAbsent,
    IfMatch(String),
}

/// Which page of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listing {
    pub(crate) prefix: String,
    pub(crate) delimiter: Option<String>,
    pub(crate) start_after: Option<String>,
    /// As a token would carry it.
    pub(crate) continuation: Option<String>,
    pub(crate) max_keys: usize,
}

/// What came back. Objects and rows are told by their debug text, bytes by length and checksum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Done,
    Refused(String),
    Existed(bool),
    Found(Option<String>),
    Bytes(Option<(usize, u64)>),
    Page { objects: Vec<String>, prefixes: Vec<String>, next: Option<String> },
}

/// One step of a sequence.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Do(Operation),
    /// The next page of the listing before, after whatever was done in between.
    ListOn,
    /// Close and open again.
    Reopen,
    /// Several at once, and SIGKILL when this many of them were answered.
    Kill {
        operations: Vec<Operation>,
        answered: usize,
    },
    /// Something happens to the data directory of the running store, several operations are tried, and then SIGKILL.
    Displace {
        harm: Harm,
        operations: Vec<Operation>,
    },
}

/// What happens to the data directory of a running store.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Harm {
    /// It is moved away, and an empty one has its place for a while.
    Moved,
    /// The file of the log is removed.
    LogRemoved,
}

impl Operation {
    pub(crate) fn writes(&self) -> bool {
        match self {
            Self::CreateBucket { .. }
            | Self::DeleteBucket { .. }
            | Self::Put { .. }
            | Self::Delete { .. }
            | Self::PutAccessKey { .. }
            | Self::DeleteAccessKey { .. } => true,
            Self::Head { .. } | Self::Read { .. } | Self::List { .. } | Self::AccessKey { .. } => false,
        }
    }
}

impl Content {
    pub(crate) fn bytes(self) -> Vec<u8> {
        (0..self.length).map(|at| (at * 31 + at / 251) as u8 ^ self.seed).collect()
    }
}

impl Condition {
    pub(crate) fn to_precondition(&self) -> Precondition {
        match self {
            Self::None => Precondition::Unconditional,
            Self::IfAbsent => Precondition::IfAbsent,
            Self::IfMatch(etag) => Precondition::IfMatch(etag.clone()),
        }
    }
}

/// All that is kept with an object follows from its content, so that an attribute of another object is noticed.
pub(crate) fn new_object(content: Content, etag: &str) -> NewObject {
    let mut new = NewObject { etag: etag.to_owned(), ..NewObject::default() };
    new.modified = UnixMillis(i64::from(content.seed) * 1_000_003 + content.length as i64);
    if content.seed & 1 == 1 {
        new.headers.content_type = Some(format!("text/x-{}", content.seed));
        new.user_metadata = vec![("seed".into(), content.seed.to_string()), ("größe".into(), String::new())];
    }
    if content.seed & 2 == 2 {
        new.storage_class = Some("STANDARD_IA".into());
    }
    new
}

fn bucket() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just("b"), 2 => Just("c"), 1 => Just("never")].prop_map(str::to_owned)
}

/// Few, so that operations meet, and with prefixes and delimiters in every place that matters.
fn key() -> impl Strategy<Value = String> {
    const KEYS: [&str; 10] = ["a", "a/", "a/1", "a/2", "a/b/1", "a/b/2", "a0", "b/1", "é/1", "\u{10ffff}"];
    prop_oneof![
        40 => proptest::sample::select(&KEYS[..]).prop_map(str::to_owned),
        1 => Just("k".repeat(1024)),
        1 => Just("k".repeat(1025)),
    ]
}

fn etag() -> impl Strategy<Value = String> {
    proptest::sample::select(&["e1", "e2", "e3"][..]).prop_map(str::to_owned)
}

fn content() -> impl Strategy<Value = Content> {
    /// What a blob is checked in.
    const CHUNK: usize = 64 * 1024;
    let length = prop_oneof![
        2 => Just(0),
        4 => 1..200_usize,
        4 => INLINE_LIMIT - 1..=INLINE_LIMIT + 1,
        2 => INLINE_LIMIT + 2..3 * INLINE_LIMIT,
        1 => CHUNK - 1..=CHUNK + 1,
        1 => 3 * CHUNK..5 * CHUNK,
    ];
    (any::<u8>(), length).prop_map(|(seed, length)| Content { seed, length })
}

fn put() -> impl Strategy<Value = Operation> {
    let condition = prop_oneof![
        3 => Just(Condition::None),
        1 => Just(Condition::IfAbsent),
        2 => etag().prop_map(Condition::IfMatch),
    ];
    (bucket(), key(), content(), etag(), condition).prop_map(|(bucket, key, content, etag, condition)| {
        Operation::Put { bucket, key, content, etag, condition }
    })
}

fn access_key_id() -> impl Strategy<Value = String> {
    proptest::sample::select(&["AKIA1", "AKIA2"][..]).prop_map(str::to_owned)
}

/// What changes the store.
fn write() -> impl Strategy<Value = Operation> {
    prop_oneof![
        9 => put(),
        3 => (bucket(), key()).prop_map(|(bucket, key)| Operation::Delete { bucket, key }),
        1 => bucket().prop_filter("never made", |bucket| bucket != "never")
            .prop_map(|bucket| Operation::CreateBucket { bucket }),
        1 => bucket().prop_map(|bucket| Operation::DeleteBucket { bucket }),
        1 => (access_key_id(), any::<u8>()).prop_map(|(id, secret)| Operation::PutAccessKey { id, secret }),
        1 => access_key_id().prop_map(|id| Operation::DeleteAccessKey { id }),
    ]
}

fn list() -> impl Strategy<Value = Operation> {
    let prefix = proptest::sample::select(&["", "a", "a/", "a/b/", "é", "x"][..]).prop_map(str::to_owned);
    let delimiter = proptest::sample::select(&[None, None, Some("/"), Some("b/"), Some("")][..])
        .prop_map(|delimiter| delimiter.map(str::to_owned));
    let start_after = proptest::option::weighted(0.3, key());
    let max_keys = prop_oneof![4 => 1..4_usize, 1 => Just(0), 2 => Just(1000)];
    (bucket(), prefix, delimiter, start_after, max_keys).prop_map(
        |(bucket, prefix, delimiter, start_after, max_keys)| {
            let listing = Listing { prefix, delimiter, start_after, continuation: None, max_keys };
            Operation::List { bucket, listing }
        },
    )
}

fn read() -> impl Strategy<Value = Operation> {
    let range = prop_oneof![2 => Just((0, u64::MAX)), 3 => (0..400_u64, 0..400_u64), 2 => (0..300_000_u64, 0..300_000_u64)];
    prop_oneof![
        2 => (bucket(), key()).prop_map(|(bucket, key)| Operation::Head { bucket, key }),
        4 => (bucket(), key(), range)
            .prop_map(|(bucket, key, (from, to))| Operation::Read { bucket, key, from, to }),
        3 => list(),
        1 => access_key_id().prop_map(|id| Operation::AccessKey { id }),
    ]
}

/// A sequence of steps.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kill = (vec(write(), 1..=4), 0..=4_usize).prop_map(|(operations, answered)| Step::Kill {
        answered: answered.min(operations.len()),
        operations,
    });
    let harm = proptest::sample::select(&[Harm::Moved, Harm::LogRemoved][..]);
    let displace = (harm, vec(prop_oneof![write(), read()], 0..=4))
        .prop_map(|(harm, operations)| Step::Displace { harm, operations });
    let step = prop_oneof![
        24 => write().prop_map(Step::Do),
        18 => read().prop_map(Step::Do),
        4 => Just(Step::ListOn),
        1 => Just(Step::Reopen),
        2 => kill,
        1 => displace,
    ];
    vec(step, 1..40)
}
