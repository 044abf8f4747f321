//! The steps of the demonstration.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use presign::{BucketUrl, Method, Payload, PresignRequest, PresignedUrl, Signer, Timestamp, UnsignedRequest};

use super::http_client::{Answer, HttpClient};
use crate::curl::Curl;
use crate::store_error::StoreError;

/// What the steps work with.
pub(crate) struct Walk<'a> {
    /// Signs as the store's root.
    pub(crate) signer: &'a Signer,
    /// A bucket that is not made yet.
    pub(crate) bucket: &'a BucketUrl,
    /// Sends the requests.
    pub(crate) client: &'a HttpClient,
    /// A folder for the file that is uploaded.
    pub(crate) folder: &'a Path,
    /// The present.
    pub(crate) now: Timestamp,
}

const LETTER: &str = "letters/hello.txt";
const OTHER: &str = "letters/secret.txt";
const UPLOADED: &str = "inbox/answer.txt";
const HOUR: Duration = Duration::from_secs(3600);

/// Shows every step, and fails at the first whose outcome is not the promised one.
pub(crate) async fn show(walk: &Walk<'_>) -> Result<()> {
    walk.make_private_object().await?;
    let link = walk.download().await?;
    walk.upload().await?;
    walk.tamper(&link).await?;
    walk.use_too_late().await
}

impl Walk<'_> {
    async fn make_private_object(&self) -> Result<()> {
        heading("A private file")?;
        let bucket = UnsignedRequest::bucket(Method::Put, self.bucket);
        self.send_as_root(bucket, "").await.context("the bucket cannot be made")?;
        let text = "Hello! This file is private; you read it because someone gave you a link.\n";
        let object = UnsignedRequest::object(Method::Put, self.bucket, LETTER)?;
        self.send_as_root(object.payload(Payload::of(text.as_bytes())), text).await?;
        note(&format!("s3://{}/{LETTER} is stored. Without a link nobody gets it:", self.bucket.bucket()))?;
        let bare = format!("{}{}/{LETTER}", self.bucket.origin(), self.bucket.path());
        let answer =
            self.run(Curl { method: Method::Get, url: &bare, headers: &[], upload: None, save_as: None });
        expect_refusal(&answer.await?, "AccessDenied")
    }

    async fn download(&self) -> Result<PresignedUrl> {
        heading("A link to download it")?;
        note("It works for one hour, for whoever has it, with nothing but curl:")?;
        let link =
            self.signer.presign(self.bucket, &PresignRequest::get(LETTER).expires_in(HOUR), self.now)?;
        let answer = self.run_link(&link, None).await?;
        expect_success(&answer, "Hello!")?;
        Ok(link)
    }

    async fn upload(&self) -> Result<()> {
        heading("A link to upload")?;
        note("Whoever has this one can create that one object, once, and do nothing else:")?;
        let file = self.folder.join("answer.txt");
        let text = "Hello back! I have no account here, just a link.\n";
        std::fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
        let file = file.to_str().context("the temporary folder's name is no Unicode text")?;
        let request = PresignRequest::put(UPLOADED).expires_in(HOUR).create_only();
        let link = self.signer.presign(self.bucket, &request, self.now)?;
        expect_success(&self.run_link(&link, Some(file)).await?, "")?;
        note("The store has it now:")?;
        let link = self.signer.presign(self.bucket, &PresignRequest::get(UPLOADED), self.now)?;
        expect_success(&self.run_link(&link, None).await?, "Hello back!")
    }

    async fn tamper(&self, link: &PresignedUrl) -> Result<()> {
        heading("A link that was tampered with")?;
        note("The download link, changed to reach another file:")?;
        let url = link.as_str().replacen(LETTER, OTHER, 1);
        let answer =
            self.run(Curl { method: Method::Get, url: &url, headers: &[], upload: None, save_as: None });
        expect_refusal(&answer.await?, "SignatureDoesNotMatch")
    }

    async fn use_too_late(&self) -> Result<()> {
        heading("A link that is over")?;
        note("The same download link, had it been made two hours ago:")?;
        let earlier = Timestamp::from_unix(self.now.as_unix() - 7200);
        let link =
            self.signer.presign(self.bucket, &PresignRequest::get(LETTER).expires_in(HOUR), earlier)?;
        expect_refusal(&self.run_link(&link, None).await?, "AccessDenied")
    }

    async fn run_link(&self, link: &PresignedUrl, upload: Option<&str>) -> Result<Answer> {
        let curl = Curl {
            method: link.method(),
            url: link.as_str(),
            headers: link.headers(),
            upload,
            save_as: None,
        };
        self.run(curl).await
    }

    /// Shows the command, runs it, and shows what came of it.
    async fn run(&self, curl: Curl<'_>) -> Result<Answer> {
        let mut out = io::stdout().lock();
        writeln!(out, "\n    $ {}", curl.to_shell())?;
        out.flush()?;
        drop(out);
        let answer = self.client.run(&curl).await?;
        let mut out = io::stdout().lock();
        if answer.status >= 400 {
            writeln!(out, "    {}", StoreError::read(answer.status, &answer.body))?;
        } else if answer.body.is_empty() {
            writeln!(out, "    the store answered {}", answer.status)?;
        }
        if answer.status < 400 {
            for line in answer.body.lines() {
                writeln!(out, "    {line}")?;
            }
        }
        writeln!(out)?;
        Ok(answer)
    }

    async fn send_as_root(&self, request: UnsignedRequest<'_>, body: &str) -> Result<()> {
        let signed = self.signer.authorize(&request, self.now)?;
        let answer = self.client.send(Method::Put, &signed, body).await?;
        if answer.status >= 300 {
            return Err(StoreError::read(answer.status, &answer.body).into());
        }
        Ok(())
    }
}

fn heading(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "── {text} ──\n")
}

fn note(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "  {text}")
}

fn expect_success(answer: &Answer, start: &str) -> Result<()> {
    if answer.status != 200 || !answer.body.starts_with(start) {
        bail!("this should have worked; {}", StoreError::read(answer.status, &answer.body));
    }
    Ok(())
}

fn expect_refusal(answer: &Answer, code: &str) -> Result<()> {
    if answer.status != 403 || !answer.body.contains(&format!("<Code>{code}</Code>")) {
        bail!("this should have been refused with {code}; {}", StoreError::read(answer.status, &answer.body));
    }
    Ok(())
}
