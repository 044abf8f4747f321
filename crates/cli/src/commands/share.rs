//! `presign share`: upload a file and print a link to it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueHint};
use presign::{PresignRequest, PresignedUrl};
use serde::Serialize;
use tokio::fs::File;

use crate::aws::{Signing, StoreOptions};
use crate::content_disposition::Attachment;
use crate::s3_uri::S3Uri;
use crate::store_error::StoreError;
use crate::usage::UsageError;
use crate::warnings::Warnings;
use crate::{content_disposition, duration, media_type, time, upload};

/// S3's largest single upload.
const MAX_UPLOAD_BYTES: u64 = 5 << 30;
/// The upload must only begin within the life of its URL.
const UPLOAD_LIFE: Duration = Duration::from_secs(15 * 60);

/// Where files are shared to when the command line does not say.
pub(crate) const SHARE_TO: &str = "PRESIGN_SHARE_TO";

/// Upload a file, and print a link with which anyone can download it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ShareArguments {
    /// The file
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// Where to: an object, or a bucket or prefix (ending in /) that takes the file under its own name
    #[arg(value_name = "S3_URI", value_hint = ValueHint::Other, env = SHARE_TO)]
    to: Option<S3Uri>,

    /// How long the link works: seconds, or 15m, 24h, 7d (the most there is)
    #[arg(long, value_name = "DURATION", default_value = "24h", allow_negative_numbers = true, value_parser = duration::parse)]
    expires_in: Duration,

    /// Replace the object if there is one already
    #[arg(long)]
    replace: bool,

    /// The file's Content-Type; guessed from its name without it
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,

    /// Save the download under this name
    #[arg(long, value_name = "NAME", value_parser = content_disposition::attachment)]
    filename: Option<Attachment>,

    /// Print the link with what belongs to it, as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    store: StoreOptions,
}

const EXAMPLES: &str = "\
Examples:
  presign share report.pdf s3://my-bucket/outbox/
  presign share photo.jpg s3://my-bucket/photo.jpg --expires-in 7d --replace

  export PRESIGN_SHARE_TO=s3://my-bucket/outbox/     # from then on just:
  presign share report.pdf

The link alone goes to standard output.";

/// Uploads the file and prints the link.
pub(crate) async fn run(arguments: &ShareArguments, quiet: bool) -> Result<()> {
    let Some(to) = &arguments.to else {
        return Err(UsageError::new(format!(
            "where shall the file go? Name a bucket or prefix, as in `presign share FILE s3://my-bucket/outbox/`, \
             or set {SHARE_TO}"
        ))
        .into());
    };
    let path = &arguments.file;
    let (file, length) = open(path).await?;
    let key = key_of(&to.key, path)?;

    let signing = Signing::find(&arguments.store).await?;
    let bucket = signing.settings.bucket_url(&to.bucket)?;
    let signer = signing.signer()?;

    let mut download = PresignRequest::get(key.as_str()).expires_in(arguments.expires_in);
    if let Some(attachment) = &arguments.filename {
        download = download.response_content_disposition(attachment.header.as_str());
    }
    // What cannot be signed is better told before an hour of uploading than after.
    signer.presign(&bucket, &download, time::now())?;

    let mut put = PresignRequest::put(key.as_str()).expires_in(UPLOAD_LIFE);
    if let Some(content_type) = arguments.content_type.as_deref().or_else(|| media_type::guess(path)) {
        put = put.header("content-type", content_type);
    }
    if !arguments.replace {
        put = put.header("if-none-match", "*");
    }
    let put = signer.presign(&bucket, &put, time::now())?;
    let progress = upload::progress_bar(length, quiet);
    let sent = upload::send(&put, file, length, &progress).await;
    progress.finish_and_clear();
    sent.map_err(|error| {
        let refusal = error.downcast_ref::<StoreError>();
        if refusal.is_some_and(|refusal| refusal.status() == 412) && !arguments.replace {
            let place = format!("s3://{}/{key} is there already", to.bucket);
            return error.context(format!("{place}; choose another place, or add --replace"));
        }
        let hint = match refusal.and_then(StoreError::code) {
            Some("NoSuchBucket") => {
                format!("; make the bucket first, as with `aws s3 mb s3://{}`", to.bucket)
            }
            Some("SignatureDoesNotMatch") => wrong_signature_hint(bucket.host(), refusal),
            _ => String::new(),
        };
        error.context(format!("{} is not shared{hint}", path.display()))
    })?;

    let now = time::now();
    let link = signer.presign(&bucket, &download, now)?;
    let mut warnings = Warnings::default();
    warnings.check_url(link.as_str(), link.method(), now);
    warnings.check_credentials(&signing.found, link.expires_at(), now);
    warnings.print(quiet || arguments.json);
    print(&link, &to.bucket, &key, &warnings, arguments.json)?;
    Ok(())
}

/// Either a proxy on the way changed the Host, or the secret is wrong; the store's answer tells which.
fn wrong_signature_hint(signed_for: &str, refusal: Option<&StoreError>) -> String {
    match refusal.and_then(StoreError::arrived_for) {
        Some(arrived_for) if arrived_for != signed_for => format!(
            "; it was signed for the host {signed_for} and reached the store for {arrived_for}: let the proxy in \
             between pass Host on unchanged, or put {signed_for} among the store's `public_endpoints`"
        ),
        _ => "; check the secret access key".to_owned(),
    }
}

async fn open(path: &Path) -> Result<(File, u64)> {
    let cannot = || format!("{} cannot be read", path.display());
    let file = File::open(path).await.with_context(cannot)?;
    let metadata = file.metadata().await.with_context(cannot)?;
    if !metadata.is_file() {
        bail!("{} is no file; to share a folder, pack it first", path.display());
    }
    if metadata.len() > MAX_UPLOAD_BYTES {
        bail!(
            "{} is {} bytes, and S3 takes at most {MAX_UPLOAD_BYTES} (5 GiB) at once; upload it in parts with \
             another tool, and then make the link with `presign url`",
            path.display(),
            metadata.len()
        );
    }
    Ok((file, metadata.len()))
}

/// The key as given, or the prefix with the file's name behind it.
fn key_of(key: &str, path: &Path) -> Result<String> {
    if !key.is_empty() && !key.ends_with('/') {
        return Ok(key.to_owned());
    }
    let name = path.file_name().and_then(|name| name.to_str()).with_context(|| {
        format!(
            "the name of {} is no Unicode text, so it cannot be a key; name the whole key",
            path.display()
        )
    })?;
    Ok(format!("{key}{name}"))
}

fn print(link: &PresignedUrl, bucket: &str, key: &str, warnings: &Warnings, json: bool) -> io::Result<()> {
    #[derive(Serialize)]
    struct Described<'a> {
        url: &'a str,
        bucket: &'a str,
        key: &'a str,
        /// RFC 3339, in UTC.
        expires_at: String,
        warnings: &'a [String],
    }
    let mut out = io::stdout().lock();
    if !json {
        return writeln!(out, "{}", link.as_str());
    }
    let (url, expires_at) = (link.as_str(), link.expires_at().to_string());
    serde_json::to_writer_pretty(
        &mut out,
        &Described { url, bucket, key, expires_at, warnings: warnings.as_slice() },
    )?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_takes_the_files_name() {
        let key = |key| key_of(key, Path::new("/tmp/a b.txt")).unwrap();
        assert_eq!(key(""), "a b.txt");
        assert_eq!(key("out/"), "out/a b.txt");
        assert_eq!(key("out/c"), "out/c");
    }
}
