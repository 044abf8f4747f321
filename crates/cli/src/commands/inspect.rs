//! `presign inspect`: what a presigned URL says.

use std::fmt::Display;
use std::io::{self, Read as _, Write};

use anyhow::{Context as _, Result};
use clap::Args;
use presign::{AddressingStyle, Explanation, Mechanism, Method, Timestamp};

use super::url::method_parser;
use crate::time;

/// Say what a presigned URL is for, by whom, until when, and what is unusual about it.
///
/// The signature itself is never printed.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InspectArguments {
    /// The URL, in single quotes; - reads it from standard input, which keeps it out of the shell's history
    #[arg(value_name = "URL")]
    url: String,

    /// The method it is used with, which it does not say by itself
    #[arg(long, short = 'X', value_name = "METHOD", ignore_case = true, value_parser = method_parser())]
    method: Option<Method>,

    /// Look at it as of this time instead of now
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    at: Option<Timestamp>,

    /// Print everything as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  presign inspect 'https://my-bucket.s3.amazonaws.com/file.txt?X-Amz-Algorithm=…'
  pbpaste | presign inspect -";

/// Explains the URL.
pub(crate) fn run(arguments: &InspectArguments) -> Result<()> {
    let url = match arguments.url.as_str() {
        "-" => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).context("the URL cannot be read from standard input")?;
            text
        }
        url => url.to_owned(),
    };
    let now = arguments.at.unwrap_or_else(time::now);
    let explanation = Explanation::of_url_with_method(&url, arguments.method, now)?;
    let mut out = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &explanation)?;
        writeln!(out)?;
    } else {
        write_explanation(&mut out, &explanation)?;
    }
    Ok(())
}

/// The explanation, a line for each thing that the URL says.
fn write_explanation(out: &mut impl Write, explanation: &Explanation) -> io::Result<()> {
    let Explanation { bucket, key, region, .. } = explanation;
    let mut line = |label: &str, value: &dyn Display| writeln!(out, "{label:>12}  {value}");
    line("for", &explanation.operations)?;
    if let Some(bucket) = bucket {
        let place = match explanation.style {
            AddressingStyle::VirtualHosted => "",
            AddressingStyle::Path => " (in the path)",
            AddressingStyle::PathAssumed => " (taken from the path; the host does not say what it is)",
        };
        line("bucket", &format_args!("{bucket}{place}"))?;
    }
    if let Some(key) = key {
        line("key", &printable(key))?;
    }
    if let Some(version) = &explanation.version_id {
        line("version", &printable(version))?;
    }
    line("host", &explanation.host)?;
    if let Some(region) = region {
        line("region", region)?;
    }
    let temporary = if explanation.is_temporary { " (temporary credentials)" } else { "" };
    line("signed by", &format_args!("{}{temporary}", printable(&explanation.access_key_id)))?;
    let mechanism = match explanation.mechanism {
        Mechanism::QueryV4 | Mechanism::HeaderV4 | Mechanism::FormV4 => "Signature Version 4",
        Mechanism::QueryV2 | Mechanism::FormV2 => "Signature Version 2",
    };
    line("signed with", &mechanism)?;
    if let Some(signed_at) = explanation.signed_at {
        line("signed at", &signed_at)?;
    }
    match explanation.expires_at {
        Some(expires_at) => line("works until", &format_args!("{expires_at}, {}", explanation.validity))?,
        None => line("works", &explanation.validity)?,
    }
    for header in &explanation.must_send {
        match &header.value {
            Some(value) => line("must send", &format_args!("{}: {}", header.name, printable(value)))?,
            None => line("must send", &format_args!("{} (the very value that was signed)", header.name))?,
        }
    }
    for (label, parameters) in
        [("carries", &explanation.carries), ("answers", &explanation.response_overrides)]
    {
        for parameter in parameters {
            line(label, &format_args!("{}: {}", printable(&parameter.name), printable(&parameter.value)))?;
        }
    }
    for limit in &explanation.limits {
        line("limited to", &printable(&limit.to_string()))?;
    }
    for notice in &explanation.notices {
        line("note", &printable(&notice.to_string()))?;
    }
    Ok(())
}

/// Text of a stranger's URL, without what would drive the terminal.
fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_driven_by_a_url() {
        assert_eq!(printable("a\u{1b}[2Jb\nc é"), "a\\u{1b}[2Jb\\nc é");
    }
}
