//! `presign url`: sign a URL for one object.

use std::io::{self, Write as _};
use std::net::IpAddr;
use std::time::Duration;

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use clap::{Args, ValueHint};
use presign::{Caveats, Method, PresignRequest, PresignedUrl, Timestamp};
use serde::Serialize;

use crate::aws::{IdleOptions, Signing, StoreOptions};
use crate::content_disposition::Attachment;
use crate::curl::Curl;
use crate::pairs::{Pairs, parse_equation, parse_header};
use crate::s3_uri::S3Uri;
use crate::usage::UsageError;
use crate::warnings::Warnings;
use crate::{content_disposition, duration, size, time};

/// Sign a URL for one object, to be used by anyone who holds it until it ends.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UrlArguments {
    /// The object, as in s3://bucket/key; taken as it is, nothing in it is decoded
    #[arg(value_name = "S3_URI", value_hint = ValueHint::Other)]
    object: S3Uri,

    /// The request that the URL allows
    #[arg(long, value_name = "METHOD", default_value = "GET", ignore_case = true, value_parser = method_parser())]
    http_method: Method,

    /// How long it works: seconds, or 15m, 24h, 7d (the most there is)
    #[arg(long, value_name = "DURATION", default_value = "3600", allow_negative_numbers = true, value_parser = duration::parse)]
    expires_in: Duration,

    /// Sign as of this time instead of now
    #[arg(long, value_name = "TIME", visible_alias = "date", value_parser = time::parse)]
    sign_at: Option<Timestamp>,

    /// Give everyone who asks within this window the same URL, so that caches hit
    ///
    /// The URL then works up to one window longer than asked.
    #[arg(long, value_name = "WINDOW", value_parser = duration::parse)]
    stable: Option<Duration>,

    /// One version of the object
    #[arg(long, value_name = "ID")]
    version_id: Option<String>,

    /// A header that the recipient must send, with this value; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = parse_header)]
    headers: Vec<(String, String)>,

    /// A query parameter to sign, as in tagging or x-user=anna; may be repeated
    #[arg(long = "query", value_name = "NAME=VALUE", value_parser = parse_equation)]
    parameters: Vec<(String, String)>,

    /// Sign with Signature Version 2, for stores that know nothing newer
    ///
    /// It signs neither host nor region, and AWS's regions opened since 2014 refuse it.
    #[arg(long)]
    sigv2: bool,

    /// Print the URL with what belongs to it, as JSON
    #[arg(long, conflicts_with = "curl")]
    json: bool,

    /// Print a curl command that uses the URL
    #[arg(long)]
    curl: bool,

    #[command(flatten)]
    download: DownloadOptions,

    #[command(flatten)]
    upload: UploadOptions,

    #[command(flatten)]
    limits: LimitOptions,

    #[command(flatten)]
    store: StoreOptions,

    #[command(flatten)]
    idle: IdleOptions,
}

/// What the answer to a download shall say.
#[derive(Args, Debug)]
#[command(next_help_heading = "Downloads")]
struct DownloadOptions {
    /// Save the download under this name
    #[arg(long, value_name = "NAME", conflicts_with = "response_content_disposition", value_parser = content_disposition::attachment)]
    filename: Option<Attachment>,

    /// Set the answer's Content-Type
    #[arg(long, value_name = "VALUE")]
    response_content_type: Option<String>,

    /// Set the answer's Content-Disposition
    #[arg(long, value_name = "VALUE")]
    response_content_disposition: Option<String>,

    /// Set the answer's Cache-Control
    #[arg(long, value_name = "VALUE")]
    response_cache_control: Option<String>,

    /// Set the answer's Content-Encoding
    #[arg(long, value_name = "VALUE")]
    response_content_encoding: Option<String>,

    /// Set the answer's Content-Language
    #[arg(long, value_name = "VALUE")]
    response_content_language: Option<String>,

    /// Set the answer's Expires
    #[arg(long, value_name = "VALUE")]
    response_expires: Option<String>,
}

/// What an upload must be.
#[derive(Args, Debug)]
#[command(next_help_heading = "Uploads")]
struct UploadOptions {
    /// The very Content-Type that the recipient must send
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,

    /// Allow the object to be created, never replaced: the second upload gets 412
    #[arg(long)]
    create_only: bool,

    /// The largest upload, as in 10MiB [limit]
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    max_size: Option<u64>,

    /// The smallest upload [limit]
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    min_size: Option<u64>,

    /// The types that may be uploaded, as in image/* [limit]
    #[arg(long, value_name = "RANGE")]
    allow_content_type: Option<String>,
}

/// Limits on who uses the URL, and when.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Limits (signed into the URL; a Presign store keeps them, other stores ignore them)"
)]
struct LimitOptions {
    /// The networks it may be used from, as in 203.0.113.0/24; may be repeated [limit]
    #[arg(long = "ip", value_name = "CIDR", value_delimiter = ',', value_parser = parse_network)]
    networks: Vec<ipnet::IpNet>,

    /// The time from which it works, as in 2026-11-21T17:00:00Z or +2h [limit]
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    not_before: Option<Timestamp>,

    /// The methods it serves, as in GET,HEAD [limit]
    #[arg(long, value_name = "METHODS", value_delimiter = ',', ignore_case = true, value_parser = method_parser())]
    methods: Vec<Method>,
}

const EXAMPLES: &str = "\
Examples:
  presign url s3://my-bucket/file.txt --expires-in 3600
  presign url s3://my-bucket/report.pdf --expires-in 7d --filename 'Report 2026.pdf'
  presign url s3://my-bucket/photo.jpg --http-method PUT --content-type image/jpeg --curl
  presign url s3://my-bucket/inbox/a.zip --http-method PUT --create-only --max-size 10MiB
  presign url s3://my-bucket/photo.jpg --stable 1h     # the same URL for an hour: caches hit
  presign url s3://my-bucket/file.txt --endpoint-url https://s3.example.com --region eu-central-1

The URL alone goes to standard output; warnings go to standard error (--quiet: none).";

/// Signs the URL and prints it.
pub(crate) async fn run(arguments: &UrlArguments, quiet: bool) -> Result<()> {
    let request = request_of(arguments)?;
    let signing = Signing::find(&arguments.store).await?;
    let bucket = signing.settings.bucket_url(&arguments.object.bucket)?;
    let now = time::now();
    let signer = signing.signer()?;
    let sign_at = arguments.sign_at.unwrap_or(now);
    let signed = if arguments.sigv2 {
        signer.presign_sigv2(&bucket, &request, sign_at)?
    } else {
        signer.presign(&bucket, &request, sign_at)?
    };

    let mut warnings = Warnings::default();
    warnings.check_url(signed.as_str(), signed.method(), now);
    warnings.check_credentials(&signing.found, signed.expires_at(), now);
    warnings.check_headers(signed.headers());
    warnings.print(quiet || arguments.json);

    let mut out = io::stdout().lock();
    if arguments.json {
        let works_until =
            signing.found.expires_at.map_or(signed.expires_at(), |end| end.min(signed.expires_at()));
        serde_json::to_writer_pretty(&mut out, &Described::new(&signed, works_until, &warnings))?;
        writeln!(out)?;
    } else if arguments.curl {
        writeln!(out, "{}", curl_command(&signed, arguments))?;
    } else {
        writeln!(out, "{}", signed.as_str())?;
    }
    Ok(())
}

fn request_of(arguments: &UrlArguments) -> Result<PresignRequest<'_>, UsageError> {
    let UrlArguments { download, upload, limits, .. } = arguments;
    let method = arguments.http_method;
    let mut request = PresignRequest::object(method, arguments.object.key.as_str())
        .expires_in(arguments.expires_in)
        .stable(arguments.stable.unwrap_or_default());

    let overrides = [
        ("response-content-type", download.response_content_type.as_deref()),
        ("response-content-disposition", download.response_content_disposition.as_deref()),
        ("response-content-disposition", download.filename.as_ref().map(|name| name.header.as_str())),
        ("response-cache-control", download.response_cache_control.as_deref()),
        ("response-content-encoding", download.response_content_encoding.as_deref()),
        ("response-content-language", download.response_content_language.as_deref()),
        ("response-expires", download.response_expires.as_deref()),
    ];
    for (name, value) in overrides {
        let Some(value) = value else { continue };
        if !matches!(method, Method::Get | Method::Head) {
            return Err(UsageError::new(format!(
                "--{name} and --filename change the answer to a download, and this URL is for {method}; to keep a \
                 header with the object, use --header"
            )));
        }
        request = request.query(name, value);
    }
    if let Some(version_id) = &arguments.version_id {
        request = request.version_id(version_id.as_str());
    }
    for (name, value) in &arguments.parameters {
        request = request.query(name.as_str(), value.as_str());
    }

    let uploads = matches!(method, Method::Put | Method::Post);
    let for_uploads = [
        (
            "--content-type",
            upload.content_type.is_some(),
            "; to change the answer's, use --response-content-type",
        ),
        ("--create-only", upload.create_only, ""),
        ("--max-size", upload.max_size.is_some(), ""),
        ("--min-size", upload.min_size.is_some(), ""),
        ("--allow-content-type", upload.allow_content_type.is_some(), ""),
    ];
    if let Some((name, _, hint)) = for_uploads.into_iter().find(|(_, given, _)| *given && !uploads) {
        return Err(UsageError::new(format!("{name} is about uploads: add --http-method PUT{hint}")));
    }
    if let Some(content_type) = &upload.content_type {
        request = request.header("content-type", content_type.as_str());
    }
    for (name, value) in &arguments.headers {
        request = request.header(name.as_str(), value.as_str());
    }
    if upload.create_only {
        request = request.create_only();
    }

    if !limits.methods.is_empty() && !limits.methods.contains(&method) {
        return Err(UsageError::new(format!(
            "--methods must name {method} too, the method that the URL is signed with"
        )));
    }
    let mut caveats = Caveats::default();
    caveats.max_size = upload.max_size;
    caveats.min_size = upload.min_size;
    caveats.content_type.clone_from(&upload.allow_content_type);
    caveats.ips.clone_from(&limits.networks);
    caveats.not_before = limits.not_before;
    caveats.methods.clone_from(&limits.methods);
    Ok(request.caveats(caveats))
}

fn curl_command(signed: &PresignedUrl, arguments: &UrlArguments) -> String {
    let end_of_key = || arguments.object.key.rsplit('/').next();
    let name = arguments.download.filename.as_ref().map(|name| name.name.as_str()).or_else(end_of_key);
    let name = name.filter(|name| !matches!(*name, "" | "." | ".."));
    Curl {
        method: signed.method(),
        url: signed.as_str(),
        headers: signed.headers(),
        upload: None,
        save_as: name,
    }
    .to_shell()
}

/// The URL with what belongs to it, as `--json` prints it. Times are RFC 3339, in UTC.
#[derive(Serialize)]
struct Described<'a> {
    url: &'a str,
    method: &'static str,
    /// The headers that the recipient must send.
    headers: Pairs<'a>,
    signed_at: String,
    /// The first second in which the signature no longer holds.
    expires_at: String,
    /// The same, or the end of the credentials where that is known and sooner.
    works_until: String,
    warnings: &'a [String],
}

impl<'a> Described<'a> {
    fn new(signed: &'a PresignedUrl, works_until: Timestamp, warnings: &'a Warnings) -> Self {
        Described {
            url: signed.as_str(),
            method: signed.method().as_str(),
            headers: Pairs(signed.headers()),
            signed_at: signed.signed_at().to_string(),
            expires_at: signed.expires_at().to_string(),
            works_until: works_until.to_string(),
            warnings: warnings.as_slice(),
        }
    }
}

/// Reads the name of a method that presigned URLs are made for, in any case.
pub(super) fn method_parser() -> impl clap::builder::TypedValueParser<Value = Method> {
    PossibleValuesParser::new(["GET", "HEAD", "PUT", "POST", "DELETE"])
        .try_map(|name| name.to_ascii_uppercase().parse::<Method>())
}

fn parse_network(text: &str) -> Result<ipnet::IpNet, String> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(ipnet::IpNet::from))
        .map_err(|_| format!("`{text}` is no network; write 203.0.113.0/24, 2001:db8::/32 or one address"))
}
