//! A signed parameter stands once.
//!
//! SigV4 sorts the parameters before it signs them. Of two with one name the signature does not tell which came first, so
//! whoever holds the URL chooses the one that a reader finds.

use crate::parameter_name::{ParameterKind, starts_with_ignoring_case};
use crate::verify::parameters::Parameter;
use crate::verify::refusal::Refusal;

/// Refuses the second of two parameters with one name, in whatever case.
///
/// S3 leaves those that begin with `x-` to its callers and reads none of them but `x-amz-*`. The signature's own, and the
/// limits, have been looked at before.
pub(crate) fn refuse(parameters: &[Parameter<'_>]) -> Result<(), Refusal> {
    let mut rest = parameters;
    while let Some((parameter, after)) = rest.split_first() {
        rest = after;
        if !has_a_meaning(parameter) {
            continue;
        }
        let is_same = |other: &&Parameter<'_>| other.name.eq_ignore_ascii_case(&parameter.name);
        if let Some(other) = rest.iter().find(is_same) {
            let (name, value) = (other.name.clone().into_owned(), other.value.clone().into_owned());
            return Err(Refusal::RepeatedParameter { name, value });
        }
    }
    Ok(())
}

fn has_a_meaning(parameter: &Parameter<'_>) -> bool {
    match parameter.kind {
        ParameterKind::Auth | ParameterKind::Caveat => false,
        ParameterKind::Header => true,
        ParameterKind::Other => {
            !parameter.name.is_empty() && !starts_with_ignoring_case(&parameter.name, "x-")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::parameters;

    fn repeated(query: &str) -> Option<(String, String)> {
        match refuse(&parameters::read(query).unwrap()) {
            Err(Refusal::RepeatedParameter { name, value }) => Some((name, value)),
            Err(other) => panic!("{other:?}"),
            Ok(()) => None,
        }
    }

    #[test]
    fn of_two_with_one_name_the_second_is_refused() {
        for (query, name, value) in [
            ("versionId=null&versionId=1", "versionId", "1"),
            ("versionId=1&versionId=null", "versionId", "null"),
            ("prefix=a&x-id=1&prefix=a", "prefix", "a"),
            ("prefix=a&%70refix=b", "prefix", "b"),
            ("acl&ACL=", "ACL", ""),
            ("x-amz-meta-a=1&X-Amz-Meta-A=1", "X-Amz-Meta-A", "1"),
            ("unheard-of=1&unheard-of=2", "unheard-of", "2"),
        ] {
            assert_eq!(repeated(query), Some((name.to_owned(), value.to_owned())), "{query}");
        }
        for query in ["", "a=1", "prefix=a&prefixes=a", "x-id=1&x-id=2", "&&", "=1&=2", "versionId=null&acl"]
        {
            assert_eq!(repeated(query), None, "{query}");
        }
    }
}
