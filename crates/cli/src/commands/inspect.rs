//! `presign inspect`: what a presigned URL says.

use std::fmt::Display;
use std::io::{self, Read as _, Write};

use anyhow::{Context as _, Result};
use clap::{ArgGroup, Args};
use presign::{AddressingStyle, Credentials, Diagnosis, Explanation, Mechanism, Method, Timestamp, Verdict};
use serde::Serialize;

use super::Outcome;
use super::url::method_parser;
use crate::aws::{Signing, StoreOptions};
use crate::pairs::parse_header;
use crate::time;
use crate::usage::UsageError;

/// Say what a presigned URL is for, by whom, until when, and what is unusual about it.
///
/// With the key that signed it, say as well whether it works, and if not, why. The signature itself is never
/// printed, and nothing is sent anywhere.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("key"))]
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

    /// Check it with the credentials that `presign url` would sign with
    #[arg(long, group = "key")]
    verify: bool,

    /// Check it with the credentials of this profile
    #[arg(long, value_name = "NAME", group = "key")]
    profile: Option<String>,

    /// Check it with a secret access key that is read from standard input
    #[arg(long, group = "key")]
    secret_stdin: bool,

    /// A header that is sent with it, for the check; may be repeated
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", requires = "key", value_parser = parse_header)]
    headers: Vec<(String, String)>,

    /// An address that it may have been signed for, as in https://files.example.com; may be repeated
    #[arg(long = "known-host", value_name = "URL", requires = "key")]
    known_hosts: Vec<String>,

    /// Print everything as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  presign inspect 'https://my-bucket.s3.amazonaws.com/file.txt?X-Amz-Algorithm=…'
  pbpaste | presign inspect -
  presign inspect --profile work --method PUT --header 'content-type: image/png' 'https://…'
  presign inspect --secret-stdin 'https://…' < secret.txt

Exit codes: 1 when the URL is not presigned, or the check refuses it.";

/// Explains the URL.
pub(crate) async fn run(arguments: &InspectArguments) -> Result<Outcome> {
    if arguments.url == "-" && arguments.secret_stdin {
        return Err(UsageError::new(
            "the URL and the secret cannot both come from standard input; give the URL as an argument, or the key \
             with --profile",
        )
        .into());
    }
    let url = match arguments.url.as_str() {
        "-" => read_stdin("the URL")?,
        url => url.to_owned(),
    };
    let now = arguments.at.unwrap_or_else(time::now);
    let mut explanation = Explanation::of_url_with_method(&url, arguments.method, now)?;
    let diagnosis = match key(arguments, &explanation, &url).await? {
        None => None,
        Some(key) => {
            let headers: Vec<(&str, &str)> =
                arguments.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let known_hosts: Vec<&str> = arguments.known_hosts.iter().map(String::as_str).collect();
            Some(presign::diagnose_url(&url, arguments.method, &headers, &key, now, &known_hosts)?)
        }
    };
    if let Some(Diagnosis { verdict: Verdict::Honoured, method, .. }) = &diagnosis {
        // The check has found out what the URL does not say.
        explanation = Explanation::of_url_with_method(&url, *method, now)?;
    }

    let mut out = io::stdout().lock();
    if arguments.json {
        let described = Described { explanation: &explanation, diagnosis: diagnosis.as_ref() };
        serde_json::to_writer_pretty(&mut out, &described)?;
        writeln!(out)?;
    } else {
        write_explanation(&mut out, &explanation)?;
        if let Some(diagnosis) = &diagnosis {
            write_diagnosis(&mut out, diagnosis)?;
        }
    }
    let is_refused = diagnosis.is_some_and(|diagnosis| diagnosis.verdict != Verdict::Honoured);
    Ok(if is_refused { Outcome::Refused } else { Outcome::Done })
}

/// The key to check with, if any was named.
async fn key(
    arguments: &InspectArguments,
    explanation: &Explanation,
    url: &str,
) -> Result<Option<Credentials>> {
    if arguments.secret_stdin {
        let secret = read_stdin("the secret access key")?;
        let mut key =
            Credentials::new(explanation.access_key_id.as_str(), secret.trim_end_matches(['\r', '\n']));
        // Of temporary credentials only the URL has the third part.
        if let Some(token) = session_token(url) {
            key = key.with_session_token(token);
        }
        return Ok(Some(key));
    }
    if !arguments.verify && arguments.profile.is_none() {
        return Ok(None);
    }
    let options = StoreOptions { profile: arguments.profile.clone(), ..StoreOptions::default() };
    let signing = Signing::find(&options).await?;
    Ok(Some(signing.found.credentials))
}

fn session_token(url: &str) -> Option<String> {
    // A plus sign in a URL of S3 is a plus sign; the parser would take it for a space.
    let url: reqwest::Url = url.trim().replace('+', "%2B").parse().ok()?;
    let mut parameters = url.query_pairs();
    let token = parameters.find(|(name, _)| name.eq_ignore_ascii_case("x-amz-security-token"));
    token.map(|(_, value)| value.into_owned())
}

fn read_stdin(what: &str) -> Result<String> {
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .with_context(|| format!("{what} cannot be read from standard input"))?;
    Ok(text)
}

/// Everything, as `--json` prints it.
#[derive(Serialize)]
struct Described<'a> {
    #[serde(flatten)]
    explanation: &'a Explanation,
    /// Only with a key to check with.
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnosis: Option<&'a Diagnosis>,
}

/// The verdict, and what led to it.
fn write_diagnosis(out: &mut impl Write, diagnosis: &Diagnosis) -> io::Result<()> {
    let mut line = |label: &str, value: &dyn Display| write_line(out, label, value);
    match (&diagnosis.verdict, diagnosis.method) {
        (Verdict::Honoured, Some(method)) => {
            line("verdict", &format_args!("the signature is right, for {method}"))?;
        }
        (verdict, _) => line("verdict", &verdict)?,
    }
    if let Some(cause) = &diagnosis.cause {
        line("cause", &cause)?;
    }
    for cause in &diagnosis.also {
        line("then also", &cause)?;
    }
    for difference in &diagnosis.differing_lines {
        line("differs", &difference)?;
    }
    Ok(())
}

/// The explanation, a line for each thing that the URL says.
fn write_explanation(out: &mut impl Write, explanation: &Explanation) -> io::Result<()> {
    let Explanation { bucket, key, region, .. } = explanation;
    let mut line = |label: &str, value: &dyn Display| write_line(out, label, value);
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
        line("key", key)?;
    }
    if let Some(version) = &explanation.version_id {
        line("version", version)?;
    }
    line("host", &explanation.host)?;
    if let Some(region) = region {
        line("region", region)?;
    }
    let temporary = if explanation.is_temporary { " (temporary credentials)" } else { "" };
    line("signed by", &format_args!("{}{temporary}", explanation.access_key_id))?;
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
            Some(value) => line("must send", &format_args!("{}: {value}", header.name))?,
            None => line("must send", &format_args!("{} (the very value that was signed)", header.name))?,
        }
    }
    for (label, parameters) in
        [("carries", &explanation.carries), ("answers", &explanation.response_overrides)]
    {
        for parameter in parameters {
            line(label, &format_args!("{}: {}", parameter.name, parameter.value))?;
        }
    }
    for limit in &explanation.limits {
        line("limited to", &limit)?;
    }
    for notice in &explanation.notices {
        line("note", &notice)?;
    }
    Ok(())
}

/// One line of the answer. All of it may come from a stranger's URL.
fn write_line(out: &mut impl Write, label: &str, value: &dyn Display) -> io::Result<()> {
    writeln!(out, "{label:>12}  {}", printable(&value.to_string()))
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
        let mut written = Vec::new();
        write_line(&mut written, "must send", &"a\u{1b}[2Jb\nc é").unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "   must send  a\\u{1b}[2Jb\\nc é\n");
    }
}
