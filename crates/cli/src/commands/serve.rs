//! `presign serve`: the store.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, ValueHint};
use presign_server::{Config, NewRootKey, Overrides, SETTINGS, Server};
use tokio::sync::oneshot;

use crate::exports::exports;
use crate::pairs::parse_equation;
use crate::server_log::ServerLog;
use crate::stop_signal::{ReopenSignal, StopSignal, has_terminal};

use super::Outcome;
use super::share::SHARE_TO;

/// Run the store: an S3 that honours presigned URLs.
///
/// Without any setting it listens on 127.0.0.1:9000 and keeps everything in ./presign-data. The first start makes
/// a root key and prints it, once.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, after_long_help = settings_help())]
pub(crate) struct ServeArguments {
    /// Read the settings from this TOML file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,

    /// Where everything is kept; ./presign-data without it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    data: Option<PathBuf>,

    /// The address to listen on; 127.0.0.1:9000 without it
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,

    /// The region that signatures must name; us-east-1 without it
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// What links say and what is accepted as Host, as in https://files.example.com; may be repeated
    #[arg(long = "public-endpoint", value_name = "URL", value_hint = ValueHint::Url)]
    public_endpoints: Vec<String>,

    /// A network of proxies whose X-Forwarded headers are believed; may be repeated
    #[arg(long = "trusted-proxy", value_name = "CIDR")]
    trusted_proxies: Vec<String>,

    /// Any other setting, as in auth.sigv2=deny; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_equation)]
    settings: Vec<(String, String)>,
}

const EXAMPLES: &str = "\
Examples:
  presign serve
  presign serve --listen 0.0.0.0:9000 --public-endpoint https://files.example.com
  presign serve --config /etc/presign.toml --set log.format=json

SIGTERM and Ctrl-C stop it: running transfers may finish; a second one cuts them off. So does SIGHUP from a terminal that is
closed. Without a terminal, SIGHUP and SIGUSR1 open the log again, if standard error is a file.";

/// The examples, and the table of every setting, made from the server's own.
fn settings_help() -> String {
    let mut help = format!(
        "{EXAMPLES}\n\nSettings, as in the file and for --set; PRESIGN_ and the name in capitals in the environment:\n"
    );
    for setting in SETTINGS {
        let default = match setting.default {
            None | Some("") => String::new(),
            Some(value) => format!(", {value} without it"),
        };
        help.push_str(&format!(
            "\n  {} ({}{default})\n      {}\n",
            setting.name, setting.takes, setting.meaning
        ));
    }
    help
}

/// Serves until it is told to stop.
pub(crate) async fn run(arguments: ServeArguments, quiet: bool) -> Result<Outcome> {
    // The first signal may come at any time, and the data directory shall be closed in order.
    let hangup_stops = has_terminal();
    let signals = || io::Result::Ok((StopSignal::catch(hangup_stops)?, ReopenSignal::catch(hangup_stops)?));
    let (stop, reopen) = signals().context("signals cannot be caught")?;
    let config = Config::load(&environment(), &arguments.into_overrides())?;
    let (log, _end) = ServerLog::begin(&config.log)?;
    let served = tokio::select! {
        served = serve(config, quiet, &log, stop) => served,
        never = reopen_when_told(&log, reopen) => match never {},
    };
    let Err(error) = served else { return Ok(Outcome::Done) };
    // By the log, which waits for nobody, and not by whoever called.
    log.say(&format!("presign: {error:#}"));
    Ok(Outcome::Refused)
}

async fn reopen_when_told(log: &ServerLog, mut signal: ReopenSignal) -> Infallible {
    loop {
        signal.received().await;
        log.reopen();
    }
}

async fn serve(config: Config, quiet: bool, log: &ServerLog, mut stop: StopSignal) -> Result<()> {
    let (region, data) = (config.region.clone(), config.data.clone());
    let server = Server::bind(config).await?;
    let endpoint = server.endpoint_url();
    if let Some(key) = server.new_root_key() {
        // The server keeps it once it serves. A key that could not be printed is gone with this process, and the next start
        // makes another.
        let printed = tokio::select! {
            printed = print_root_key(key, &endpoint, &region) => printed,
            _ = stop.received() => Err(anyhow!("stopped before anybody read the root key")),
        };
        if let Err(error) = printed {
            let said = "the root key cannot be printed, so it is not kept; start again with a standard output that can be \
                        written";
            return Err(server.abandon().await.map_or_else(Into::into, |()| error.context(said)));
        }
    }
    if !quiet {
        log.say(&format!(
            "Presign listens on http://{}; data in {}; links begin with {endpoint}",
            server.local_addr(),
            data.display()
        ));
    }
    let serving = server.serve(async move {
        stop.received().await;
        tokio::spawn(async move {
            // As shells have it of a process that a signal has ended.
            std::process::exit(128 + stop.received().await);
        });
    });
    serving.await.context("the store failed; what was acknowledged is kept all the same")
}

impl ServeArguments {
    fn into_overrides(self) -> Overrides {
        Overrides {
            config_file: self.config,
            data: self.data,
            listen: self.listen,
            region: self.region,
            public_endpoints: self.public_endpoints,
            trusted_proxies: self.trusted_proxies,
            settings: self.settings,
        }
    }
}

/// The process's variables, but for the one that is `presign share`'s and no setting of the server.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name != SHARE_TO)
        .collect()
}

/// Standard output has the root key and nothing else, in words that a shell understands. Where that is a file, the key is on
/// the disk when this returns.
async fn print_root_key(key: &NewRootKey, endpoint: &str, region: &str) -> Result<()> {
    let mut text = "# The root key of this store. It is shown this once; keep it.\n".to_owned();
    for line in exports(key, endpoint, region) {
        text.push_str(&line);
        text.push('\n');
    }
    let (written, outcome) = oneshot::channel();
    // A thread of its own: whoever should read it may never do so, and the runtime waits for its own threads at the end.
    std::thread::Builder::new().name("presign-root-key".into()).spawn(move || {
        // Nobody waits for it any more when the server was stopped meanwhile.
        let _ = written.send(write_durably(text.as_bytes()));
    })?;
    Ok(outcome.await??)
}

/// Whether what is written there is gone.
fn is_null_device(file: &File) -> io::Result<bool> {
    let (found, null) = (file.metadata()?, std::fs::metadata("/dev/null")?);
    Ok(found.file_type().is_char_device() && found.rdev() == null.rdev())
}

/// Writes to standard output. Only a file has something to be made durable; for anything else the system says so.
fn write_durably(text: &[u8]) -> io::Result<()> {
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    if is_null_device(&out)? {
        // Where a process is started with a closed standard output, Rust opens this in its place.
        return Err(io::Error::other("it is closed, or /dev/null, and nobody would ever see the root key"));
    }
    out.write_all(text)?;
    match out.sync_all() {
        Err(error) if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Err(error),
        _ => Ok(()),
    }
}
