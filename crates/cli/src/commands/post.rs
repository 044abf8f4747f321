//! `presign post`: sign a form with which others upload.

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum, ValueHint};
use presign::{Method, PostForm, PostRequest, PresignRequest, Timestamp};
use serde::Serialize;

use crate::aws::{Signing, StoreOptions};
use crate::html_form::HtmlForm;
use crate::pairs::{Pairs, parse_equation};
use crate::s3_uri::S3Uri;
use crate::warnings::Warnings;
use crate::{duration, shell, size, time};

/// What stands in a key for the uploaded file's own name.
const FILENAME: &str = "${filename}";

/// Sign a form with which browsers upload, straight to the store.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PostArguments {
    /// The object, or a prefix that ends in / and takes files under their own names
    #[arg(value_name = "S3_URI", value_hint = ValueHint::Other)]
    target: S3Uri,

    /// The largest file, as in 10MiB
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    max_size: Option<u64>,

    /// The smallest file
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    min_size: Option<u64>,

    /// The type of the files: image/png for just that one, image/* for a range
    #[arg(long, value_name = "TYPE", value_parser = parse_media_range)]
    content_type: Option<String>,

    /// How long uploads are taken: seconds, or 15m, 24h, 7d (the most there is)
    #[arg(long, value_name = "DURATION", default_value = "3600", allow_negative_numbers = true, value_parser = duration::parse)]
    expires_in: Duration,

    /// A further field that the form has and that cannot be changed, as in acl=private; may be repeated
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = parse_equation)]
    fields: Vec<(String, String)>,

    /// The status of a successful answer; 204 without it
    #[arg(long, value_name = "STATUS", value_parser = parse_status)]
    success_action_status: Option<u16>,

    /// Where the browser goes after an upload
    #[arg(long, value_name = "URL", conflicts_with = "success_action_status")]
    success_action_redirect: Option<String>,

    /// Sign as of this time instead of now
    #[arg(long, value_name = "TIME", visible_alias = "date", value_parser = time::parse)]
    sign_at: Option<Timestamp>,

    /// How to print the form
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "json")]
    format: Format,

    #[command(flatten)]
    store: StoreOptions,
}

/// How a form is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The URL and the fields, for a program
    Json,
    /// A page with the form
    Html,
    /// A curl command that uploads FILE
    Curl,
}

const EXAMPLES: &str = "\
Examples:
  presign post s3://my-bucket/inbox/ --max-size 10MiB --content-type 'image/*' --expires-in 15m
  presign post s3://my-bucket/inbox/ --format html > upload.html
  presign post s3://my-bucket/report.pdf --format curl";

/// Signs the form and prints it.
pub(crate) async fn run(arguments: &PostArguments, quiet: bool) -> Result<()> {
    let request = request_of(arguments);
    let signing = Signing::find(&arguments.store).await?;
    let bucket = signing.settings.bucket_url(&arguments.target.bucket)?;
    let now = time::now();
    let sign_at = arguments.sign_at.unwrap_or(now);
    let signer = signing.signer()?;
    let form = signer.post_form(&bucket, &request, sign_at)?;

    let mut warnings = Warnings::default();
    // What is odd about where and how long holds for an upload by URL just the same.
    let alike = PresignRequest::put("file").expires_in(arguments.expires_in);
    warnings.check_url(signer.presign(&bucket, &alike, sign_at)?.as_str(), Method::Put, now);
    warnings.check_credentials(&signing.found, form.expires_at(), now);
    let open_type = arguments.content_type.as_deref().filter(|range| range.ends_with('*'));
    if let (Some(range), Format::Json) = (open_type, arguments.format) {
        warnings.push(format_args!(
            "whoever sends the form must add a field `Content-Type` with a type in {range}, before the file"
        ));
    }

    let mut out = io::stdout().lock();
    match arguments.format {
        Format::Json => {
            let described = Described {
                url: form.url(),
                fields: Pairs(form.fields()),
                expires_at: form.expires_at().to_string(),
                warnings: warnings.as_slice(),
            };
            serde_json::to_writer_pretty(&mut out, &described)?;
            writeln!(out)?;
        }
        Format::Html => {
            let title = format!("Upload to {}", arguments.target.bucket);
            let (action, fields) = (form.url(), form.fields());
            let page =
                HtmlForm { title: &title, action, fields, media_range: arguments.content_type.as_deref() };
            write!(out, "{page}")?;
        }
        Format::Curl => {
            if let Some(range) = open_type {
                warnings
                    .push(format_args!("put the file's type in the place of TYPE; it must be in {range}"));
            }
            writeln!(out, "{}", curl_command(&form, open_type))?;
        }
    }
    warnings.print(quiet || arguments.format == Format::Json);
    Ok(())
}

fn request_of(arguments: &PostArguments) -> PostRequest {
    let key = &arguments.target.key;
    let takes_names = key.is_empty() || key.ends_with('/');
    let key = if takes_names { format!("{key}{FILENAME}") } else { key.clone() };
    let mut request = PostRequest::new(key).expires_in(arguments.expires_in);
    if let Some(bytes) = arguments.max_size {
        request = request.max_size(bytes);
    }
    if let Some(bytes) = arguments.min_size {
        request = request.min_size(bytes);
    }
    if let Some(range) = &arguments.content_type {
        request = request.content_type(range);
    }
    if let Some(status) = arguments.success_action_status {
        request = request.success_action_status(status);
    }
    if let Some(url) = &arguments.success_action_redirect {
        request = request.success_action_redirect(url);
    }
    for (name, value) in &arguments.fields {
        request = request.fixed_field(name, value);
    }
    request
}

fn curl_command(form: &PostForm, open_type: Option<&str>) -> String {
    let mut command = "curl".to_owned();
    let mut push = |option: &str, value: &str| {
        command.push(' ');
        command.push_str(option);
        command.push(' ');
        command.push_str(&shell::quoted(value));
    };
    for (name, value) in form.fields() {
        push("--form-string", &format!("{name}={value}"));
    }
    if let Some(range) = open_type {
        push("--form-string", &format!("Content-Type={}", range.replace('*', "TYPE")));
    }
    push("--form", "file=@FILE");
    command.push(' ');
    command.push_str(&shell::quoted(form.url()));
    command
}

/// The form as `--format json` prints it; `url` and `fields` are as boto3 names them.
#[derive(Serialize)]
struct Described<'a> {
    url: &'a str,
    fields: Pairs<'a>,
    /// RFC 3339, in UTC: the first second in which the form no longer works.
    expires_at: String,
    warnings: &'a [String],
}

fn parse_media_range(text: &str) -> Result<String, String> {
    let is_token = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && b != b'/');
    match text.split_once('/') {
        Some((kind, rest)) if is_token(kind) && is_token(rest.split(';').next().unwrap_or_default()) => {
            Ok(text.to_owned())
        }
        _ => Err(format!("`{text}` is no media type; write image/png, or image/* for a range")),
    }
}

fn parse_status(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(status @ (200 | 201 | 204)) => Ok(status),
        _ => Err(format!("`{text}` is not among the statuses that S3 knows here: 200, 201 and 204")),
    }
}
