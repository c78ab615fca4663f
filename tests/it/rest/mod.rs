//! The sender against a scripted server on loopback.

mod faults;
mod limits;
mod sent;
mod server;
