//! A club's settings, as far as replies depend on them.

use crate::reply::Clinic;

/// What a club has chosen. A club that chose nothing has the operator's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Club {
    /// Clinics the club trusts, in the order in which they are named.
    pub clinics: Vec<Clinic>,
    /// The region whose numbers are given: a code, id or name of `helplines.toml`.
    pub region: Option<String>,
}
