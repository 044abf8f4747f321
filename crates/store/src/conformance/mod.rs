//! What any engine of the two ports has to pass: one macro to a port, one test to a rule.
//!
//! ```text
//! // `make` gives what keeps the engine's ground alive (a temporary directory, a container) and the engine.
//! async fn make() -> (tempfile::TempDir, Arc<dyn Metadata>) { … }
//! presign_store::metadata_conformance!(sqlite, make);
//! ```
// A suite fails by panicking, as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod blobs;
pub mod listing;
pub mod metadata;
pub mod races;

/// Makes a module of tests that run the metadata suite. `$make` is a function without arguments whose future gives a
/// guard and an `Arc<dyn Metadata>` over an empty engine.
#[macro_export]
macro_rules! metadata_conformance {
    ($name:ident, $make:path) => {
        mod $name {
            use super::*;
            $crate::conformance_cases! { $make, $crate::conformance::metadata,
                a_bucket_is_made_found_and_deleted,
                a_bucket_name_is_unique,
                names_and_keys_are_bytes,
                a_bucket_that_holds_objects_stays,
                a_bucket_that_is_not_there_is_named,
                objects_come_back_whole,
                an_overwrite_gives_the_blob_it_replaced,
                a_delete_gives_the_blob,
                preconditions_are_kept,
                a_refused_write_changes_nothing,
                access_keys_are_kept,
                a_closed_engine_refuses,
            }
            $crate::conformance_cases! { $make, $crate::conformance::listing,
                pages_are_what_a_simple_model_says,
                start_after_and_continuation,
                an_empty_page,
            }
            $crate::conformance_cases! { $make, $crate::conformance::races,
                of_racing_creations_one_wins,
                of_racing_updates_none_is_lost,
                a_bucket_is_not_deleted_under_an_object,
                a_read_sees_every_write_answered_before_it,
            }
        }
    };
}

/// Makes a module of tests that run the blob suite. `$make` is a function without arguments whose future gives a guard
/// and an `Arc<dyn Blobs>` over an empty engine.
#[macro_export]
macro_rules! blobs_conformance {
    ($name:ident, $make:path) => {
        mod $name {
            use super::*;
            $crate::conformance_cases! { $make, $crate::conformance::blobs,
                blobs_of_every_size_come_back,
                ranges_are_cut_at_the_end,
                tiny_writes_add_up,
                an_unfinished_blob_is_not_there,
                what_is_open_outlives_its_deletion,
                deletion_says_whether_there_was_one,
                what_is_set_aside_is_read_and_can_be_put_back,
                listing_is_in_order_and_tells_ages,
            }
        }
    };
}

/// One test to a case.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($make:path, $cases:path, $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                use $cases as cases;
                let (_ground, engine) = $make().await;
                cases::$case(engine).await;
            }
        )+
    };
}
