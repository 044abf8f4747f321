//! What a URL says, read by rules of this test's own.

/// The path and the parameters, decoded; the parameters in no order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    path: Vec<u8>,
    parameters: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Meaning {
    /// Reads the target of a request line. `None` where an escape is broken.
    pub(crate) fn read(target: &str) -> Option<Self> {
        let (path, query) = target.split_once('?')?;
        let mut parameters = Vec::new();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.push((decode(name)?, decode(value)?));
        }
        parameters.sort();
        Some(Meaning { path: decode(path)?, parameters })
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut pieces = text.split('%');
    out.extend(pieces.next()?.bytes());
    for piece in pieces {
        let digits = piece.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
        out.extend(piece.bytes().skip(2));
    }
    Some(out)
}

#[test]
fn it_tells_the_same_from_another() {
    let read = Meaning::read;
    assert_eq!(read("/a%2fb?x=%41&y"), read("/a/b?y=&x=A"));
    assert_ne!(read("/a?x=1&y=2"), read("/a?x=2&y=1"));
    assert_ne!(read("/a?x=1"), read("/a?x=1&"));
    assert_ne!(read("/a?x=+"), read("/a?x=%20"));
    assert_eq!(read("/a%2?x=1"), None);
    assert_eq!(read("/a%+1?x=1"), None);
}
