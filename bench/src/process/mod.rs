//! The processes under measurement: started on a core of their own, and asked for what they used.

mod cores;
mod first_answer;
mod profile;
mod server_process;
mod usage;

pub use cores::Cores;
pub use first_answer::first_answer;
pub use profile::Profile;
pub use server_process::{ServerProcess, free_address};
pub use usage::{CpuReading, Memory};
