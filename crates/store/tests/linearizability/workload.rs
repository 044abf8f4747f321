//! Tasks that want the same few keys at the same time, and what they saw.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use presign_store::{Continuation, INLINE_LIMIT, ListRequest, NewObject, Precondition, PutError, Store};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::history::{Answered, Asked, Call, Condition, History};

/// How many keys there are.
pub(crate) const KEYS: usize = 3;

/// What a task means to do. The numbers of values and versions are known only when it does it.
#[derive(Debug, Clone)]
pub(crate) enum Intent {
    Put {
        key: usize,
        large: bool,
    },
    PutIfAbsent {
        key: usize,
        large: bool,
    },
    /// If the version that this task saw last is still there.
    PutIfMatch {
        key: usize,
        large: bool,
    },
    Delete {
        key: usize,
    },
    Get {
        key: usize,
    },
    Head {
        key: usize,
    },
    Page {
        from: usize,
        max: usize,
    },
}

/// The intents of several tasks.
pub(crate) fn plans() -> impl Strategy<Value = Vec<Vec<Intent>>> {
    let write = (0..KEYS, proptest::bool::weighted(0.25));
    let intent = prop_oneof![
        3 => write.clone().prop_map(|(key, large)| Intent::Put { key, large }),
        2 => write.clone().prop_map(|(key, large)| Intent::PutIfAbsent { key, large }),
        3 => write.prop_map(|(key, large)| Intent::PutIfMatch { key, large }),
        2 => (0..KEYS).prop_map(|key| Intent::Delete { key }),
        4 => (0..KEYS).prop_map(|key| Intent::Get { key }),
        2 => (0..KEYS).prop_map(|key| Intent::Head { key }),
        4 => (0..KEYS, 1..=KEYS).prop_map(|(from, max)| Intent::Page { from, max }),
    ];
    vec(vec(intent, 1..12), 2..=5)
}

/// Runs the plans at the same time on keys below `space`, which nobody else uses.
pub(crate) async fn run(store: &Store, space: &str, plans: &[Vec<Intent>]) -> History {
    let clock = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = plans
        .iter()
        .enumerate()
        .map(|(at, plan)| {
            let (store, space, plan) = (store.clone(), space.to_owned(), plan.clone());
            let mut task =
                Task { store, space, clock: Arc::clone(&clock), seen: [0; KEYS], at: at as u32, made: 0 };
            tokio::spawn(async move {
                let mut calls = Vec::new();
                for intent in plan {
                    calls.push(task.act(intent).await);
                }
                calls
            })
        })
        .collect();
    let mut history = History::new();
    for task in tasks {
        history.push(task.await.unwrap());
    }
    history
}

struct Task {
    store: Store,
    space: String,
    clock: Arc<AtomicU64>,
    /// The version of each key that was seen last; 0, which nobody writes, at first.
    seen: [u32; KEYS],
    at: u32,
    made: u32,
}

impl Task {
    async fn act(&mut self, intent: Intent) -> Call {
        let asked = match intent {
            Intent::Put { key, large } => self.put(key, large, Condition::None),
            Intent::PutIfAbsent { key, large } => self.put(key, large, Condition::IfAbsent),
            Intent::PutIfMatch { key, large } => self.put(key, large, Condition::IfMatch(self.seen[key])),
            Intent::Delete { key } => Asked::Delete { key },
            Intent::Get { key } | Intent::Head { key } => Asked::Read { key },
            Intent::Page { from, max } => Asked::Page { from, max },
        };
        let began = self.clock.fetch_add(1, Ordering::SeqCst);
        let answered = match (&asked, intent) {
            (Asked::Put { key, value, condition }, _) => self.write(*key, *value, *condition).await,
            (Asked::Delete { key }, _) => {
                Answered::Existed(self.store.delete("b", &self.name(*key)).await.unwrap())
            }
            (Asked::Read { key }, Intent::Head { .. }) => {
                let object = self.store.head("b", &self.name(*key)).await.unwrap();
                Answered::Value(object.map(|object| object.etag.parse().unwrap()))
            }
            (Asked::Read { key }, _) => Answered::Value(self.read(*key).await),
            (Asked::Page { from, max }, _) => self.page(*from, *max).await,
        };
        let ended = self.clock.fetch_add(1, Ordering::SeqCst);
        match (&asked, &answered) {
            (Asked::Put { key, value, .. }, Answered::Written) => self.seen[*key] = *value,
            (Asked::Read { key }, Answered::Value(Some(value))) => self.seen[*key] = *value,
            _ => {}
        }
        Call { asked, answered, began, ended }
    }

    fn put(&mut self, key: usize, large: bool, condition: Condition) -> Asked {
        self.made += 1;
        // Even: in the database. Odd: a blob.
        let value = (self.at * 1000 + self.made) * 2 + u32::from(large);
        Asked::Put { key, value, condition }
    }

    fn name(&self, key: usize) -> String {
        format!("{}/{key}", self.space)
    }

    async fn write(&self, key: usize, value: u32, condition: Condition) -> Answered {
        let mut upload = self.store.begin_put(None).await.unwrap();
        upload.write(content(value).into()).await.unwrap();
        let precondition = match condition {
            Condition::None => Precondition::Unconditional,
            Condition::IfAbsent => Precondition::IfAbsent,
            Condition::IfMatch(version) => Precondition::IfMatch(version.to_string()),
        };
        let new = NewObject { etag: value.to_string(), ..NewObject::default() };
        match upload.finish("b", &self.name(key), new, precondition).await {
            Ok(_) => Answered::Written,
            Err(PutError::PreconditionFailed) => Answered::PreconditionFailed,
            Err(PutError::NoSuchKey) => Answered::NoSuchKey,
            Err(error) => panic!("{error}"),
        }
    }

    async fn read(&self, key: usize) -> Option<u32> {
        let open = self.store.get("b", &self.name(key)).await.unwrap()?;
        let value = open.object().etag.parse().unwrap();
        let bytes = open.read_all().read_to_end().await.unwrap();
        assert!(bytes == content(value), "the bytes are not those of the version that the row names");
        Some(value)
    }

    async fn page(&self, from: usize, max: usize) -> Answered {
        let before = from.checked_sub(1).map(|last| Continuation::AfterKey(self.name(last)));
        let request = ListRequest {
            prefix: format!("{}/", self.space),
            continuation: before,
            max_keys: max,
            ..ListRequest::default()
        };
        let page = self.store.list("b", &request).await.unwrap();
        let entry = |object: &presign_store::ObjectSummary| {
            let key = object.key.rsplit('/').next().unwrap().parse().unwrap();
            (key, object.etag.parse().unwrap())
        };
        Answered::Page { entries: page.objects.iter().map(entry).collect(), more: page.next.is_some() }
    }
}

/// What a version holds.
fn content(value: u32) -> Vec<u8> {
    let length = if value & 1 == 1 { INLINE_LIMIT + 1 } else { 40 };
    value.to_le_bytes().into_iter().cycle().take(length).collect()
}
