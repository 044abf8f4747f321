//! A request as a curl command.

use presign::Method;

use crate::shell;
use crate::url_path::path_of;

/// The longest name that a file may have on the usual file systems.
const FILE_NAME_BYTES: usize = 255;

/// What curl shall send.
pub(crate) struct Curl<'a> {
    /// The method of the request.
    pub(crate) method: Method,
    /// The whole URL.
    pub(crate) url: &'a str,
    /// The headers to send, Host aside.
    pub(crate) headers: &'a [(String, String)],
    /// The file to upload. Without one an upload reads `FILE`, for the reader to fill in.
    pub(crate) upload: Option<&'a str>,
    /// The file to write a download to; without one it goes to standard output.
    pub(crate) save_as: Option<&'a str>,
}

impl Curl<'_> {
    /// The arguments that follow `curl`, the URL last.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut push = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
        let path = path_of(self.url);
        if path.split('/').any(|segment| matches!(segment, "." | "..")) {
            // Otherwise curl removes the segments, and asks for another object than the one signed.
            push(&["--path-as-is"]);
        }
        if self.url.contains(['[', ']', '{', '}']) {
            push(&["--globoff"]);
        }
        match self.method {
            Method::Get => {
                if let Some(file) = self.save_as {
                    // The words of a refusal shall not end up in the file.
                    push(&["--fail", "--output", &as_file_name(shortened(file))]);
                }
            }
            Method::Head => push(&["--head"]),
            Method::Put => {
                let file = self.upload.unwrap_or("FILE");
                if matches!(path.rsplit('/').next(), Some("" | "." | "..")) {
                    // To a path that ends in a slash or a dot segment `--upload-file` adds the file's name.
                    push(&["--request", "PUT", "--data-binary", &format!("@{file}")]);
                    if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                        // And `--data-binary` would claim that it is a form.
                        push(&["--header", "content-type:"]);
                    }
                } else {
                    push(&["--upload-file", &as_file_name(shortened(file))]);
                }
            }
            method => push(&["--request", method.as_str()]),
        }
        for (name, value) in self.headers {
            // A header without a value is written with a semicolon; with a colon curl would leave it out.
            let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
            push(&["--header", &header]);
        }
        push(&[self.url]);
        arguments
    }

    /// The whole command, to be pasted into a POSIX shell.
    pub(crate) fn to_shell(&self) -> String {
        let mut command = "curl".to_owned();
        for argument in self.arguments() {
            command.push(' ');
            command.push_str(&shell::quoted(&argument));
        }
        command
    }
}

/// `-` alone means a standard stream to curl.
fn as_file_name(name: &str) -> String {
    if name == "-" { "./-".to_owned() } else { name.to_owned() }
}

/// The end of a name that no file system takes whole; keys are up to 1,024 bytes long. The extension is there.
fn shortened(name: &str) -> &str {
    let start = name.ceil_char_boundary(name.len().saturating_sub(FILE_NAME_BYTES));
    name.get(start..).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(method: Method, url: &str, headers: &[(&str, &str)]) -> String {
        let headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Curl { method, url, headers: &headers, upload: None, save_as: Some("-") }.to_shell()
    }

    #[test]
    fn each_method_has_its_form() {
        let told = |method| command(method, "https://h/b/k?a=b", &[]);
        assert_eq!(told(Method::Get), "curl --fail --output ./- 'https://h/b/k?a=b'");
        assert_eq!(told(Method::Put), "curl --upload-file FILE 'https://h/b/k?a=b'");
        assert_eq!(told(Method::Head), "curl --head 'https://h/b/k?a=b'");
        assert_eq!(told(Method::Delete), "curl --request DELETE 'https://h/b/k?a=b'");
    }

    #[test]
    fn headers_are_quoted_and_empty_ones_sent() {
        let told = command(Method::Delete, "https://h/k", &[("x-amz-meta-a", "it's"), ("x-empty", "")]);
        assert!(
            told.ends_with(r"--header 'x-amz-meta-a: it'\''s' --header 'x-empty;' https://h/k"),
            "{told}"
        );
    }

    #[test]
    fn dots_brackets_and_closing_slashes_are_kept() {
        assert!(command(Method::Get, "https://h/b/a/../k?x=y", &[]).contains(" --path-as-is "));
        assert!(!command(Method::Get, "https://h/b/a..b/k?x=/../", &[]).contains("--path-as-is"));
        assert!(command(Method::Get, "http://[::1]:9000/b/k", &[]).contains(" --globoff "));
        let told = command(Method::Put, "https://h/b/dir/?x=y", &[]);
        assert!(told.contains("--request PUT --data-binary @FILE --header content-type:"), "{told}");
        let told = command(Method::Put, "https://h/b/..?x=y", &[]);
        assert!(told.contains("--path-as-is --request PUT --data-binary @FILE "), "{told}");
    }

    #[test]
    fn a_name_that_is_too_long_for_a_file_keeps_its_end() {
        let name = format!("{}.tar", "é".repeat(200));
        assert_eq!(shortened(&name).len(), 254);
        assert!(shortened(&name).ends_with("é.tar"));
        assert_eq!(shortened("a.tar"), "a.tar");
    }
}
