//! A page with an upload form.

use std::fmt;

/// A page that uploads one file with the signed fields, without help from any server but the store.
pub(crate) struct HtmlForm<'a> {
    /// What the page is called.
    pub(crate) title: &'a str,
    /// Where the form is sent.
    pub(crate) action: &'a str,
    /// The fields, in their order.
    pub(crate) fields: &'a [(String, String)],
    /// The types of file that are taken, if that is limited.
    pub(crate) media_range: Option<&'a str>,
}

impl fmt::Display for HtmlForm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = Escaped(self.title);
        writeln!(f, "<!doctype html>")?;
        writeln!(f, "<html lang=\"en\">")?;
        writeln!(f, "<meta charset=\"utf-8\">")?;
        writeln!(f, "<meta name=\"referrer\" content=\"no-referrer\">")?;
        writeln!(f, "<title>{title}</title>")?;
        writeln!(f, "<h1>{title}</h1>")?;
        writeln!(
            f,
            "<form action=\"{}\" method=\"post\" enctype=\"multipart/form-data\">",
            Escaped(self.action)
        )?;
        for (name, value) in self.fields {
            writeln!(f, "  <input type=\"hidden\" name=\"{}\" value=\"{}\">", Escaped(name), Escaped(value))?;
        }
        // A range of types is a condition on a field that only the chosen file can fill.
        let open_type = self.media_range.is_some_and(|range| range.ends_with('*'));
        if open_type {
            writeln!(f, "  <input type=\"hidden\" name=\"Content-Type\" value=\"\">")?;
        }
        write!(f, "  <input type=\"file\" name=\"file\" required")?;
        if let Some(range) = self.media_range {
            write!(f, " accept=\"{}\"", Escaped(range))?;
        }
        if open_type {
            write!(f, " onchange=\"form.elements['Content-Type'].value = files[0] ? files[0].type : ''\"")?;
        }
        writeln!(f, ">")?;
        writeln!(f, "  <button>Upload</button>")?;
        writeln!(f, "</form>")?;
        writeln!(f, "</html>")
    }
}

/// A text within an element or within a quoted attribute.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_attributes() {
        let fields = [("x\"><b>".to_owned(), "it's & <i>".to_owned())];
        let page = HtmlForm { title: "<t>", action: "https://h/?a=b&c", fields: &fields, media_range: None };
        let page = page.to_string();
        assert!(page.contains("<title>&lt;t&gt;</title>"), "{page}");
        assert!(page.contains("action=\"https://h/?a=b&amp;c\""), "{page}");
        assert!(page.contains("name=\"x&quot;&gt;&lt;b&gt;\" value=\"it&#39;s &amp; &lt;i&gt;\""), "{page}");
        assert!(!page.contains("Content-Type"), "{page}");
    }

    #[test]
    fn the_file_comes_last_and_its_type_before_it() {
        let fields = [("key".to_owned(), "k".to_owned())];
        let page = HtmlForm { title: "t", action: "u", fields: &fields, media_range: Some("image/*") };
        let page = page.to_string();
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is missing in {page}"));
        assert!(at("name=\"key\"") < at("name=\"Content-Type\""));
        assert!(at("name=\"Content-Type\"") < at("name=\"file\""));
        assert!(page.contains("accept=\"image/*\""));
    }
}
