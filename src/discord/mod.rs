//! The Discord door: from Discord, ask, to Discord. What arrives by the gateway or in signed HTTP requests (`interactions`) is
//! translated (`from_discord`), answered (`door`), shown (`to_discord`) and sent (`rest`, or the answer to the request); `serve`
//! holds it all together.

mod cooldown;
pub mod custom_id;
pub mod doctor;
pub mod door;
pub mod from_discord;
pub mod gateway;
pub mod interactions;
pub mod keeper;
mod outbox;
pub mod register;
pub mod rest;
mod rights;
mod seal;
pub mod serve;
pub mod to_discord;
pub mod view;
pub mod work;
