//! nginx, the store and what other S3 server is installed, side by side: the same files, the same load, one after the other on the same core.

mod boto3;
mod contestant;
mod files;
mod nginx;
mod report;
mod row;
mod run;
mod s3s_fs;
mod store;

pub use boto3::Boto3;
pub use contestant::Contestant;
pub use nginx::Nginx;
pub use row::{ROWS, Row};
pub use run::{Options, compare};
pub use s3s_fs::S3sFs;
pub use store::PresignServe;
