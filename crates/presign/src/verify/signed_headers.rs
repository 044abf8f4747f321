//! The list of signed headers: names with semicolons between.

use std::borrow::Cow;

use crate::verify::refusal::Refusal;
use crate::work;

/// How many headers a signature may list: as many as a request of S3's clients has fields. Each one that is listed has to be
/// looked for and stands in the canonical request, whether the request has it or not.
pub const MAX_SIGNED_HEADERS: usize = 100;

/// The names of the list.
pub(crate) fn names(list: &str) -> impl Iterator<Item = &str> + Clone {
    list.split(';')
}

/// Whether the list has a header, in whatever case.
pub(crate) fn contains(list: &str, header: &str) -> bool {
    names(list).any(|name| name.eq_ignore_ascii_case(header))
}

/// A name, or a list of names, in lower case, in which HTTP libraries and SDKs write them anyway.
pub(crate) fn in_lower_case(text: &str) -> Cow<'_, str> {
    // Without a branch for each byte.
    match text.bytes().fold(false, |any, byte| any | byte.is_ascii_uppercase()) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(text.to_ascii_lowercase()),
    }
}

/// The names of a list, sorted.
pub(crate) struct SignedNames<'l>(Vec<&'l str>);

impl<'l> SignedNames<'l> {
    /// Reads a list in lower case.
    ///
    /// Each header is listed once. One that is listed again and again would stand in the canonical request as often, and
    /// anyone could have hundreds of megabytes made of a head of thirty kilobytes.
    pub(crate) fn read(list: &'l str) -> Result<Self, Refusal> {
        let mut all: Vec<&str> = Vec::with_capacity(8);
        all.extend(names(list).take(MAX_SIGNED_HEADERS + 1));
        if all.len() > MAX_SIGNED_HEADERS {
            return Err(Refusal::TooManySignedHeaders);
        }
        all.sort_unstable_by(|name, other| work::compare(name, other));
        let repeated = all.iter().zip(all.iter().skip(1)).find(|(name, next)| name == next);
        match repeated {
            None => Ok(Self(all)),
            Some((name, _)) => Err(Refusal::Repeated { name: (*name).to_owned() }),
        }
    }

    /// Whether a header is listed, by its lower-case name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.binary_search_by(|known| work::compare(known, name)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_between_semicolons() {
        assert_eq!(names("host;x-amz-date").collect::<Vec<_>>(), ["host", "x-amz-date"]);
        assert_eq!(names("").collect::<Vec<_>>(), [""]);
        assert!(contains("a;Host", "host") && !contains("hosts;ahost;hos", "host"));
    }

    #[test]
    fn each_name_of_a_list_stands_once() {
        let names = SignedNames::read("x-b;host;x-a").ok().unwrap();
        assert!(names.contains("host") && names.contains("x-a") && names.contains("x-b"));
        assert!(!names.contains("x-") && !names.contains(""));
        let refusal = |list| SignedNames::read(list).err();
        assert_eq!(refusal("a;host;a"), Some(Refusal::Repeated { name: "a".to_owned() }));
        assert_eq!(refusal(";"), Some(Refusal::Repeated { name: String::new() }));
        assert_eq!(in_lower_case("Host;a"), "host;a");
    }

    #[test]
    fn a_list_has_100_names() {
        let list = |count| (0..count).map(|at| format!("x-{at}")).collect::<Vec<_>>().join(";");
        assert!(SignedNames::read(&list(100)).is_ok());
        assert_eq!(SignedNames::read(&list(101)).err(), Some(Refusal::TooManySignedHeaders));
    }
}
