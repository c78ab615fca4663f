//! The Discord door: what carries a question from Discord to the bot and the reply back.

pub mod rest;
