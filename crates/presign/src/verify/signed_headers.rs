//! The list of signed headers: names with semicolons between.

/// The names of the list.
pub(crate) fn names(list: &str) -> impl Iterator<Item = &str> + Clone {
    list.split(';')
}

/// Whether the list has a header, in whatever case.
pub(crate) fn contains(list: &str, header: &str) -> bool {
    names(list).any(|name| name.eq_ignore_ascii_case(header))
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
}
