//! Patella answers runners' knee questions from a curated, cited knowledge base. See `ARCHITECTURE.md`.

pub mod answer;
pub mod app;
pub mod author;
pub mod base;
pub mod club;
pub mod config;
#[cfg(feature = "discord")]
pub mod discord;
pub mod embedded;
pub mod id;
pub mod intent;
pub mod knowledge;
pub mod limits;
pub mod model;
pub mod render;
pub mod reply;
pub mod request;
pub mod safety;
#[cfg(feature = "terminal")]
pub mod terminal;
pub mod text;
