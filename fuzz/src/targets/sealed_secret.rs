//! Secrets sealed at rest.

use std::sync::LazyLock;

use presign_server::MasterKey;
use presign_server::fuzzing::{open_sealed, seal};

static MASTER: LazyLock<MasterKey> = LazyLock::new(|| MasterKey::parse(&"5a".repeat(32)).unwrap());
static SEALED: LazyLock<Vec<u8>> = LazyLock::new(|| seal(&MASTER, "AKID", "a secret").unwrap());

/// The input is a sealed secret; and where it is short, a change to a good one.
pub fn run(input: &[u8]) {
    assert!(open_sealed(&MASTER, "AKID", input).is_none(), "nobody sealed this");
    if let [at, change, ..] = *input {
        let mut changed = SEALED.clone();
        let at = usize::from(at) % changed.len();
        changed[at] ^= change;
        let opened = open_sealed(&MASTER, "AKID", &changed);
        assert_eq!(opened.as_ref().map(|secret| secret.as_str()), (change == 0).then_some("a secret"));
    }
    if let Ok(text) = std::str::from_utf8(input)
        && let Ok(key) = MasterKey::parse(text)
    {
        // Another master key opens nothing.
        assert!(text.eq_ignore_ascii_case(&"5a".repeat(32)) || open_sealed(&key, "AKID", &SEALED).is_none());
    }
}
