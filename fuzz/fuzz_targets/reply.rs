//! Any bytes yield a reply within the platform's limits, without a panic.
//!
//! `cargo install cargo-fuzz`, then `cargo fuzz run -s none reply` (the sanitizer needs a nightly toolchain; without it
//! stable will do).

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use patella::{
    app::App,
    club::Club,
    embedded, limits, render,
    request::{Ask, Request},
};

static APP: LazyLock<App> = LazyLock::new(|| {
    App::new(
        embedded::base().expect("the embedded knowledge is sound"),
        embedded::encoder().expect("the weights are sound"),
        Club::default(),
    )
});

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let reply = APP.handle(&Request::Ask(Ask { text }), jiff::civil::date(2026, 11, 21));
    let plain = render::text::to_text(&reply, &render::text::Style::default());
    assert!(!reply.title.is_empty() && plain.chars().count() <= limits::REPLY_TOTAL);
    assert!(reply.body_length() <= limits::REPLY_BODY);
});
