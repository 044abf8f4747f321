//! Limits in the URL.

use presign::Caveats;
use presign::fuzzing::{read_caveats, write_caveats};

/// A line to a parameter: name, equals sign, value.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let pairs = || text.lines().map(|line| line.split_once('=').unwrap_or((line, "")));
    let Ok(caveats) = read_caveats(pairs()) else { return };
    // A parameter that looks like a limit is one, or the request is refused: none is overlooked.
    let mut limits = pairs()
        .filter(|(name, _)| name.len() >= 10 && name[..].to_ascii_lowercase().starts_with("x-presign-"));
    assert_eq!(limits.next().is_none(), caveats.is_empty(), "{text:?}");
    match write_caveats(&caveats) {
        Ok(written) => {
            let again = read_caveats(written.iter().map(|(name, value)| (*name, value.as_str())));
            assert_eq!(again, Ok(caveats), "{text:?}");
        }
        // The one thing that is read and not written: limits that nothing can keep to.
        Err(_) => assert!(contradicts_itself(&caveats), "{caveats:?}"),
    }
}

fn contradicts_itself(caveats: &Caveats) -> bool {
    matches!((caveats.min_size, caveats.max_size), (Some(min), Some(max)) if min > max)
}
