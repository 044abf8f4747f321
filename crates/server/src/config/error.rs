//! What can be wrong with the settings, always with the place that says so and the way out.

use std::fmt;
use std::path::PathBuf;

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The table itself.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// The command line.
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(variable) => write!(f, "the environment variable {variable}"),
            Self::CommandLine => f.write_str("the command line"),
        }
    }
}

/// Why there is no configuration. No text holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No setting has that name.
    #[error("{origin}: there is no setting `{name}`{}; `presign serve --help` lists them all", did_you_mean(*.closest))]
    Unknown {
        /// The name.
        name: String,
        /// Where it stands.
        origin: Origin,
        /// The setting whose name comes closest, if one does.
        closest: Option<&'static str>,
    },
    /// The value does not say what the setting needs.
    #[error("{origin}: `{name}` {why}")]
    Invalid {
        /// The setting.
        name: &'static str,
        /// Where it stands.
        origin: Origin,
        /// What it must be.
        why: String,
    },
    /// A secret and the file to read it from, in the same place.
    #[error("{origin}: `{name}` and `{name}_file` are both set; keep one of them")]
    BothTwins {
        /// The setting without `_file`.
        name: &'static str,
        /// Where both stand.
        origin: Origin,
    },
    /// A secret as an argument, where every user of the machine can read it.
    #[error(
        "`{name}` is a secret, and command lines are visible to everybody on the machine; \
         set {variable}, or `{name}_file` to the path of a file that holds it"
    )]
    SecretOnCommandLine {
        /// The setting.
        name: &'static str,
        /// Its environment variable.
        variable: String,
    },
    /// One half of the root key.
    #[error(
        "`{given}` is set and `{missing}` is not; set both, or neither to have the server make a root key"
    )]
    HalfRootKey {
        /// The half that is there.
        given: &'static str,
        /// The half that is not.
        missing: &'static str,
    },
    /// The configuration file is not TOML.
    #[error("{}: not a TOML file: {reason}", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// Others than its owner can change a file that settings are read from.
    #[error(
        "{}: everybody on the machine may change this file, which `{name}` names ({origin}; mode {mode:03o}); run: \
         chmod o-rwx {}",
        path.display(), path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// The setting that names it; `config` for the configuration file.
        name: &'static str,
        /// Where that stands.
        origin: Origin,
        /// Its permission bits.
        mode: u32,
    },
    /// Others than its owner can put another file in the place of one that settings are read from.
    #[error(
        "{}: everybody on the machine may put another file in its place, as everybody may write {} (mode {mode:03o}); `{name}` \
         names the file ({origin}); run: chmod o-w {}",
        path.display(), directory.display(), directory.display()
    )]
    ExposedDirectory {
        /// The file as it is named.
        path: PathBuf,
        /// The directory above it, or above what it is a link to.
        directory: PathBuf,
        /// The directory's permission bits.
        mode: u32,
        /// The setting that names the file; `config` for the configuration file.
        name: &'static str,
        /// Where that stands.
        origin: Origin,
    },
    /// A file that settings are read from belongs to another user, who can change it.
    #[error(
        "{}: this file belongs to user {owner}, who may change it, and neither to root nor to the user that runs the server; \
         `{name}` names it ({origin}); run: chown {user} {}",
        path.display(), path.display()
    )]
    OtherOwner {
        /// The file.
        path: PathBuf,
        /// The user id of its owner.
        owner: u32,
        /// The user id that the server runs with.
        user: u32,
        /// The setting that names it; `config` for the configuration file.
        name: &'static str,
        /// Where that stands.
        origin: Origin,
    },
    /// A file that a setting names cannot be read.
    #[error("{}: cannot be read: {reason}; `{name}` names it ({origin})", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The setting that names it.
        name: &'static str,
        /// Where that stands.
        origin: Origin,
        /// The system's words.
        reason: String,
    },
}

fn did_you_mean(closest: Option<&'static str>) -> String {
    closest.map(|name| format!(", did you mean `{name}`?")).unwrap_or_default()
}
