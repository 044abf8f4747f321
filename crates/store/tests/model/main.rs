//! The store beside a model of plain maps, both driven by the same random operations, kills included.
//!
//! A store that answers otherwise than the model, or after a kill holds what no order of the operations explains, is
//! shown with the shortest sequence that proptest finds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod explanation;
mod operation;
mod process;
mod reference;

use proptest::prelude::*;

use explanation::explanations;
use operation::{Answer, Harm, Operation, Step};
use process::Process;
use reference::Reference;

const TEST: &str = "the_store_is_a_map_that_survives_kills";

#[test]
fn the_store_is_a_map_that_survives_kills() {
    if process::serve() {
        return;
    }
    // Each case starts processes and flushes to the disk, so they are few; PROPTEST_CASES asks for more.
    let cases = std::env::var("PROPTEST_CASES").map_or(16, |cases| cases.parse().unwrap());
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in operation::steps())| {
        follow(&steps)?;
    });
}

fn follow(steps: &[Step]) -> Result<(), TestCaseError> {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut store = Process::start(&data, TEST);
    let mut model = Reference::default();
    // Most operations want a bucket.
    let first = Operation::CreateBucket { bucket: "b".into() };
    prop_assert_eq!(store.apply(&first), model.apply(&first));
    let mut next_page = None;
    for step in steps {
        match step {
            Step::Do(operation) => compare(&mut store, &mut model, operation, &mut next_page)?,
            Step::ListOn => {
                if let Some(operation) = next_page.take() {
                    compare(&mut store, &mut model, &operation, &mut next_page)?;
                }
            }
            Step::Reopen => {
                store.reopen();
                prop_assert_eq!(store.everything(), model.everything(), "after a clean start");
            }
            Step::Kill { operations, answered } => {
                let answers = store.kill_amid(operations, *answered);
                prop_assert!(answers.iter().flatten().count() >= *answered);
                store = Process::start(&data, TEST);
                let everything = store.everything();
                let mut possible = explanations(&model, operations, &answers);
                possible.retain(|state| state.everything() == everything);
                let Some(state) = possible.pop() else {
                    return Err(TestCaseError::fail(format!(
                        "before the kill:\n{:#?}\nanswers: {answers:#?}\nnot to be explained:\n{everything:#?}",
                        model.everything()
                    )));
                };
                model = state;
                prop_assert_eq!(store.collect_orphans(), model.blobs(), "every blob that is left has a row");
            }
            Step::Displace { harm, operations } => {
                let moved = directory.path().join("moved");
                match harm {
                    Harm::Moved => {
                        std::fs::rename(&data, &moved).unwrap();
                        std::fs::create_dir(&data).unwrap();
                    }
                    Harm::LogRemoved => std::fs::remove_file(data.join("metadata.sqlite-log")).unwrap(),
                }
                // One that writes is among them, so that the harm is noticed.
                for operation in operations.iter().chain([&Operation::CreateBucket { bucket: "late".into() }])
                {
                    let answer = store.apply(operation);
                    if operation.writes() {
                        prop_assert!(
                            matches!(answer, Answer::Refused(_)),
                            "{harm:?}: {operation:?}: {answer:?}"
                        );
                    } else {
                        prop_assert_eq!(&answer, &model.apply(operation), "{:?}: {:?}", harm, operation);
                    }
                }
                drop(store);
                if let Harm::Moved = harm {
                    // Empty, as it was made.
                    std::fs::remove_dir(&data).unwrap();
                    std::fs::rename(&moved, &data).unwrap();
                }
                store = Process::start(&data, TEST);
                prop_assert_eq!(store.everything(), model.everything(), "after {:?}", harm);
                prop_assert_eq!(store.collect_orphans(), model.blobs(), "every blob that is left has a row");
            }
        }
    }
    prop_assert_eq!(store.everything(), model.everything());
    Ok(())
}

fn compare(
    store: &mut Process,
    model: &mut Reference,
    operation: &Operation,
    next_page: &mut Option<Operation>,
) -> Result<(), TestCaseError> {
    let answer = store.apply(operation);
    prop_assert_eq!(&answer, &model.apply(operation), "{:?}", operation);
    if let (Operation::List { bucket, listing }, Answer::Page { next: Some(next), .. }) = (operation, answer)
    {
        let mut listing = listing.clone();
        listing.continuation = Some(next);
        *next_page = Some(Operation::List { bucket: bucket.clone(), listing });
    }
    Ok(())
}
