//! The one table of every setting.

use std::fmt::Write;
use std::path::PathBuf;

use presign::SecretAccessKey;

use super::value::{self, Value};
use super::{AuthConfig, Config, LogConfig, LogFormat, Sigv2, Timeouts, TransferShares};
use crate::endpoint::PublicEndpoints;
use crate::keys::MasterKey;

/// One setting: what it is called, what it means, and how it is read.
pub struct Setting {
    /// Its name in the configuration file, with dots between tables and keys: `auth.sigv2`.
    pub name: &'static str,
    /// Its value when nobody sets it; `None`: it has none.
    pub default: Option<&'static str>,
    /// What values it takes, in words: `ADDRESS:PORT`.
    pub takes: &'static str,
    /// What it does, for people.
    pub meaning: &'static str,
    /// Whether it is a secret. A secret is refused on the command line, and a setting of the same name with `_file`
    /// behind it names a file to read it from.
    pub secret: bool,
    pub(super) read: fn(&mut Draft, &Value) -> Result<(), String>,
}

impl Setting {
    /// Its environment variable: `PRESIGN_AUTH_SIGV2`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("PRESIGN_{}", self.name.to_ascii_uppercase().replace('.', "_"))
    }
}

/// A configuration that is being put together: all of it, and the root key in its two halves.
pub(super) struct Draft {
    pub(super) config: Config,
    pub(super) root_access_key_id: Option<String>,
    pub(super) root_secret_access_key: Option<SecretAccessKey>,
}

impl Draft {
    /// Before anything is read. Every field that has a default gets it from the table.
    pub(super) fn blank() -> Self {
        let zero = std::time::Duration::ZERO;
        Self {
            config: Config {
                data: PathBuf::new(),
                listen: ([127, 0, 0, 1], 0).into(),
                region: String::new(),
                public_endpoints: PublicEndpoints::default(),
                trusted_proxies: Vec::new(),
                proxy_headers: Vec::new(),
                auth: AuthConfig { sigv2: Sigv2::Deny, presigned_bucket_operations: false },
                root_key: None,
                master_key: None,
                timeouts: Timeouts { header_read: zero, idle: zero, shutdown: zero },
                max_connections: 0,
                transfer_shares: TransferShares { key: 0, link: 0, address: 0 },
                upload_memory_bytes: 0,
                cache_bytes: 0,
                log: LogConfig { level: String::new(), format: LogFormat::Text },
                warnings: Vec::new(),
            },
            root_access_key_id: None,
            root_secret_access_key: None,
        }
    }
}

/// Puts what was read in its place.
fn set<T>(place: &mut T, read: Result<T, String>) -> Result<(), String> {
    *place = read?;
    Ok(())
}

/// Every setting there is, `_file` twins of secrets aside.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "data",
        default: Some("presign-data"),
        takes: "DIRECTORY",
        meaning: "Where everything is kept. Made at the first start, readable by its owner only.",
        secret: false,
        read: |draft, value| match value.one()? {
            "" => Err("is empty; it must be a directory".to_owned()),
            path => set(&mut draft.config.data, Ok(path.into())),
        },
    },
    Setting {
        name: "listen",
        default: Some("127.0.0.1:9000"),
        takes: "ADDRESS:PORT",
        meaning: "The address to listen on. Port 0 takes a free one; 0.0.0.0:9000 listens on every interface.",
        secret: false,
        read: |draft, value| set(&mut draft.config.listen, value::address(value.one()?)),
    },
    Setting {
        name: "region",
        default: Some("us-east-1"),
        takes: "REGION",
        meaning: "The region that every signature must name.",
        secret: false,
        read: |draft, value| set(&mut draft.config.region, value::region(value.one()?)),
    },
    Setting {
        name: "public_endpoints",
        default: Some(""),
        takes: "URL, …",
        meaning: "What links say and what verification accepts as Host, such as https://files.example.com. The first \
                  one is what new links begin with. `bucket.` before one of them is the virtual-hosted style, so that \
                  none may be a bucket of another. Empty: the Host as it is received.",
        secret: false,
        read: |draft, value| set(&mut draft.config.public_endpoints, value::endpoints(value)),
    },
    Setting {
        name: "trusted_proxies",
        default: Some(""),
        takes: "CIDR, …",
        meaning: "The networks of your proxies. Forwarded and X-Forwarded-* count from there and from nowhere else. \
                  A client that they do not name is unknown, and no link that is limited to a network is good for it.",
        secret: false,
        read: |draft, value| set(&mut draft.config.trusted_proxies, value::networks(value)),
    },
    Setting {
        name: "proxy_headers",
        default: Some(""),
        takes: "NAME, …",
        meaning: "Headers that your proxies add and clients must not learn, such as a secret between the two. The error for \
                  a wrong signature names them without their values. Left out anyway are the values of Forwarded, Via, \
                  X-Forwarded-* and the like, and, from trusted_proxies, of every header that no client of S3 sends, but not \
                  of names that begin with x-amz-: list such a header here.",
        secret: false,
        read: |draft, value| set(&mut draft.config.proxy_headers, value::header_names(value)),
    },
    Setting {
        name: "auth.sigv2",
        default: Some("allow"),
        takes: "allow | deny",
        meaning: "Whether URLs with the old signature are taken, which boto3 and the AWS CLI v1 still make in \
                  us-east-1 and other old regions unless told otherwise.",
        secret: false,
        read: |draft, value| {
            draft.config.auth.sigv2 = match value.one()? {
                "allow" => Sigv2::Allow,
                "deny" => Sigv2::Deny,
                other => return Err(format!("is `{other}`; it must be allow or deny")),
            };
            Ok(())
        },
    },
    Setting {
        name: "auth.presigned_bucket_operations",
        default: Some("false"),
        takes: "true | false",
        meaning: "Whether a presigned URL may list, make or delete a bucket. A link is for an object, so this is off.",
        secret: false,
        read: |draft, value| {
            set(&mut draft.config.auth.presigned_bucket_operations, value::boolean(value.one()?))
        },
    },
    Setting {
        name: "root_access_key_id",
        default: None,
        takes: "TEXT",
        meaning: "The root key's id, with root_secret_access_key. Set neither and the first start makes a root key and \
                  prints it once; set both and they take the place of that key.",
        secret: false,
        read: |draft, value| set(&mut draft.root_access_key_id, value::access_key_id(value.one()?).map(Some)),
    },
    Setting {
        name: "root_secret_access_key",
        default: None,
        takes: "TEXT",
        meaning: "The root key's secret.",
        secret: true,
        read: |draft, value| {
            let secret = value::secret_access_key(value.one()?)?;
            set(&mut draft.root_secret_access_key, Ok(Some(SecretAccessKey::new(secret))))
        },
    },
    Setting {
        name: "master_key",
        default: None,
        takes: "64 hexadecimal digits",
        meaning: "The key that seals secrets at rest. Set nothing and the first start makes one in `master.key` in the \
                  data directory; set it to keep the key elsewhere than the data.",
        secret: true,
        read: |draft, value| {
            let key = MasterKey::parse(value.one()?).map_err(|why| why.to_string());
            set(&mut draft.config.master_key, key.map(Some))
        },
    },
    Setting {
        name: "timeouts.header_read",
        default: Some("10s"),
        takes: "DURATION",
        meaning: "How long the head of a request may take, from its first byte to its last.",
        secret: false,
        read: |draft, value| set(&mut draft.config.timeouts.header_read, value::duration(value.one()?)),
    },
    Setting {
        name: "timeouts.idle",
        default: Some("60s"),
        takes: "DURATION",
        meaning: "How long a connection may be idle between requests. Within an upload or a download: how long the client \
                  may take for each 16 KiB that it is to send, or 128 KiB that it is to read.",
        secret: false,
        read: |draft, value| set(&mut draft.config.timeouts.idle, value::duration(value.one()?)),
    },
    Setting {
        name: "timeouts.shutdown",
        default: Some("30s"),
        takes: "DURATION",
        meaning: "How long running transfers may go on after the server was told to stop.",
        secret: false,
        read: |draft, value| set(&mut draft.config.timeouts.shutdown, value::duration(value.one()?)),
    },
    Setting {
        name: "limits.connections",
        default: Some("10000"),
        takes: "NUMBER",
        meaning: "Connections served at the same time, as far as the limit on open files allows: three quarters of it are \
                  for connections. When all are taken, a new one gets the place of one that is idle, the longest idle \
                  first, and waits while none is.",
        secret: false,
        read: |draft, value| set(&mut draft.config.max_connections, value::positive(value.one()?)),
    },
    Setting {
        name: "limits.transfers_per_key",
        default: Some("100%"),
        takes: "PERCENT",
        meaning: "What part of limits.connections may be transfers that the same access key signed: uploads, and downloads \
                  of more than 64 KiB. One that goes past it is answered with 503 SlowDown. Each of these three bounds is \
                  32 transfers at least. 100% is no bound: where one key signs all links, a smaller part would let the \
                  holders of a few of them shut out everybody else. Set less where several keys sign.",
        secret: false,
        read: |draft, value| set(&mut draft.config.transfer_shares.key, value::percent(value.one()?)),
    },
    Setting {
        name: "limits.transfers_per_link",
        default: Some("50%"),
        takes: "PERCENT",
        meaning: "The same, with the same presigned URL.",
        secret: false,
        read: |draft, value| set(&mut draft.config.transfer_shares.link, value::percent(value.one()?)),
    },
    Setting {
        name: "limits.transfers_per_address",
        default: Some("25%"),
        takes: "PERCENT",
        meaning: "The same, from the same client address, or the same /64 network of IPv6. Keep it well below transfers_per_link, or \
                  one client can take all that a link has. A proxy that is not among the \
                  trusted_proxies is one client. Clients of a trusted proxy that does not say who they are do not count.",
        secret: false,
        read: |draft, value| set(&mut draft.config.transfer_shares.address, value::percent(value.one()?)),
    },
    Setting {
        name: "limits.upload_memory",
        default: Some("64MiB"),
        takes: "SIZE",
        meaning: "Memory in which all uploads together gather their bodies. An upload takes about twice what it has in \
                  hand, 4 KiB at least and 1 MiB at most. When all is taken, further uploads wait until some is free, and one \
                  whose client has sent nothing more meanwhile gives its part back. On top of it, each 1,000 connections in \
                  the middle of a transfer take up to 96 MiB for the connections themselves. The bytes that came in last, of \
                  which an upload that waits holds up to 16 KiB, and 64 of them 256 KiB, are among those.",
        secret: false,
        read: |draft, value| match value::bytes(value.one()?)? {
            bytes @ 1_048_576.. => set(&mut draft.config.upload_memory_bytes, Ok(bytes)),
            _ => Err("must be 1MiB or more".to_owned()),
        },
    },
    Setting {
        name: "store.cache",
        default: Some("32MiB"),
        takes: "SIZE",
        meaning: "Memory for objects up to 64 KiB, and for the metadata of all, that are read often.",
        secret: false,
        read: |draft, value| set(&mut draft.config.cache_bytes, value::bytes(value.one()?)),
    },
    Setting {
        name: "log.level",
        default: Some("info"),
        takes: "FILTER",
        meaning: "What is logged: error, warn, info, debug, or a filter such as `info,presign_server=debug`.",
        secret: false,
        read: |draft, value| set(&mut draft.config.log.level, value.one().map(str::to_owned)),
    },
    Setting {
        name: "log.format",
        default: Some("text"),
        takes: "text | json",
        meaning: "How log lines are written.",
        secret: false,
        read: |draft, value| {
            draft.config.log.format = match value.one()? {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                other => return Err(format!("is `{other}`; it must be text or json")),
            };
            Ok(())
        },
    },
];

/// The table as a page of Markdown: all of `docs/settings.md`.
#[must_use]
pub fn settings_markdown() -> String {
    let mut page = String::from(
        "# Settings\n\n\
         <!-- Made from the table in crates/server/src/config/settings.rs; a test compares the two. -->\n\n\
         A setting is looked for on the command line (a flag of its own, or `--set name=value`), then in its\n\
         environment variable, then in the configuration file (`--config FILE` or `PRESIGN_CONFIG`), and the first\n\
         that has it decides. In the file a dot is a table: `auth.sigv2 = \"deny\"`, or `sigv2 = \"deny\"` under\n\
         `[auth]`. In the environment, lists have commas. A setting that does not exist is refused by its name.\n\n\
         Every secret has a twin with `_file` behind its name (`_FILE` in the environment): the path of a file that\n\
         holds it. Secrets are refused on the command line, which everybody on the machine can read. So is a file, of\n\
         secrets or of settings, that everybody may change; one with a secret that everybody may read is warned of. A\n\
         file is refused too where everybody may put another in its place: in or below a directory that everybody may\n\
         write and that has no sticky bit. It belongs to root or to the user that runs the server; only a server that\n\
         runs as root, as many do in containers, takes files of other owners. The group of a file and of its directory\n\
         may read and change it (modes such as 0660), as mounted secrets and volumes often belong to one: let nobody be\n\
         in it who may not.\n\n\
         | setting | environment | takes | default | meaning |\n|---|---|---|---|---|\n",
    );
    for setting in SETTINGS {
        let default = match setting.default {
            None => "—".to_owned(),
            Some("") => "empty".to_owned(),
            Some(value) => format!("`{value}`"),
        };
        let name = if setting.secret { " (secret, or with `_file`)" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| `{}`{name} | `{}` | {} | {default} | {} |",
            setting.name,
            setting.variable(),
            setting.takes.replace('|', "\\|"),
            setting.meaning.replace('|', "\\|"),
        );
    }
    page
}
