//! The beginning of a text for an error's body, which anybody may have made as often as the network carries requests.

use std::borrow::Cow;

use crate::xml::text;

/// The beginning of a text, and how much of it is left out.
pub(super) struct Shortened<'t> {
    pub(super) start: &'t str,
    left_out: usize,
}

/// As much of a text as takes so many bytes in the body.
pub(super) fn shortened(text: &str, max_bytes: usize) -> Shortened<'_> {
    // Most are short even if each byte were escaped.
    if text.len() * text::LONGEST_ESCAPE <= max_bytes {
        return Shortened { start: text, left_out: 0 };
    }
    let mut room = max_bytes;
    let end = text.char_indices().find_map(|(at, c)| {
        match room.checked_sub(text::escaped_bytes(c)) {
            Some(left) => room = left,
            None => return Some(at),
        }
        None
    });
    let (start, rest) = text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""));
    Shortened { start, left_out: rest.len() }
}

impl<'t> Shortened<'t> {
    /// The text as it is printed: it says what is left out.
    pub(super) fn text(&self) -> Cow<'t, str> {
        match self.left_out {
            0 => Cow::Borrowed(self.start),
            left_out => {
                Cow::Owned(format!("{} (and {left_out} more bytes, which are not shown)", self.start))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_where_its_room_ends() {
        for (text, max, told) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "abc (and 1 more bytes, which are not shown)"),
            ("a\u{e9}b", 2, "a (and 3 more bytes, which are not shown)"),
            ("a&b", 7, "a&b"),
            ("a&b", 6, "a& (and 1 more bytes, which are not shown)"),
            ("\u{1}", 2, " (and 1 more bytes, which are not shown)"),
        ] {
            assert_eq!(shortened(text, max).text(), told);
        }
    }
}
