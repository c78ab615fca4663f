//! The page in a real browser, as visitors use it.

mod driver;
mod keyboard;
mod looks;
mod visit;

use driver::{Browser, DESK, PHONE, Screen, key};

use super::*;

/// A question that has one answer.
const QUESTION: &str = "outside of my knee hurts, no swelling, after 5 miles";

/// A browser that has opened a page of its own, which is served until the second value is dropped.
async fn visit(test: &str, screen: Screen) -> Option<(Browser, Page)> {
    let browser = Browser::start(test, screen).await?;
    let page = Page::open().await;
    browser.open(&format!("http://{}", page.address)).await;
    Some((browser, page))
}
