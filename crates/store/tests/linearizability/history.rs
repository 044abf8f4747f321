//! What was done and seen, in the order in which it began and ended.

/// Keys are numbered in the order of their names, and every write has a number of its own.
pub(crate) type State = Vec<Option<u32>>;

/// What a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Put {
        key: usize,
        value: u32,
        condition: Condition,
    },
    Delete {
        key: usize,
    },
    /// A whole read, or a look at the attributes: both tell which write is there.
    Read {
        key: usize,
    },
    /// A page of at most `max` keys from the key `from` on.
    Page {
        from: usize,
        max: usize,
    },
}

/// What must hold for a write to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    None,
    IfAbsent,
    IfMatch(u32),
}

/// What a call was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    Written,
    PreconditionFailed,
    NoSuchKey,
    Existed(bool),
    Value(Option<u32>),
    Page { entries: Vec<(usize, u32)>, more: bool },
}

/// A call with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) asked: Asked,
    pub(crate) answered: Answered,
    /// When it began, counted in events.
    pub(crate) began: u64,
    /// When it was answered.
    pub(crate) ended: u64,
}

/// The calls of each task, which makes one at a time.
pub(crate) type History = Vec<Vec<Call>>;

/// What one call does to a map, and the right answer.
pub(crate) fn apply(state: &mut State, asked: &Asked) -> Answered {
    match asked {
        Asked::Put { key, value, condition } => match (condition, state[*key]) {
            (Condition::IfAbsent, Some(_)) => Answered::PreconditionFailed,
            (Condition::IfMatch(_), None) => Answered::NoSuchKey,
            (Condition::IfMatch(wanted), Some(there)) if *wanted != there => Answered::PreconditionFailed,
            _ => {
                state[*key] = Some(*value);
                Answered::Written
            }
        },
        Asked::Delete { key } => Answered::Existed(state[*key].take().is_some()),
        Asked::Read { key } => Answered::Value(state[*key]),
        Asked::Page { from, max } => {
            let there = state.iter().enumerate().skip(*from);
            let mut entries: Vec<_> = there.filter_map(|(key, value)| Some((key, (*value)?))).collect();
            let more = entries.len() > *max;
            entries.truncate(*max);
            Answered::Page { entries, more }
        }
    }
}
