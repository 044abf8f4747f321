//! A store of five million objects beside one of ten thousand: what grows with the number of objects, and what must not.

mod client;
mod fill;
mod orphans;
mod population;
mod run;
mod slow_disk;
mod start;

pub use fill::fill;
pub use population::Population;
pub use run::{Options, Part, measure};
