//! Reads a request body of XML into a tree, within limits.
//!
//! No DTD, no entities but the five that XML itself has, no processing instructions, bounded size and depth:
//! none of what makes XML from strangers dangerous is even looked at.

use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};

use crate::{S3Error, limits};

/// An element, its own text, and the elements in it. Attributes are dropped: no S3 request body gives them a
/// meaning that the server honours.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// The name without a namespace prefix.
    pub(super) name: String,
    /// The character data directly in the element, with the blanks around it dropped.
    pub(super) text: String,
    /// The elements directly in it, in order.
    pub(super) children: Vec<Element>,
}

/// Reads the root element of `body`, which must be one well-formed document.
pub(super) fn parse(body: &[u8]) -> Result<Element, S3Error> {
    if body.len() > limits::XML_BODY_BYTES {
        return Err(S3Error::message_too_long(limits::XML_BODY_BYTES));
    }
    let body = std::str::from_utf8(body).map_err(|_| S3Error::malformed_xml())?;
    read(body.strip_prefix('\u{feff}').unwrap_or(body)).ok_or_else(S3Error::malformed_xml)
}

/// `None` for anything that is not a document within the limits.
fn read(body: &str) -> Option<Element> {
    let mut reader = Reader::from_str(body);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if root.is_some() || open.len() >= limits::XML_DEPTH {
                    return None;
                }
                open.push(element(&start)?);
            }
            Event::Empty(start) => {
                if root.is_some() || open.len() >= limits::XML_DEPTH {
                    return None;
                }
                close(element(&start)?, &mut open, &mut root);
            }
            Event::End(_) => {
                let mut done = open.pop()?;
                done.text = done.text.trim().to_owned();
                close(done, &mut open, &mut root);
            }
            Event::Text(text) => push_text(&text.xml10_content(), &mut open)?,
            Event::CData(text) => push_text(&text.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => {
                let c = match reference.resolve_char_ref().ok()? {
                    Some(c) => c.to_string(),
                    None => resolve_predefined_entity(&reference)?.to_owned(),
                };
                // A reference is character data, which only an element may hold.
                open.last_mut()?.text.push_str(&c);
            }
            Event::Decl(_) | Event::Comment(_) => {}
            Event::DocType(_) | Event::PI(_) => return None,
            Event::Eof => return if open.is_empty() { root } else { None },
        }
    }
}

fn element(start: &BytesStart<'_>) -> Option<Element> {
    // Attributes are read so that a document with broken ones is refused.
    start.attributes().try_for_each(|attribute| attribute.map(drop)).ok()?;
    let name = start.local_name().into_inner().to_owned();
    Some(Element { name, ..Element::default() })
}

fn close(done: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None => *root = Some(done),
    }
}

fn push_text(text: &str, open: &mut [Element]) -> Option<()> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorCode;

    fn root_text(body: &str) -> Result<String, ErrorCode> {
        parse(body.as_bytes()).map(|root| root.text).map_err(|refusal| refusal.code())
    }

    #[test]
    fn reads_what_xml_itself_has() {
        for (body, expected) in [
            ("<a>b</a>", "b"),
            ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c --><a x=\"1\"> b </a>\n", "b"),
            ("\u{feff}<a>&lt;&amp;&#65;&#x42;<![CDATA[<c>]]></a>", "<&AB<c>"),
            ("<n:a xmlns:n=\"urn:n\">b</n:a>", "b"),
            ("<a/>", ""),
        ] {
            assert_eq!(root_text(body), Ok(expected.to_owned()), "{body}");
        }
    }

    #[test]
    fn refuses_dtds_entities_and_broken_documents() {
        for body in [
            "<!DOCTYPE a><a>b</a>",
            "<!DOCTYPE a [<!ENTITY e \"b\">]><a>&e;</a>",
            "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
            "<a>&e;</a>",
            "<a>&#x110000;</a>",
            "<?php echo ?><a>b</a>",
            "",
            "b",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "<a></a>b",
            "b<a></a>",
            "<a b></a>",
            "<a b=\"1\" b=\"2\"/>",
            "<a><b></a></b>",
        ] {
            assert_eq!(root_text(body), Err(ErrorCode::MalformedXML), "{body}");
        }
        assert_eq!(parse(b"<a>\xff</a>").unwrap_err().code(), ErrorCode::MalformedXML);
    }

    #[test]
    fn ends_at_depth_16() {
        let nested = |depth: usize| root_text(&format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth)));
        assert!(nested(16).is_ok());
        assert_eq!(nested(17), Err(ErrorCode::MalformedXML));
        let leaf = format!("{}<a/>{}", "<a>".repeat(16), "</a>".repeat(16));
        assert_eq!(root_text(&leaf), Err(ErrorCode::MalformedXML));
    }

    #[test]
    fn ends_at_1_mib() {
        let of_size = |size: usize| root_text(&format!("<a>{}</a>", "b".repeat(size - 7)));
        assert!(of_size(1024 * 1024).is_ok());
        assert_eq!(of_size(1024 * 1024 + 1), Err(ErrorCode::MaxMessageLengthExceeded));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in "[<>/&;!\\[\\]?a\"'= x#-]{0,60}") {
            let _ = parse(body.as_bytes());
        }
    }
}
