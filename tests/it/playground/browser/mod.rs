//! The page in a real browser, as visitors use it.

mod driver;
mod keyboard;
mod looks;
mod visit;

use driver::{Browser, DESK, PHONE, Screen, key};

use super::*;

/// A question that has one answer.
const QUESTION: &str = "outside of my knee hurts, no swelling, after 5 miles";
