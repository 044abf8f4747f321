//! The path of a URL, as it stands there.

/// What lies between host and query of an absolute URL, not decoded and with its dot segments.
pub(crate) fn path_of(url: &str) -> &str {
    let url = url.split_once('?').map_or(url, |(before, _)| before);
    let after_scheme = url.find("://").and_then(|at| url.get(at + 3..)).unwrap_or(url);
    after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_what_lies_between_host_and_query() {
        assert_eq!(path_of("https://h:1/a/../b?c=/d"), "/a/../b");
        assert_eq!(path_of("https://h?c=d"), "/");
    }
}
