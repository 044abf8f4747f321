//! What a store may hold after operations that ran at the same time and were cut off.

use crate::operation::{Answer, Operation};
use crate::reference::Reference;

/// Every state that fits: the operations in any order, the answered ones each with the answer it gave, the others
/// done whole or not at all.
pub(crate) fn explanations(
    before: &Reference,
    operations: &[Operation],
    answers: &[Option<Answer>],
) -> Vec<Reference> {
    let mut found = Vec::new();
    let waiting: Vec<_> = operations.iter().zip(answers).collect();
    extend(before, &waiting, &mut found);
    found
}

fn extend(state: &Reference, waiting: &[(&Operation, &Option<Answer>)], found: &mut Vec<Reference>) {
    if waiting.iter().all(|(_, answer)| answer.is_none()) && !found.contains(state) {
        found.push(state.clone());
    }
    for at in 0..waiting.len() {
        let mut rest = waiting.to_vec();
        let (operation, answer) = rest.remove(at);
        let mut after = state.clone();
        let right = after.apply(operation);
        if answer.as_ref().is_none_or(|given| *given == right) {
            extend(&after, &rest, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Condition, Content};

    fn put(etag: &str, condition: Condition) -> Operation {
        let content = Content { seed: 0, length: 1 };
        Operation::Put { bucket: "b".into(), key: "k".into(), content, etag: etag.into(), condition }
    }

    fn made(operations: &[Operation]) -> Reference {
        let mut state = Reference::default();
        state.apply(&Operation::CreateBucket { bucket: "b".into() });
        for operation in operations {
            state.apply(operation);
        }
        state
    }

    #[test]
    fn an_answered_write_is_there_and_another_may_be() {
        let (first, second) = (put("e1", Condition::None), put("e2", Condition::None));
        let operations = [first.clone(), second.clone()];
        let answer = made(&[]).apply(&first);
        let unanswered = explanations(&made(&[]), &operations, &[None, None]);
        assert!(unanswered.contains(&made(&[])) && unanswered.len() == 3);
        let answered = explanations(&made(&[]), &operations, &[Some(answer), None]);
        assert!(!answered.contains(&made(&[])), "it was acknowledged");
        assert!(answered.contains(&made(&[first])) && answered.contains(&made(&[second])));
    }

    #[test]
    fn of_two_creations_one_wins() {
        let operations = [put("e1", Condition::IfAbsent), put("e2", Condition::IfAbsent)];
        let both: Vec<_> = operations.iter().map(|operation| Some(made(&[]).apply(operation))).collect();
        assert_eq!(explanations(&made(&[]), &operations, &both), [], "two winners cannot be");
        let mut state = made(&[]);
        let one: Vec<_> = operations.iter().map(|operation| Some(state.apply(operation))).collect();
        assert_eq!(explanations(&made(&[]), &operations, &one), [state]);
    }
}
