//! The Content-Disposition that gives a download its file name.

use std::fmt::Write as _;

/// A name for a download.
#[derive(Clone, Debug)]
pub(crate) struct Attachment {
    /// The name.
    pub(crate) name: String,
    /// The Content-Disposition that says so.
    pub(crate) header: String,
}

/// `attachment` with the name twice over, as RFC 6266 §4.3 and its appendix D advise: in ASCII for old
/// clients, and after RFC 8187 for all others. Without need of the second, the first stands alone.
///
/// A name with a slash or a control character is refused: clients drop or rewrite such names.
pub(crate) fn attachment(name: &str) -> Result<Attachment, String> {
    if name.is_empty() || name == "." || name == ".." {
        return Err(format!("`{name}` is no file name"));
    }
    if name.contains(['/', '\\']) || name.chars().any(char::is_control) {
        return Err(format!(
            "`{}` is no file name: it has a slash or a control character",
            name.escape_debug()
        ));
    }
    // A quote or a percent sign inside the quoted form is read in different ways by different clients.
    let is_plain = |c: char| matches!(c, ' '..='~') && !matches!(c, '"' | '%');
    let fallback: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut value = format!("attachment; filename=\"{fallback}\"");
    if fallback != name {
        value.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            // `attr-char` of RFC 8187 §3.2.1.
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                value.push(char::from(byte));
            } else {
                let _ = write!(value, "%{byte:02X}");
            }
        }
    }
    Ok(Attachment { name: name.to_owned(), header: value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_stands_alone() {
        assert_eq!(attachment("my report.pdf").unwrap().header, r#"attachment; filename="my report.pdf""#);
    }

    #[test]
    fn any_other_name_has_a_fallback() {
        assert_eq!(
            attachment("naïve €.txt").unwrap().header,
            "attachment; filename=\"na_ve _.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt"
        );
        assert_eq!(
            attachment(r#"a"b%41.txt"#).unwrap().header,
            "attachment; filename=\"a_b_41.txt\"; filename*=UTF-8''a%22b%2541.txt"
        );
    }

    #[test]
    fn what_is_no_file_name_is_told() {
        for bad in ["", ".", "..", "a/b", "a\\b", "a\nb", "a\u{7f}b"] {
            assert!(attachment(bad).is_err(), "{bad:?}");
        }
    }
}
