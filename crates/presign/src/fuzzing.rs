//! Readers that nobody but this crate calls, for the fuzz targets. No part of what the crate promises.

use crate::{Caveats, InvalidCaveat, SignError};

/// The caveats among decoded parameters.
pub fn read_caveats<'p>(
    parameters: impl Iterator<Item = (&'p str, &'p str)>,
) -> Result<Caveats, InvalidCaveat> {
    Caveats::from_parameters(parameters)
}

/// Caveats as parameters.
pub fn write_caveats(caveats: &Caveats) -> Result<Vec<(&'static str, String)>, SignError> {
    caveats.to_parameters()
}
