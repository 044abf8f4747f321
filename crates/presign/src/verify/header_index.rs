//! The header fields of a request by name.

use std::borrow::Cow;

use crate::verify::signed_headers::in_lower_case;
use crate::work;

/// The header fields in the order of their names, so that each is found without a look at all the others: a request may have
/// a hundred fields and a signature that lists a hundred names.
pub(crate) struct HeaderIndex<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> HeaderIndex<'a> {
    pub(crate) fn new(headers: &[(&'a str, &'a str)]) -> Self {
        let mut fields: Vec<_> = headers.iter().map(|(name, value)| (in_lower_case(name), *value)).collect();
        // Stable: the fields of one name stay in their order.
        fields.sort_by(|(name, _), (other, _)| work::compare(name, other));
        Self(fields)
    }

    /// The values of a header by its lower-case name, in the order of their fields.
    pub(crate) fn values<'i>(&'i self, name: &'i str) -> impl Iterator<Item = &'a str> + use<'a, 'i> {
        let start = self.0.partition_point(|(known, _)| work::compare(known, name).is_lt());
        let fields = self.0.get(start..).unwrap_or_default();
        fields.iter().take_while(move |(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Whether the request has a header of each of these lower-case names. An absent header is not an empty one.
    pub(crate) fn has_every<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> bool {
        names.into_iter().all(|name| self.values(name).next().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_values_in_the_order_of_their_fields() {
        let index = HeaderIndex::new(&[("x", "3"), ("Host", "h"), ("X", "1"), ("xy", "4"), ("x", "2")]);
        assert_eq!(index.values("x").collect::<Vec<_>>(), ["3", "1", "2"]);
        assert_eq!(index.values("host").collect::<Vec<_>>(), ["h"]);
        for absent in ["", "a", "w", "xx", "z"] {
            assert_eq!(index.values(absent).next(), None);
        }
        assert!(index.has_every(["x", "host"]) && !index.has_every(["x", "date"]));
    }
}
