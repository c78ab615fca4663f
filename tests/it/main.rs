//! Tests from outside: the program and the library as others use them.

mod calendar;
mod cli;
#[cfg(feature = "discord")]
mod conversations;
mod docs;
mod encoder;
mod evaluation;
mod house;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod many;
#[cfg(feature = "discord")]
mod pictures;
#[cfg(feature = "postgres")]
mod postgres;
mod properties;
#[cfg(feature = "discord")]
mod rest;
#[cfg(feature = "discord")]
#[path = "../stand_in/mod.rs"]
mod stand_in;
#[cfg(feature = "discord")]
mod stand_in_itself;
#[cfg(feature = "sqlite")]
mod store;
#[cfg(feature = "sqlite")]
mod troubles;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod weekly;
