//! What the demonstration sends its requests with: the real curl, or this program itself.

use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use presign::{AuthorizedRequest, Method};
use tokio::process::Command;

use crate::curl::Curl;

/// A client for the walk's requests.
pub(crate) struct HttpClient {
    curl_version: Option<String>,
    own: reqwest::Client,
}

/// A store's answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body, as text.
    pub(crate) body: String,
}

impl HttpClient {
    /// Looks whether there is a curl.
    pub(crate) async fn find() -> Result<Self> {
        let version = Command::new("curl").arg("--version").stdin(Stdio::null()).output().await;
        let curl_version = version.ok().filter(|output| output.status.success()).and_then(|output| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            Some(text.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
                .filter(|text| !text.is_empty())
        });
        // The store is on this machine, so no proxy can reach it.
        let own = reqwest::Client::builder()
            .no_proxy()
            // Nor is there TLS, so no certificates are looked for; a bare container has none.
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("the HTTP client cannot be started")?;
        Ok(HttpClient { curl_version, own })
    }

    /// Who sends the requests, for people.
    pub(crate) fn name(&self) -> &str {
        self.curl_version.as_deref().unwrap_or("presign itself, for there is no curl on this machine")
    }

    /// Runs the command, or does what it would do.
    pub(crate) async fn run(&self, curl: &Curl<'_>) -> Result<Answer> {
        if self.curl_version.is_none() {
            return self.imitate(curl).await;
        }
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--noproxy", "*", "--write-out", "\n%{http_code}"])
            .args(curl.arguments())
            .stdin(Stdio::null())
            .output()
            .await
            .context("curl cannot be started")?;
        let text = String::from_utf8_lossy(&output.stdout);
        match text.rsplit_once('\n').map(|(body, status)| (body, status.parse())) {
            Some((body, Ok(status @ 100..))) => Ok(Answer { status, body: body.to_owned() }),
            _ => bail!("curl failed: {}", String::from_utf8_lossy(&output.stderr).trim()),
        }
    }

    async fn imitate(&self, curl: &Curl<'_>) -> Result<Answer> {
        let mut request = self.own.request(method(curl.method)?, curl.url);
        for (name, value) in curl.headers {
            request = request.header(name, value);
        }
        if let Some(path) = curl.upload {
            request =
                request.body(tokio::fs::read(path).await.with_context(|| format!("{path} cannot be read"))?);
        }
        answer(request).await
    }

    /// Sends a request that is signed in its headers.
    pub(crate) async fn send(&self, verb: Method, request: &AuthorizedRequest, body: &str) -> Result<Answer> {
        let mut sent = self.own.request(method(verb)?, request.url()).body(body.to_owned());
        for (name, value) in request.headers() {
            sent = sent.header(*name, value);
        }
        answer(sent).await
    }
}

fn method(method: Method) -> Result<reqwest::Method> {
    Ok(method.as_str().parse()?)
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer> {
    let response =
        request.send().await.map_err(reqwest::Error::without_url).context("the store cannot be reached")?;
    let status = response.status().as_u16();
    Ok(Answer { status, body: response.text().await.context("the store's answer broke off")? })
}
