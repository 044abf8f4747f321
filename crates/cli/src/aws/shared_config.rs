//! `~/.aws/config` and `~/.aws/credentials`, read as every AWS SDK reads them.

use std::borrow::Cow;

use anyhow::{Context as _, Result, bail};
use aws_config::profile::ProfileSet;
use aws_runtime::env_config::property::PropertiesKey;
use aws_types::os_shim_internal::{Env, Fs};

/// One profile of the shared files, with the sections that it refers to.
pub(crate) struct SharedConfig {
    profiles: ProfileSet,
}

impl SharedConfig {
    /// Reads the files, and in them the profile of that name, or `default`, which need not exist.
    pub(crate) async fn load(profile: Option<&str>) -> Result<Self> {
        let selected = profile.map_or(Cow::Borrowed("default"), |name| Cow::Owned(name.to_owned()));
        let profiles =
            aws_config::profile::load(&Fs::real(), &Env::real(), &Default::default(), Some(selected))
                .await
                .context("the shared AWS configuration cannot be read")?;
        if let Some(name) = profile
            && profiles.get_profile(name).is_none()
        {
            let mut known: Vec<&str> = profiles.profiles().collect();
            known.sort_unstable();
            let known = if known.is_empty() {
                "there are none".to_owned()
            } else {
                format!("there are {}", known.join(", "))
            };
            bail!("there is no profile `{name}` in ~/.aws/config or ~/.aws/credentials; {known}");
        }
        Ok(SharedConfig { profiles })
    }

    /// A setting of the profile.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.profiles.get(key).map(str::trim).filter(|value| !value.is_empty())
    }

    /// A setting indented under the profile's `s3 =`.
    pub(crate) fn s3(&self, key: &str) -> Option<&str> {
        self.profiles.get("s3")?.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case(key).then(|| value.trim()).filter(|value| !value.is_empty())
        })
    }

    /// The endpoint for S3 in the `[services …]` section that the profile names.
    pub(crate) fn service_endpoint(&self) -> Option<&str> {
        let key = PropertiesKey::builder()
            .section_key("services")
            .section_name(self.get("services")?)
            .property_name("s3")
            .sub_property_name("endpoint_url")
            .build()
            .ok()?;
        self.profiles.other_sections().get(&key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}
