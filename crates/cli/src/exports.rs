//! The variables with which every AWS tool uses a store of ours.

use presign_server::NewRootKey;

use crate::shell;

/// Lines for a POSIX shell that set the key, the endpoint and the region. The secret is among them.
pub(crate) fn exports(key: &NewRootKey, endpoint: &str, region: &str) -> [String; 4] {
    [
        ("AWS_ACCESS_KEY_ID", key.access_key_id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", key.secret_access_key.expose()),
        ("AWS_ENDPOINT_URL_S3", endpoint),
        ("AWS_REGION", region),
    ]
    .map(|(name, value)| format!("export {name}={}", shell::quoted(value)))
}
