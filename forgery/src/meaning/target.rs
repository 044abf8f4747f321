//! The target of a request line, read once more.

use crate::raw::RawRequest;

/// Path and query of a target in whatever form it came.
pub(super) struct OriginForm<'r> {
    /// The path as it was sent.
    pub(super) path: &'r [u8],
    /// The query as it was sent, without its question mark.
    pub(super) query: Option<&'r [u8]>,
}

/// One parameter of a query, decoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parameter {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) has_equals_sign: bool,
}

impl<'r> OriginForm<'r> {
    /// Reads the target. `None` where it names no path, or another host than the Host field.
    pub(super) fn read(request: &'r RawRequest) -> Option<Self> {
        let mut target = request.target.as_slice();
        if let Some(fragment) = target.iter().position(|byte| *byte == b'#') {
            target = &target[..fragment];
        }
        if target.first() != Some(&b'/') {
            let after_scheme = target.windows(3).position(|three| three == b"://")? + 3;
            let rest = &target[after_scheme..];
            let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
            if !rest[..end].eq_ignore_ascii_case(request.value(b"host").unwrap_or_default()) {
                return None;
            }
            target = &rest[end..];
        }
        match target.iter().position(|byte| *byte == b'?') {
            Some(mark) => Some(OriginForm { path: &target[..mark], query: Some(&target[mark + 1..]) }),
            None => Some(OriginForm { path: target, query: None }),
        }
    }

    /// The decoded path; `None` where an escape is broken.
    pub(super) fn decoded_path(&self) -> Option<Vec<u8>> {
        decode(self.path)
    }

    /// The decoded parameters in their order; `None` where an escape is broken.
    pub(super) fn parameters(&self) -> Option<Vec<Parameter>> {
        let Some(query) = self.query.filter(|query| !query.is_empty()) else { return Some(Vec::new()) };
        query
            .split(|byte| *byte == b'&')
            .map(|pair| {
                let equals = pair.iter().position(|byte| *byte == b'=');
                let (name, value) = match equals {
                    Some(at) => (&pair[..at], &pair[at + 1..]),
                    None => (pair, &[][..]),
                };
                Some(Parameter {
                    name: decode(name)?,
                    value: decode(value)?,
                    has_equals_sign: equals.is_some(),
                })
            })
            .collect()
    }
}

/// Undoes percent-escapes, once; a plus sign stays one. `None` where an escape is broken.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut pieces = text.split(|byte| *byte == b'%');
    out.extend_from_slice(pieces.next()?);
    for piece in pieces {
        let digits = piece.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        out.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        out.extend_from_slice(&piece[2..]);
    }
    Some(out)
}

/// The values of the parameters of that name.
pub(super) fn values<'p>(parameters: &'p [Parameter], name: &'p str) -> impl Iterator<Item = &'p [u8]> {
    parameters.iter().filter(move |parameter| parameter.name == name.as_bytes()).map(|p| p.value.as_slice())
}
