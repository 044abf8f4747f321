//! The parameters of a query as they arrived.

use std::borrow::Cow;

use crate::parameter_name::ParameterKind;
use crate::uri::{self, End, Malformed};

/// How many parameters a query may have: as many as a request has header fields. All that S3's clients write into one URL,
/// every header that it can stand for and every limit of this crate among them, are some sixty; what remains is for
/// user metadata.
pub const MAX_PARAMETERS: usize = 100;

/// One parameter, decoded and in canonical form.
pub(crate) struct Parameter<'a> {
    pub(crate) kind: ParameterKind,
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Cow<'a, str>,
    pub(crate) canonical_name: Cow<'a, str>,
    pub(crate) canonical_value: Cow<'a, str>,
    /// Whether it arrived just as it is signed.
    pub(crate) is_canonical: bool,
    /// SigV2 signs `?acl` and `?acl=` differently.
    pub(crate) has_equals_sign: bool,
}

/// Whether a query has more than [`MAX_PARAMETERS`], found out before any is read.
pub(crate) fn are_too_many(query: &str) -> bool {
    // Each has at least the ampersand after it.
    query.len() > MAX_PARAMETERS && query.bytes().filter(|byte| *byte == b'&').count() >= MAX_PARAMETERS
}

/// Reads every parameter of a query. An empty one, between two ampersands, is a parameter without a name.
pub(crate) fn read(query: &str) -> Result<Vec<Parameter<'_>>, Malformed> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let mut parameters = Vec::with_capacity(8);
    let mut rest = query;
    loop {
        let (name, after_name, tail) = uri::take_piece(rest, End::Name)?;
        let (value, after_value, tail) = match after_name {
            Some(b'=') => uri::take_piece(tail, End::Value)?,
            _ => (uri::Piece::default(), after_name, tail),
        };
        let is_canonical = after_name == Some(b'=')
            && matches!((&name.canonical, &value.canonical), (Cow::Borrowed(_), Cow::Borrowed(_)));
        parameters.push(Parameter {
            is_canonical,
            kind: ParameterKind::of(&name.decoded),
            name: name.decoded,
            value: value.decoded,
            canonical_name: name.canonical,
            canonical_value: value.canonical,
            has_equals_sign: after_name == Some(b'='),
        });
        if after_value.is_none() {
            break;
        }
        rest = tail;
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_between_ampersands_is_a_parameter() {
        let read = |query| {
            let parameters = read(query).unwrap();
            let plain = |p: &Parameter<'_>| (p.name.to_string(), p.value.to_string(), p.has_equals_sign);
            parameters.iter().map(plain).collect::<Vec<_>>()
        };
        let p =
            |name: &str, value: &str, has_equals_sign| (name.to_owned(), value.to_owned(), has_equals_sign);
        assert_eq!(read(""), []);
        assert_eq!(read("a"), [p("a", "", false)]);
        assert_eq!(read("a=&b"), [p("a", "", true), p("b", "", false)]);
        assert_eq!(read("a=b=c&&=d"), [p("a", "b=c", true), p("", "", false), p("", "d", true)]);
        assert_eq!(read("%61=%26&"), [p("a", "&", true), p("", "", false)]);
        assert_eq!(read("é=ü"), [p("é", "ü", true)]);
    }
}
