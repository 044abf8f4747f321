//! From the four places to one configuration.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use presign::RequestText;
use zeroize::Zeroizing;

use super::settings::Draft;
use super::value::Value;
use super::{Config, ConfigError, Origin, Overrides, RootKeySetting, SETTINGS, Setting};
use crate::exposure::{Exposure, exposed_directory_above, mode, other_owner};

/// What every environment variable of ours begins with.
const PREFIX: &str = "PRESIGN_";

/// A value with the place it came from, and whether it is the path of a file that holds the real one.
struct Found {
    value: Value,
    origin: Origin,
    in_file: bool,
}

/// Settings found so far, by name; a later layer takes the place of an earlier one.
type Layers = BTreeMap<&'static str, Found>;

impl Config {
    /// Reads the configuration file, if one is named, and every `_file` twin, and puts the layers together.
    ///
    /// `environment` is the process's, or what a test says it is. Variables that do not begin with `PRESIGN_` are not
    /// looked at, and neither are those that Kubernetes sets for a service called `presign` (`PRESIGN_PORT…`,
    /// `PRESIGN_SERVICE_…`). The file system is read and nothing else is.
    ///
    /// # Errors
    /// [`ConfigError`]: the first thing that is wrong, with where it stands and what it must be.
    pub fn load(environment: &BTreeMap<String, String>, overrides: &Overrides) -> Result<Self, ConfigError> {
        let mut layers = default_layers();
        let mut warnings = Vec::new();
        if let Some((path, origin)) = configuration_file(environment, overrides) {
            let (text, exposure) = read_file(&path, "config", &origin)?;
            let values = toml_values(&path, &text)?;
            let secret = values.iter().find_map(|(name, ..)| {
                SETTINGS.iter().find(|setting| setting.secret && setting.name == *name)
            });
            if let (Exposure::Readable, Some(secret)) = (exposure, secret) {
                warnings.push(readable(&path, secret.name));
            }
            add_layer(&mut layers, values)?;
        }
        add_layer(&mut layers, environment_values(environment)?)?;
        add_layer(&mut layers, override_values(overrides)?)?;
        assemble(&layers, warnings)
    }

    /// What a configuration file alone makes.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn of_toml(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let mut layers = default_layers();
        add_layer(&mut layers, toml_values(path, text)?)?;
        assemble(&layers, Vec::new())
    }
}

fn default_layers() -> Layers {
    let mut layers = Layers::new();
    for setting in SETTINGS {
        if let Some(default) = setting.default {
            let value = Value::One(default.to_owned());
            layers.insert(setting.name, Found { value, origin: Origin::Default, in_file: false });
        }
    }
    layers
}

fn configuration_file(
    environment: &BTreeMap<String, String>,
    overrides: &Overrides,
) -> Option<(PathBuf, Origin)> {
    if let Some(path) = &overrides.config_file {
        return Some((path.clone(), Origin::CommandLine));
    }
    let path = environment.get("PRESIGN_CONFIG").filter(|path| !path.is_empty())?;
    Some((path.into(), Origin::Environment("PRESIGN_CONFIG".to_owned())))
}

/// Names and values of one place, before it is known whether there are such settings.
type Named = Vec<(String, Value, Origin)>;

fn toml_values(path: &Path, text: &str) -> Result<Named, ConfigError> {
    // `message` and not the whole text: that quotes the line, and the line may hold a secret.
    let not_toml = |error: toml::de::Error| ConfigError::NotToml {
        path: path.to_owned(),
        reason: located(text, &error),
    };
    let table: toml::Table = text.parse().map_err(not_toml)?;
    let mut values = Vec::new();
    flatten(String::new(), toml::Value::Table(table), &Origin::File(path.to_owned()), &mut values)?;
    Ok(values)
}

fn located(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!("line {}: {}", before.matches('\n').count() + 1, error.message()),
        None => error.message().to_owned(),
    }
}

/// `[auth] sigv2 = "deny"` becomes `auth.sigv2` and `deny`.
fn flatten(name: String, value: toml::Value, origin: &Origin, values: &mut Named) -> Result<(), ConfigError> {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let name = if name.is_empty() { key } else { format!("{name}.{key}") };
                flatten(name, value, origin, values)?;
            }
        }
        toml::Value::Array(items) => {
            let texts: Option<Vec<String>> = items.into_iter().map(scalar).collect();
            // A list of tables is no setting's value, and neither is a table without settings in it.
            let texts = texts.ok_or_else(|| unknown(&name, origin.clone()))?;
            values.push((name, Value::Many(texts), origin.clone()));
        }
        other => {
            let text = scalar(other).unwrap_or_default();
            values.push((name, Value::One(text), origin.clone()));
        }
    }
    Ok(())
}

fn scalar(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Datetime(time) => Some(time.to_string()),
        toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}

fn environment_values(environment: &BTreeMap<String, String>) -> Result<Named, ConfigError> {
    let mut values = Vec::new();
    for (variable, value) in environment {
        let Some(name) = variable.strip_prefix(PREFIX) else { continue };
        let is_service_link = name == "PORT" || name.starts_with("PORT_") || name.starts_with("SERVICE_");
        if name == "CONFIG" || is_service_link {
            continue;
        }
        let origin = Origin::Environment(variable.clone());
        let known = names().find(|known| *variable == variable_of(known));
        let known = known.ok_or_else(|| unknown(&name.to_ascii_lowercase(), origin.clone()))?;
        values.push((known, Value::One(value.clone()), origin));
    }
    Ok(values)
}

fn override_values(overrides: &Overrides) -> Result<Named, ConfigError> {
    let mut values = Vec::new();
    let mut push = |name: &str, value| values.push((name.to_owned(), value, Origin::CommandLine));
    let data = overrides.data.as_ref().map(|path| path.to_string_lossy().into_owned());
    for (name, value) in [
        ("data", data.as_ref()),
        ("listen", overrides.listen.as_ref()),
        ("region", overrides.region.as_ref()),
    ] {
        if let Some(value) = value {
            push(name, Value::One(value.clone()));
        }
    }
    for (name, list) in
        [("public_endpoints", &overrides.public_endpoints), ("trusted_proxies", &overrides.trusted_proxies)]
    {
        if !list.is_empty() {
            push(name, Value::Many(list.clone()));
        }
    }
    for (name, value) in &overrides.settings {
        if let Some(secret) = SETTINGS.iter().find(|setting| setting.secret && setting.name == name) {
            return Err(ConfigError::SecretOnCommandLine { name: secret.name, variable: secret.variable() });
        }
        push(name, Value::One(value.clone()));
    }
    Ok(values)
}

/// Lays one place's values over what is there.
fn add_layer(layers: &mut Layers, values: Named) -> Result<(), ConfigError> {
    let mut set_here: Vec<&'static str> = Vec::new();
    for (name, value, origin) in values {
        let (setting, in_file) = find(&name).ok_or_else(|| unknown(&name, origin.clone()))?;
        if setting.secret && set_here.contains(&setting.name) {
            return Err(ConfigError::BothTwins { name: setting.name, origin });
        }
        set_here.push(setting.name);
        layers.insert(setting.name, Found { value, origin, in_file });
    }
    Ok(())
}

fn assemble(layers: &Layers, mut warnings: Vec<String>) -> Result<Config, ConfigError> {
    let mut draft = Draft::blank();
    for setting in SETTINGS {
        let Some(Found { value, origin, in_file }) = layers.get(setting.name) else { continue };
        // What stands there may be anything, a link or a secret that belongs elsewhere among it.
        let invalid = |why: String| ConfigError::Invalid {
            name: setting.name,
            origin: origin.clone(),
            why: RequestText::from(why).to_string(),
        };
        if *in_file {
            let path = PathBuf::from(value.one().map_err(invalid)?);
            let (held, exposure) = read_file(&path, setting.name, origin)?;
            if exposure == Exposure::Readable {
                warnings.push(readable(&path, setting.name));
            }
            (setting.read)(&mut draft, &Value::One(held.trim().to_owned())).map_err(invalid)?;
        } else {
            (setting.read)(&mut draft, value).map_err(invalid)?;
        }
    }
    let (id, secret) = ("root_access_key_id", "root_secret_access_key");
    draft.config.root_key = match (draft.root_access_key_id, draft.root_secret_access_key) {
        (Some(access_key_id), Some(secret_access_key)) => {
            Some(RootKeySetting { access_key_id, secret_access_key })
        }
        (None, None) => None,
        (Some(_), None) => return Err(ConfigError::HalfRootKey { given: id, missing: secret }),
        (None, Some(_)) => return Err(ConfigError::HalfRootKey { given: secret, missing: id }),
    };
    Ok(Config { warnings, ..draft.config })
}

/// Reads a file that may hold a secret, and says whether others may read it too. What others may change or exchange is refused:
/// they would decide who is root here. What they may only read is the caller's to judge: Kubernetes and Docker mount secrets that all may
/// read into containers in which there is nobody else.
fn read_file(
    path: &Path,
    name: &'static str,
    origin: &Origin,
) -> Result<(Zeroizing<String>, Exposure), ConfigError> {
    let read = || {
        let mut file = File::open(path)?;
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text)?;
        Ok((text, file.metadata()?))
    };
    let (text, metadata) = read().map_err(|error: io::Error| ConfigError::Unreadable {
        path: path.to_owned(),
        name,
        origin: origin.clone(),
        reason: error.to_string(),
    })?;
    let exposure = Exposure::of(&metadata);
    // A device or a pipe, such as /dev/stdin, is not what it holds.
    if !metadata.is_file() {
        return Ok((text, exposure));
    }
    let (place, origin) = (path.to_owned(), origin.clone());
    if exposure == Exposure::Writable {
        return Err(ConfigError::Exposed { path: place, name, origin, mode: mode(&metadata) });
    }
    if let Some((owner, user)) = other_owner(&metadata) {
        return Err(ConfigError::OtherOwner { path: place, owner, user, name, origin });
    }
    if let Some((directory, mode)) = exposed_directory_above(path) {
        return Err(ConfigError::ExposedDirectory { path: place, directory, mode, name, origin });
    }
    Ok((text, exposure))
}

/// The warning about a secret in a file that everybody may read.
fn readable(path: &Path, name: &str) -> String {
    let path = path.display();
    format!(
        "{path}: everybody on the machine may read this file, which holds `{name}`; run: chmod o-rwx {path}"
    )
}

/// The setting of that name, and whether the name is that of its `_file` twin.
fn find(name: &str) -> Option<(&'static Setting, bool)> {
    if let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) {
        return Some((setting, false));
    }
    let secret = name.strip_suffix("_file")?;
    SETTINGS.iter().find(|setting| setting.secret && setting.name == secret).map(|setting| (setting, true))
}

/// All names, twins included.
fn names() -> impl Iterator<Item = String> {
    let twin = |setting: &Setting| setting.secret.then(|| format!("{}_file", setting.name));
    SETTINGS.iter().flat_map(move |setting| std::iter::once(setting.name.to_owned()).chain(twin(setting)))
}

fn variable_of(name: &str) -> String {
    format!("{PREFIX}{}", name.to_ascii_uppercase().replace('.', "_"))
}

fn unknown(name: &str, origin: Origin) -> ConfigError {
    let likeness = |setting: &Setting| {
        let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '-'], ".");
        edits(&plain(name), &plain(setting.name))
    };
    let closest = SETTINGS.iter().map(|setting| (likeness(setting), setting.name)).min();
    let closest = closest.filter(|(edits, _)| *edits <= 3).map(|(_, name)| name);
    ConfigError::Unknown { name: RequestText::from(name).to_string(), origin, closest }
}

/// How many letters must be added, dropped or changed to make one word the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.bytes().enumerate() {
        let mut diagonal = at;
        let mut left = at + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(to.bytes()) {
            let changed = diagonal + usize::from(letter != other);
            diagonal = *cell;
            left = changed.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
