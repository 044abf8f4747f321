//! Character data.

/// The first line of every document.
pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Whether XML 1.0 can carry `c` at all, escaped or not (its production 2, `Char`).
fn xml_carries(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Writes `<name>value</name>`. A character that XML cannot carry becomes U+FFFD, so that the document always
/// parses: for texts that people read.
pub(crate) fn element(xml: &mut String, name: &str, value: &str) {
    open(xml, name);
    escape(xml, value);
    close(xml, name);
}

/// Writes `<name>value</name>` for a value that machines act on, such as a listed key. A character that XML
/// 1.0 cannot carry becomes a character reference, as S3 writes it: an XML 1.1 parser reads it back, and an
/// XML 1.0 parser refuses the document, which is better than a key that is not there. `encoding-type=url`
/// spares clients the choice.
pub(crate) fn exact_element(xml: &mut String, name: &str, value: &str) {
    open(xml, name);
    escape_with(xml, value, push_reference);
    close(xml, name);
}

/// Writes character data as [`element`] does.
pub(crate) fn escape(xml: &mut String, value: &str) {
    escape_with(xml, value, |xml, _| xml.push('\u{fffd}'));
}

fn open(xml: &mut String, name: &str) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
}

fn close(xml: &mut String, name: &str) {
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

fn escape_with(xml: &mut String, value: &str, uncarried: fn(&mut String, char)) {
    for c in value.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            // A parser turns a bare carriage return into a line feed.
            '\r' => push_reference(xml, c),
            c if xml_carries(c) => xml.push(c),
            c => uncarried(xml, c),
        }
    }
}

/// The most bytes that one byte of a text becomes in [`element`].
pub(crate) const LONGEST_ESCAPE: usize = 5;

/// How many bytes a character becomes in [`element`].
pub(crate) fn escaped_bytes(c: char) -> usize {
    match c {
        '&' | '\r' => 5,
        '<' | '>' => 4,
        c if xml_carries(c) => c.len_utf8(),
        _ => '\u{fffd}'.len_utf8(),
    }
}

fn push_reference(xml: &mut String, c: char) {
    xml.push_str(&format!("&#{};", u32::from(c)));
}

/// Writes `<name>true</name>` or `<name>false</name>`.
pub(crate) fn flag(xml: &mut String, name: &str, value: bool) {
    element(xml, name, if value { "true" } else { "false" });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::{Reader, events::Event};

    use super::*;

    #[test]
    fn escapes_markup_and_line_ends() {
        let mut xml = String::new();
        element(&mut xml, "K", "a<b>&amp;\r\n\"'");
        assert_eq!(xml, "<K>a&lt;b&gt;&amp;amp;&#13;\n\"'</K>");
    }

    #[test]
    fn keeps_an_exact_value_exact() {
        let mut xml = String::new();
        exact_element(&mut xml, "K", "\u{0}\u{1f}\u{fffe}\u{7f}");
        assert_eq!(xml, "<K>&#0;&#31;&#65534;\u{7f}</K>");
        xml.clear();
        element(&mut xml, "K", "\u{0}\u{1f}\u{fffe}\u{7f}");
        assert_eq!(xml, "<K>\u{fffd}\u{fffd}\u{fffd}\u{7f}</K>");
    }

    proptest! {
        #[test]
        fn any_text_makes_a_document_that_parses(value in any::<String>()) {
            let mut xml = DECLARATION.to_owned();
            element(&mut xml, "K", &value);
            let mut reader = Reader::from_str(&xml);
            while !matches!(reader.read_event().unwrap(), Event::Eof) {}
            prop_assert!(xml.chars().all(xml_carries));
        }
    }
}
