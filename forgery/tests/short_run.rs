//! The short run, with all other tests. The long one is `cargo xtask forgery`.
#![allow(missing_docs)]

use presign_forgery::{disclosure, in_process, wire};

/// Another seed each time the tests are changed would make failures come and go; the long run takes any.
const SEED: u64 = 20_261_121;

#[test]
fn nothing_altered_is_honoured_in_process() {
    let report = in_process::run(SEED, 30_000).unwrap();
    println!("{report}");
    assert_eq!(report.failed, 0, "{report}");
    assert!(report.altered() >= 30_000 && report.single > 10_000 && report.double > 10_000);
    assert!(
        report.controls >= 29
            && report.goods > 500
            && report.restated > 1000
            && report.either_honoured > 1000
    );
}

#[test]
fn nothing_altered_is_honoured_over_the_wire() {
    let report = wire::run(SEED, 2000).unwrap();
    println!("{report}");
    assert_eq!(report.failed, 0, "{report}");
    assert!(report.altered() >= 2000 && report.controls >= 1 && report.goods > 50 && report.restated > 50);
}

#[test]
fn the_log_tells_no_link_and_no_secret() {
    let report = disclosure::run(SEED, 4000).unwrap();
    println!("{report}");
    assert_eq!(report.failed, 0, "{report}");
    assert!(report.links > 1500 && report.secrets > 800 && report.diagnoses > 100);
    assert!(report.lines >= report.links + report.secrets, "{report}");
}
