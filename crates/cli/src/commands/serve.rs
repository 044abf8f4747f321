//! `presign serve`: the store.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, ValueHint};
use presign_server::{Config, LogConfig, LogFormat, NewRootKey, Overrides, SETTINGS, Server};
use tracing_subscriber::EnvFilter;

use crate::exports::exports;
use crate::gathered_log::{GatheredLog, LogEnd};
use crate::log_line::LogLine;
use crate::pairs::parse_equation;
use crate::stop_signal::StopSignal;

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

SIGTERM and Ctrl-C stop it: running transfers may finish; a second one cuts them off.";

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
pub(crate) async fn run(arguments: ServeArguments, quiet: bool) -> Result<()> {
    // The first signal may come at any time, and the data directory shall be closed in order.
    let mut stop = StopSignal::catch().context("signals cannot be caught")?;
    let config = Config::load(&environment(), &arguments.into_overrides())?;
    let _log = log_to_stderr(&config.log)?;
    let (region, data) = (config.region.clone(), config.data.clone());
    let server = Server::bind(config).await?;
    let endpoint = server.endpoint_url();
    if let Some(key) = server.new_root_key() {
        print_root_key(key, &endpoint, &region)?;
    }
    if !quiet {
        eprintln!(
            "Presign listens on http://{}; data in {}; links begin with {endpoint}",
            server.local_addr(),
            data.display()
        );
    }
    let serving = server.serve(async move {
        stop.received().await;
        tokio::spawn(async move {
            stop.received().await;
            // 128 and the number of SIGINT, as shells have it.
            std::process::exit(130);
        });
    });
    serving.await.context("the store could not be closed; what was acknowledged is kept all the same")
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

/// Lines are gathered, but not for a person who watches a terminal.
fn log_to_stderr(log: &LogConfig) -> Result<Option<LogEnd>> {
    let filter = EnvFilter::try_new(&log.level).with_context(|| {
        format!("log.level is `{}`; it must be error, warn, info, debug, or a filter such as info,presign_server=debug", log.level)
    })?;
    let is_terminal = io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(is_terminal);
    if is_terminal {
        let subscriber = subscriber.with_writer(io::stderr);
        match log.format {
            LogFormat::Text => subscriber.init(),
            LogFormat::Json => subscriber.json().init(),
        }
        return Ok(None);
    }
    let (gathered, end) = GatheredLog::begin(io::stderr()).context("the log cannot be begun")?;
    let subscriber = subscriber.with_writer(gathered);
    match log.format {
        LogFormat::Text => subscriber.event_format(LogLine).init(),
        LogFormat::Json => subscriber.json().init(),
    }
    Ok(Some(end))
}

/// Standard output has the root key and nothing else, in words that a shell understands.
fn print_root_key(key: &NewRootKey, endpoint: &str, region: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "# The root key of this store. It is shown this once; keep it.")?;
    for line in exports(key, endpoint, region) {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}
