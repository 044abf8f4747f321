//! nginx, as Debian's package configures it, with files of its own and uploads by WebDAV.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::contestant::{Contestant, version_told_by};
use crate::BUCKET;

/// nginx without any signature.
#[derive(Debug)]
pub struct Nginx {
    program: PathBuf,
}

impl Nginx {
    /// Finds it.
    ///
    /// # Errors
    /// When it is not installed, or cannot take uploads.
    pub fn find() -> anyhow::Result<Self> {
        for program in ["nginx", "/usr/sbin/nginx"] {
            let Ok(answer) = Command::new(program).arg("-V").output() else { continue };
            if !String::from_utf8_lossy(&answer.stderr).contains("http_dav_module") {
                bail!("this nginx is built without its WebDAV module; install Debian's (apt install nginx)");
            }
            return Ok(Nginx { program: program.into() });
        }
        bail!("nginx was not found; install it (apt install nginx) and run this again")
    }
}

impl Contestant for Nginx {
    fn name(&self) -> &str {
        "nginx"
    }

    fn version(&self) -> Option<String> {
        version_told_by(Command::new(&self.program).arg("-v"))
    }

    fn command(&self, address: SocketAddr, folder: &Path) -> anyhow::Result<Command> {
        let files = folder.join("files");
        fs::create_dir_all(files.join(BUCKET))?;
        let configuration = folder.join("nginx.conf");
        fs::write(&configuration, configured(address, folder, &files)).context("nginx's configuration")?;
        let mut nginx = Command::new(&self.program);
        // `-e` is for what nginx logs before it has read its configuration.
        nginx.arg("-e").arg(folder.join("error.log")).arg("-p").arg(folder).arg("-c").arg(configuration);
        Ok(nginx)
    }

    fn targets(&self, _: SocketAddr, _: &str, keys: &[String]) -> anyhow::Result<Vec<String>> {
        Ok(keys.iter().map(|key| format!("/{BUCKET}/{key}")).collect())
    }
}

/// The settings of Debian's nginx.conf, with paths in our folder; one worker, as there is one core; and for uploads
/// WebDAV's PUT, its temporary files on the same disk and no limit of their size.
fn configured(address: SocketAddr, folder: &Path, files: &Path) -> String {
    let (folder, files) = (folder.display(), files.display());
    // Started by root, nginx would give its worker to a user who may not read our folder.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    format!(
        r#"daemon off;
{user}
worker_processes 1;
pid "{folder}/nginx.pid";
error_log "{folder}/error.log";
events {{
    worker_connections 768;
}}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    default_type application/octet-stream;
    access_log "{folder}/access.log";
    gzip on;
    client_body_temp_path "{folder}/uploads";
    client_max_body_size 0;
    proxy_temp_path "{folder}/proxy";
    fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi";
    scgi_temp_path "{folder}/scgi";
    server {{
        listen {address};
        root "{files}";
        location / {{
            dav_methods PUT;
            create_full_put_path on;
        }}
    }}
}}
"#
    )
}
