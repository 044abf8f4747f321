//! One file to a parser.

pub mod authorization;
pub mod bucket_url;
pub mod canonical_lines;
pub mod caveats;
pub mod client_address;
pub mod conditions;
pub mod continuation;
pub mod create_bucket_xml;
pub mod dates;
pub mod diagnosis;
pub mod digest_headers;
pub mod explanation;
pub mod metadata_value;
pub mod operation;
pub mod post_form;
pub mod presigning;
pub mod public_hosts;
pub mod query_auth;
pub mod range;
pub mod redaction;
pub mod request_target;
pub mod sealed_secret;
pub mod settings;
mod signed;
pub mod stored_row;
pub mod uri;
