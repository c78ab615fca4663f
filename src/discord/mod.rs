//! The Discord door: from Discord, ask, to Discord. What arrives by the gateway is translated (`from_discord`), answered (`door`),
//! shown (`to_discord`) and sent (`rest`).

mod cooldown;
pub mod custom_id;
pub mod door;
pub mod from_discord;
mod seal;
pub mod to_discord;
