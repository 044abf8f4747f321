//! The parameters of a query as they arrived.

use std::borrow::Cow;

use crate::parameter_name::ParameterKind;
use crate::uri::{self, Keep, Malformed};

/// One parameter, decoded and in canonical form.
pub(crate) struct Parameter<'a> {
    pub(crate) kind: ParameterKind,
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Cow<'a, str>,
    pub(crate) canonical_name: Cow<'a, str>,
    pub(crate) canonical_value: Cow<'a, str>,
    /// SigV2 signs `?acl` and `?acl=` differently.
    pub(crate) has_equals_sign: bool,
}

/// Reads every parameter of a query. An empty one, between two ampersands, is a parameter without a name.
pub(crate) fn read(query: &str) -> Result<Vec<Parameter<'_>>, Malformed> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let mut parameters = Vec::with_capacity(8);
    for pair in query.split('&') {
        let (name, value, has_equals_sign) = match pair.split_once('=') {
            Some((name, value)) => (name, value, true),
            None => (pair, "", false),
        };
        let name = uri::read(name, Keep::Unreserved)?;
        let value = uri::read(value, Keep::Unreserved)?;
        parameters.push(Parameter {
            kind: ParameterKind::of(&name.decoded),
            name: name.decoded,
            value: value.decoded,
            canonical_name: name.canonical,
            canonical_value: value.canonical,
            has_equals_sign,
        });
    }
    Ok(parameters)
}
