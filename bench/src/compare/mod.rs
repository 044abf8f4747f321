//! nginx and the store side by side: the same files, the same load, one after the other on the same core.

mod boto3;
mod contestant;
mod files;
mod nginx;
mod profile;
mod report;
mod row;
mod run;
mod store;

pub use boto3::Boto3;
pub use contestant::Contestant;
pub use nginx::Nginx;
pub use row::{ROWS, Row};
pub use run::{Options, compare};
pub use store::PresignServe;
