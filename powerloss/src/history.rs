//! What was done to the store, and what may therefore be found in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::device::Event;
use crate::subject::Subject;

/// What is written: its number decides every byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    /// Unique in a run.
    pub(crate) number: u64,
    pub(crate) length: usize,
}

impl Value {
    /// The bytes.
    pub(crate) fn content(self) -> Vec<u8> {
        let mut bytes = vec![0; self.length];
        fastrand::Rng::with_seed(self.number).fill(&mut bytes);
        bytes
    }

    /// What is kept beside the bytes, so that a mixture of two versions, or a part of one, is noticed.
    pub(crate) fn label(self) -> String {
        format!("{}-{}", self.number, self.length)
    }

    /// Reads what [`label`](Self::label) made.
    pub(crate) fn labelled(label: &str) -> Option<Self> {
        let (number, length) = label.split_once('-')?;
        Some(Self { number: number.parse().ok()?, length: length.parse().ok()? })
    }
}

/// What there is of a subject. `None`: nothing.
pub(crate) type State = Option<Value>;

/// One write.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) number: u64,
    pub(crate) kind: &'static str,
    pub(crate) subject: Subject,
    pub(crate) becomes: State,
}

/// What may be found of one subject: exactly one of these.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    pub(crate) possible: Vec<State>,
    /// Whether the store acknowledged a write to it.
    pub(crate) acknowledged: bool,
    /// The kind of the last write that was begun.
    pub(crate) last: &'static str,
}

/// What may be found of all subjects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expectations {
    subjects: BTreeMap<Subject, Expected>,
    under_way: BTreeMap<u64, Arc<Operation>>,
    acknowledged: u64,
}

impl Expectations {
    /// Takes what happened into account. A write that was begun may be there or not; one that was acknowledged is.
    pub(crate) fn follow(&mut self, event: &Event) {
        match event {
            Event::Begun(operation) => {
                let expected = self.subjects.entry(operation.subject.clone()).or_insert_with(|| Expected {
                    possible: vec![None],
                    acknowledged: false,
                    last: operation.kind,
                });
                expected.possible.push(operation.becomes);
                expected.last = operation.kind;
                self.under_way.insert(operation.number, Arc::clone(operation));
            }
            Event::Acknowledged(number) => {
                if let Some(operation) = self.under_way.remove(number) {
                    let possible = vec![operation.becomes];
                    let expected = Expected { possible, acknowledged: true, last: operation.kind };
                    self.subjects.insert(operation.subject.clone(), expected);
                    self.acknowledged += 1;
                }
            }
            Event::Write { .. } | Event::Flush => {}
        }
    }

    pub(crate) fn subjects(&self) -> impl Iterator<Item = (&Subject, &Expected)> {
        self.subjects.iter()
    }

    /// How many writes were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The state of a subject, where only one is possible.
    pub(crate) fn settled(&self, subject: &Subject) -> Option<State> {
        match self.subjects.get(subject) {
            None => Some(None),
            Some(expected) => match expected.possible.as_slice() {
                [state] => Some(*state),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_may_be_there_and_what_was_acknowledged_must_be() {
        let subject = Subject::AccessKey("k".into());
        let first = Some(Value { number: 1, length: 3 });
        let write = |number, becomes| {
            Event::Begun(Arc::new(Operation { number, kind: "put", subject: subject.clone(), becomes }))
        };
        let mut expectations = Expectations::default();
        assert_eq!(expectations.settled(&subject), Some(None));
        expectations.follow(&write(1, first));
        assert_eq!(expectations.subjects[&subject].possible, [None, first]);
        assert_eq!(expectations.settled(&subject), None);
        expectations.follow(&Event::Acknowledged(1));
        assert_eq!(expectations.settled(&subject), Some(first));
        expectations.follow(&write(2, None));
        assert_eq!(expectations.subjects[&subject].possible, [first, None]);
        assert_eq!(expectations.acknowledged(), 1);
    }
}
