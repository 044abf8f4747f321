//! Whether a history can be explained by a map that does one call at a time.
//!
//! The search of Wing and Gong with the memory of Lowe: of the calls that nobody has to wait for, one is taken that gives
//! the right answer now, and so on until none is left; a place that was searched in vain is not searched again. As every
//! task makes one call at a time, a place is a position in each task and the map.
//!
//! A page of a listing is one call that reads several keys at one moment. It ties the keys together, so the map is searched
//! as a whole and not key by key; linearizability is local, and what holds for the whole holds for each key.

use std::collections::HashSet;

use crate::history::{Call, History, State, apply};

/// The calls in an order that explains the history.
pub(crate) type Order = Vec<Call>;

/// Finds an order of all calls in which each gives the answer that it gave, and in which a call that ended before
/// another began stands before it. The map of `keys` keys is empty at first. `None`: there is no such order.
pub(crate) fn explain(history: &History, keys: usize) -> Option<Order> {
    let mut search = Search { history, tried: HashSet::new(), order: Vec::new() };
    search.from(&mut vec![0; history.len()], &vec![None; keys]).then_some(search.order)
}

struct Search<'a> {
    history: &'a History,
    tried: HashSet<(Vec<usize>, State)>,
    order: Order,
}

impl Search<'_> {
    fn from(&mut self, positions: &mut Vec<usize>, state: &State) -> bool {
        let history = self.history;
        let waiting = || history.iter().zip(positions.iter()).map(|(calls, &at)| calls.get(at));
        // Nothing that began after this may be taken yet: the call that ended then was before it.
        let Some(first_end) = waiting().flatten().map(|call| call.ended).min() else { return true };
        if !self.tried.insert((positions.clone(), state.clone())) {
            return false;
        }
        let ready: Vec<(usize, &Call)> = waiting()
            .enumerate()
            .filter_map(|(task, call)| Some((task, call?)))
            .filter(|(_, call)| call.began <= first_end)
            .collect();
        for (task, call) in ready {
            let mut after = state.clone();
            if apply(&mut after, &call.asked) != call.answered {
                continue;
            }
            positions[task] += 1;
            self.order.push(call.clone());
            if self.from(positions, &after) {
                return true;
            }
            positions[task] -= 1;
            self.order.pop();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Answered, Asked, Condition};

    fn call(began: u64, ended: u64, asked: Asked, answered: Answered) -> Call {
        Call { asked, answered, began, ended }
    }

    fn put(began: u64, ended: u64, key: usize, value: u32) -> Call {
        call(began, ended, Asked::Put { key, value, condition: Condition::None }, Answered::Written)
    }

    fn put_if(began: u64, ended: u64, value: u32, condition: Condition, answered: Answered) -> Call {
        call(began, ended, Asked::Put { key: 0, value, condition }, answered)
    }

    fn read(began: u64, ended: u64, key: usize, value: Option<u32>) -> Call {
        call(began, ended, Asked::Read { key }, Answered::Value(value))
    }

    fn delete(began: u64, ended: u64, existed: bool) -> Call {
        call(began, ended, Asked::Delete { key: 0 }, Answered::Existed(existed))
    }

    fn page(began: u64, ended: u64, entries: &[(usize, u32)], more: bool) -> Call {
        let max = if more { entries.len() } else { 9 };
        call(began, ended, Asked::Page { from: 0, max }, Answered::Page { entries: entries.to_vec(), more })
    }

    fn explained(history: &[&[Call]]) -> bool {
        explain(&history.iter().map(|calls| calls.to_vec()).collect(), 2).is_some()
    }

    #[test]
    fn a_stale_read_is_refused() {
        // The same read, begun before the second write was answered, may see the first.
        assert!(explained(&[&[put(1, 2, 0, 1), put(3, 6, 0, 2)], &[read(5, 8, 0, Some(1))]]));
        assert!(!explained(&[&[put(1, 2, 0, 1), put(3, 4, 0, 2)], &[read(5, 8, 0, Some(1))]]));
    }

    #[test]
    fn a_write_that_was_seen_does_not_vanish() {
        let write = [put(1, 2, 0, 1), put(3, 10, 0, 2)];
        assert!(explained(&[&write, &[read(4, 5, 0, Some(1)), read(6, 7, 0, Some(2))]]));
        assert!(!explained(&[&write, &[read(4, 5, 0, Some(2)), read(6, 7, 0, Some(1))]]));
        // Also where two readers see it.
        assert!(!explained(&[&write, &[read(4, 5, 0, Some(2))], &[read(6, 7, 0, Some(1))]]));
    }

    #[test]
    fn a_value_that_nobody_wrote_is_refused() {
        assert!(explained(&[&[put(1, 2, 0, 1)], &[read(3, 4, 0, Some(1))]]));
        assert!(!explained(&[&[put(1, 2, 0, 1)], &[read(3, 4, 0, Some(7))]]));
    }

    #[test]
    fn of_two_creations_one_wins() {
        let first = put_if(1, 4, 1, Condition::IfAbsent, Answered::Written);
        let lost = put_if(2, 3, 2, Condition::IfAbsent, Answered::PreconditionFailed);
        let won = put_if(2, 3, 2, Condition::IfAbsent, Answered::Written);
        assert!(explained(&[std::slice::from_ref(&first), &[lost]]));
        assert!(!explained(&[&[first], &[won]]));
    }

    #[test]
    fn no_update_is_lost() {
        let raise = |answered| {
            let first = put_if(3, 6, 2, Condition::IfMatch(1), Answered::Written);
            let second = put_if(4, 5, 3, Condition::IfMatch(1), answered);
            explained(&[&[put(1, 2, 0, 1), first], &[second]])
        };
        assert!(raise(Answered::PreconditionFailed));
        assert!(!raise(Answered::Written), "both replaced the same version");
        assert!(!raise(Answered::NoSuchKey));
    }

    #[test]
    fn an_object_is_deleted_once() {
        let before = put(1, 2, 0, 1);
        assert!(explained(&[&[before.clone(), delete(3, 6, true)], &[delete(4, 5, false)]]));
        assert!(!explained(&[&[before.clone(), delete(3, 6, true)], &[delete(4, 5, true)]]));
        assert!(!explained(&[&[before, delete(3, 4, true)], &[read(5, 6, 0, Some(1))]]));
    }

    #[test]
    fn a_page_is_one_moment() {
        // Key 0 was written before key 1: who sees the second sees the first.
        let writes = [put(1, 2, 0, 1), put(5, 6, 1, 2), put(7, 12, 0, 3), put(13, 14, 1, 4)];
        for (entries, right) in
            [(vec![(0, 1), (1, 2)], true), (vec![(0, 3), (1, 2)], true), (vec![(0, 1), (1, 4)], false)]
        {
            assert_eq!(explained(&[&writes, &[page(8, 15, &entries, false)]]), right, "{entries:?}");
        }
        assert!(!explained(&[&writes, &[page(8, 9, &[(1, 2)], false)]]), "a key is left out");
        assert!(explained(&[&writes, &[page(8, 9, &[(0, 1)], true)]]));
        assert!(!explained(&[&writes, &[page(3, 4, &[(0, 1)], true)]]), "there was no more then");
    }

    #[test]
    fn a_page_and_a_read_agree() {
        let write = [put(1, 2, 0, 1), put(3, 10, 0, 2)];
        assert!(explained(&[&write, &[page(4, 5, &[(0, 1)], false), read(6, 7, 0, Some(2))]]));
        assert!(!explained(&[&write, &[page(4, 5, &[(0, 2)], false), read(6, 7, 0, Some(1))]]));
    }

    #[test]
    fn a_long_history_is_searched_in_little_time() {
        // Eight tasks that all overlap: 8! orders of each round, and a fault at the very end.
        let mut history: Vec<Vec<Call>> = (0..8)
            .map(|task| {
                (0..6).map(|round| put(round * 100 + task, round * 100 + 50, 0, task as u32)).collect()
            })
            .collect();
        assert!(explain(&history, 1).is_some());
        history[0].push(read(900, 901, 0, Some(99)));
        assert!(explain(&history, 1).is_none());
    }
}
