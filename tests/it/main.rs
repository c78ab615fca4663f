//! Tests from outside: the program and the library as others use them.

mod cli;
mod docs;
mod evaluation;
mod house;
mod properties;
#[cfg(feature = "discord")]
mod rest;
#[cfg(feature = "sqlite")]
mod store;
