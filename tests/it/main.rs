//! Tests from outside: the program and the library as others use them.

#[cfg(all(feature = "sqlite", feature = "web"))]
mod abuse;
mod calendar;
mod cli;
#[cfg(all(feature = "sqlite", feature = "web"))]
mod conversations;
mod deploy;
mod docs;
mod encoder;
mod evaluation;
mod house;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod many;
#[cfg(all(feature = "sqlite", feature = "web"))]
mod pictures;
#[cfg(all(feature = "web", feature = "discord"))]
mod playground;
#[cfg(feature = "postgres")]
mod postgres;
mod program;
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
#[cfg(all(feature = "sqlite", feature = "web"))]
mod troubles;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod weekly;
