//! Every kind of write that the store knows, in one table. A kind that the store learns later joins by one entry.

use std::pin::Pin;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use presign_store::{AccessKeyRow, Bucket, INLINE_LIMIT, NewObject, Precondition, Store, UnixMillis};

use crate::history::{State, Value};
use crate::subject::{BUCKET, Family, Subject};

/// One kind of write.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// How often it happens, against the others.
    pub(crate) shares: usize,
    pub(crate) on: Family,
    /// What there is before.
    pub(crate) from: Size,
    /// What there is afterwards.
    pub(crate) to: Size,
    /// Does it: the subject, and what is to become of it. Returns when the store has acknowledged it.
    pub(crate) write: fn(Store, Subject, State) -> Writing,
}

pub(crate) type Writing = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// How much there is of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Nothing,
    /// As much as stands in a row.
    Small,
    /// A blob.
    Large,
}

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "put small",
        shares: 6,
        on: Family::Object,
        from: Size::Nothing,
        to: Size::Small,
        write: put,
    },
    Kind {
        name: "put large",
        shares: 6,
        on: Family::Object,
        from: Size::Nothing,
        to: Size::Large,
        write: put,
    },
    Kind {
        name: "overwrite small with small",
        shares: 3,
        on: Family::Object,
        from: Size::Small,
        to: Size::Small,
        write: put,
    },
    Kind {
        name: "overwrite small with large",
        shares: 3,
        on: Family::Object,
        from: Size::Small,
        to: Size::Large,
        write: put,
    },
    Kind {
        name: "overwrite large with small",
        shares: 3,
        on: Family::Object,
        from: Size::Large,
        to: Size::Small,
        write: put,
    },
    Kind {
        name: "overwrite large with large",
        shares: 3,
        on: Family::Object,
        from: Size::Large,
        to: Size::Large,
        write: put,
    },
    Kind {
        name: "delete small",
        shares: 3,
        on: Family::Object,
        from: Size::Small,
        to: Size::Nothing,
        write: delete,
    },
    Kind {
        name: "delete large",
        shares: 3,
        on: Family::Object,
        from: Size::Large,
        to: Size::Nothing,
        write: delete,
    },
    Kind {
        name: "create bucket",
        shares: 1,
        on: Family::Bucket,
        from: Size::Nothing,
        to: Size::Small,
        write: create_bucket,
    },
    Kind {
        name: "delete bucket",
        shares: 1,
        on: Family::Bucket,
        from: Size::Small,
        to: Size::Nothing,
        write: delete_bucket,
    },
    Kind {
        name: "put access key",
        shares: 1,
        on: Family::AccessKey,
        from: Size::Nothing,
        to: Size::Small,
        write: put_access_key,
    },
    Kind {
        name: "replace access key",
        shares: 1,
        on: Family::AccessKey,
        from: Size::Small,
        to: Size::Small,
        write: put_access_key,
    },
    Kind {
        name: "delete access key",
        shares: 1,
        on: Family::AccessKey,
        from: Size::Small,
        to: Size::Nothing,
        write: delete_access_key,
    },
];

impl Size {
    /// How much a state is.
    pub(crate) fn of(state: State) -> Self {
        match state {
            None => Self::Nothing,
            Some(value) if value.length <= INLINE_LIMIT => Self::Small,
            Some(_) => Self::Large,
        }
    }

    /// A state of this size, with the borders more often than chance would have them.
    pub(crate) fn choose(self, family: Family, number: u64, random: &mut fastrand::Rng) -> State {
        let length = match (self, family) {
            (Self::Nothing, _) => return None,
            (_, Family::Bucket | Family::AccessKey) => 24,
            (Self::Small, Family::Object) => match random.u8(..8) {
                0 => 0,
                1 => INLINE_LIMIT,
                2 => random.usize(4_000..=INLINE_LIMIT),
                _ => random.usize(1..4_000),
            },
            (Self::Large, Family::Object) => match random.u8(..8) {
                0 => INLINE_LIMIT + 1,
                // Several batches of the blob writer.
                1 => random.usize(1 << 20..5 << 19),
                _ => random.usize(INLINE_LIMIT + 1..200_000),
            },
        };
        Some(Value { number, length })
    }
}

fn put(store: Store, subject: Subject, becomes: State) -> Writing {
    Box::pin(async move {
        let value = becomes.context("an object is put with bytes")?;
        let content = Bytes::from(value.content());
        let mut upload = store.begin_put(Some(content.len() as u64)).await?;
        for start in (0..content.len()).step_by(64 * 1024) {
            upload.write(content.slice(start..content.len().min(start + 64 * 1024))).await?;
        }
        let new = NewObject { etag: value.label(), ..NewObject::default() };
        upload.finish(BUCKET, subject.name(), new, Precondition::Unconditional).await?;
        Ok(())
    })
}

fn delete(store: Store, subject: Subject, _becomes: State) -> Writing {
    Box::pin(async move {
        ensure!(
            store.delete(BUCKET, subject.name()).await?,
            "{subject:?} was to be deleted and was not there"
        );
        Ok(())
    })
}

/// A bucket has no bytes, so its owner's name is made of them.
pub(crate) fn bucket_bytes(value: Value) -> Vec<u8> {
    value.content().into_iter().map(|byte| b'a' + byte % 26).collect()
}

fn create_bucket(store: Store, subject: Subject, becomes: State) -> Writing {
    Box::pin(async move {
        let value = becomes.context("a bucket is created with an owner")?;
        let bucket = Bucket {
            name: subject.name().to_owned(),
            owner: String::from_utf8(bucket_bytes(value))?,
            region: "us-east-1".to_owned(),
            created: UnixMillis(i64::try_from(value.number)?),
        };
        Ok(store.create_bucket(bucket).await?)
    })
}

fn delete_bucket(store: Store, subject: Subject, _becomes: State) -> Writing {
    Box::pin(async move { Ok(store.delete_bucket(subject.name()).await?) })
}

fn put_access_key(store: Store, subject: Subject, becomes: State) -> Writing {
    Box::pin(async move {
        let value = becomes.context("an access key is put with a secret")?;
        let row = AccessKeyRow {
            access_key_id: subject.name().to_owned(),
            sealed_secret: value.content(),
            principal: "somebody".to_owned(),
            active: true,
            created: UnixMillis(i64::try_from(value.number)?),
        };
        Ok(store.put_access_key(row).await?)
    })
}

fn delete_access_key(store: Store, subject: Subject, _becomes: State) -> Writing {
    Box::pin(async move {
        ensure!(
            store.delete_access_key(subject.name()).await?,
            "{subject:?} was to be deleted and was not there"
        );
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_leaves_what_another_kind_begins_with() {
        for kind in KINDS {
            let follows = |other: &&Kind| other.on == kind.on && other.from == kind.to;
            assert!(KINDS.iter().any(|other| follows(&other)), "nothing can follow {:?}", kind.name);
        }
    }

    #[test]
    fn a_chosen_state_has_the_size_that_was_asked_for() {
        let mut random = fastrand::Rng::with_seed(1);
        for size in [Size::Nothing, Size::Small, Size::Large] {
            for number in 0..1_000 {
                assert_eq!(Size::of(size.choose(Family::Object, number, &mut random)), size);
            }
        }
    }
}
