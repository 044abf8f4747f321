//! Inputs as lines.

/// The first `N` lines of a text, the last of them with all that follows; lines that are not there are empty. `None`: the
/// input is no text.
pub(crate) fn lines<const N: usize>(input: &[u8]) -> Option<[&str; N]> {
    let mut lines = std::str::from_utf8(input).ok()?.splitn(N, '\n');
    Some(std::array::from_fn(|_| lines.next().unwrap_or_default()))
}
