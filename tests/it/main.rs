//! Tests from outside: the program and the library as others use them.

mod cli;
mod docs;
mod evaluation;
mod house;
mod properties;
#[cfg(feature = "sqlite")]
mod store;
