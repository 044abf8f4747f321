//! The canonical request: the text that a SigV4 signature covers.
//!
//! ```text
//! METHOD
//! path
//! query parameters, sorted
//! name:value for each signed header
//!
//! names of the signed headers
//! payload hash
//! ```
//! Source: "Create a signed AWS API request", AWS IAM User Guide.

/// The payload line of a presigned URL, whose maker does not know the body.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Writes a canonical request line by line; the methods are called in the order of its lines.
pub(crate) struct CanonicalRequest {
    text: String,
}

impl CanonicalRequest {
    /// Starts with the method and the path in canonical form.
    pub(crate) fn new(method: &str, path: &str, capacity: usize) -> Self {
        let mut text = String::with_capacity(capacity);
        text.push_str(method);
        text.push('\n');
        text.push_str(path);
        CanonicalRequest { text }
    }

    /// Starts with nothing, for a part of a canonical request.
    pub(crate) fn start(capacity: usize) -> Self {
        CanonicalRequest { text: String::with_capacity(capacity) }
    }

    /// The query line, of encoded names and values in any order.
    pub(crate) fn query<'q>(&mut self, parameters: &mut [(&'q str, &'q str)]) {
        // A stable sort of so few is an insertion sort; most arrive sorted.
        parameters.sort();
        let mut separator = '\n';
        for (name, value) in parameters.iter() {
            self.text.push(separator);
            self.text.push_str(name);
            self.text.push('=');
            self.text.push_str(value);
            separator = '&';
        }
        if parameters.is_empty() {
            self.text.push('\n');
        }
    }

    /// The query line, of parameters that are encoded and sorted already.
    pub(crate) fn query_as_is(&mut self, query: &str) {
        self.text.push('\n');
        self.text.push_str(query);
    }

    /// The text so far.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// A signed header. Several values of one name are one header, joined by commas.
    pub(crate) fn header<'v>(&mut self, name: &str, values: impl Iterator<Item = &'v str>) {
        self.text.push('\n');
        self.text.push_str(name);
        let mut separator = ':';
        for value in values {
            self.text.push(separator);
            push_trimmed(&mut self.text, value);
            separator = ',';
        }
        if separator == ':' {
            self.text.push(separator);
        }
    }

    /// The names of the signed headers, and the payload hash; this ends the text.
    pub(crate) fn finish<'n>(
        mut self,
        signed_headers: impl Iterator<Item = &'n str>,
        payload: &str,
    ) -> String {
        self.text.push('\n');
        let mut separator = '\n';
        for name in signed_headers {
            self.text.push(separator);
            self.text.push_str(name);
            separator = ';';
        }
        self.text.push('\n');
        self.text.push_str(payload);
        self.text
    }
}

/// Appends a header's value without surrounding white space, each inner run of it one space.
pub(crate) fn push_trimmed(out: &mut String, value: &str) {
    let has_space = value.bytes().any(|byte| byte == b' ' || byte == b'\t');
    if !has_space {
        out.push_str(value);
        return;
    }
    let mut words = value.split([' ', '\t']).filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        out.push_str(first);
    }
    for word in words {
        out.push(' ');
        out.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_sort_by_name_before_value() {
        let mut request = CanonicalRequest::new("GET", "/k", 64);
        // As one text `a-b=1` would come before `a=2`, for `-` is less than `=`.
        request.query(&mut [("b", ""), ("a-b", "1"), ("a", "2"), ("a", "1")]);
        request.header("host", ["  h   x\t y "].into_iter());
        request.header("x", ["1", " 2"].into_iter());
        request.header("gone", std::iter::empty());
        let text = request.finish(["host", "x"].into_iter(), UNSIGNED_PAYLOAD);
        assert_eq!(text, "GET\n/k\na=1&a=2&a-b=1&b=\nhost:h x y\nx:1,2\ngone:\n\nhost;x\nUNSIGNED-PAYLOAD");
    }

    #[test]
    fn an_empty_query_is_an_empty_line() {
        let mut request = CanonicalRequest::new("GET", "/", 64);
        request.query(&mut []);
        request.header("host", ["h"].into_iter());
        assert_eq!(request.finish(["host"].into_iter(), "x"), "GET\n/\n\nhost:h\n\nhost\nx");
    }
}
