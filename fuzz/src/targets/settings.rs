//! The configuration file.

use presign_server::fuzzing::read_settings;

const SECRET: &str = "a-root-secret-that-is-told-to-nobody";

/// The input is a TOML file, and goes behind a line with the secret.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    // Whoever writes it where no secret belongs is told where.
    if text.contains(SECRET) {
        return;
    }
    // Settings that name a file would have any file of this machine read.
    if text.contains("file") || text.contains('\\') {
        return;
    }
    match read_settings(&format!("root_secret_access_key = \"{SECRET}\"\n{text}")) {
        Ok(config) => {
            assert!(!config.region.is_empty(), "a signature always names a region");
            for endpoint in config.public_endpoints.iter() {
                assert_eq!(presign_server::PublicEndpoint::parse(endpoint.url()).as_ref(), Ok(endpoint));
            }
            // The secrets stay out of every debug print.
            let printed = format!("{config:?}");
            assert!(!printed.contains(SECRET), "{printed}");
        }
        Err(error) => {
            let printed = error.to_string();
            assert!(!printed.is_empty() && !printed.contains(SECRET), "{printed}");
        }
    }
}
