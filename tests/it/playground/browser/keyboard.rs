//! What a visitor does with a keyboard alone.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_suggested_moved_through_and_taken() {
    let Some((browser, _page)) = visit("suggestions", DESK).await else { return };
    browser.run("document.getElementById('composer').focus()").await;
    let open = "return !document.getElementById('suggestions-box').hidden";
    let marked = "return document.querySelector('#suggestions [aria-selected=true] b')?.textContent ?? ''";
    let value = "return document.getElementById('composer').value";

    browser.keys("/to").await;
    browser.until("suggestions", open).await;
    assert_eq!(browser.text(marked).await, "/topic");
    browser.accessible("suggestions").await;
    browser.keys(&key::ENTER.to_string()).await;
    assert_eq!(browser.text(value).await, "/topic ");
    assert!(browser.text("return document.getElementById('hints').innerText").await.contains("name"), "the option is explained");

    browser.keys("outsi").await;
    browser
        .until("a topic", "return document.querySelector('#suggestions b')?.textContent === 'Pain on the outside of the knee'")
        .await;
    assert_eq!(browser.text(marked).await, "", "Enter would send what was typed");
    browser.keys(&key::DOWN.to_string()).await;
    assert_eq!(browser.text(marked).await, "Pain on the outside of the knee");
    let active = "const f = document.getElementById('composer'); \
                  return document.getElementById(f.getAttribute('aria-activedescendant'))?.getAttribute('aria-selected') ?? ''";
    assert_eq!(browser.text(active).await, "true", "a screen reader hears which one is marked");
    browser.keys(&key::ENTER.to_string()).await;
    assert_eq!(browser.text(value).await, "/topic Pain on the outside of the knee");
    browser.keys(&key::ENTER.to_string()).await;
    browser.replied(0.0).await;
    assert_eq!(browser.last("m.querySelector('h2').textContent").await, "Pain on the outside of the knee");

    browser.keys("/").await;
    browser.until("suggestions", open).await;
    browser.keys(&key::ESCAPE.to_string()).await;
    assert_eq!(
        (browser.run(open).await, browser.text(value).await),
        (json!(false), "/".to_owned()),
        "Escape closes the list alone"
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_can_be_reached_without_a_mouse() {
    let Some((browser, _page)) = visit("keyboard", DESK).await else { return };
    let (tab, enter) = (key::TAB.to_string(), key::ENTER.to_string());
    let focused = "return document.activeElement.id || document.activeElement.textContent.trim()";

    browser.run("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')").await;
    browser.keys(&tab).await;
    assert_eq!(browser.text(focused).await, "Skip to the question field");
    let ring = "return getComputedStyle(document.activeElement).outlineStyle";
    assert_ne!(browser.text(ring).await, "none", "what has the focus is seen to have it");
    browser.keys(&enter).await;
    assert_eq!(browser.text(focused).await, "composer");

    browser.keys(QUESTION).await;
    browser.shift(key::ENTER).await;
    browser.keys("and on stairs").await;
    assert!(
        browser.text("return document.getElementById('composer').value").await.contains("miles\nand"),
        "Shift+Enter starts a line"
    );
    browser.keys(&enter).await;
    browser.replied(0.0).await;

    // Backwards from the field, the last thing is the last button of the reply or its reasons.
    let mut seen = Vec::new();
    while !seen.iter().any(|label: &String| label == "Sources") {
        assert!(seen.len() < 20, "{seen:?}");
        browser.shift(key::TAB).await;
        seen.push(browser.text(focused).await);
        assert_ne!(browser.text(ring).await, "none", "{seen:?}");
        // WCAG 2.2, 2.4.11: what has the focus is not below something else.
        let covered = "const e = document.activeElement, b = e.getBoundingClientRect(); \
                       return !e.contains(document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2))";
        assert_eq!(browser.run(covered).await, false, "{seen:?}");
    }
    browser.keys(&enter).await;
    browser.replied(1.0).await;
    assert_eq!(browser.last("document.activeElement === m").await, true, "the focus goes to what was opened");

    // The settings open, take the focus and give it back.
    browser.run("document.getElementById('settings-toggle').focus()").await;
    browser.keys(&enter).await;
    assert_eq!(browser.text(focused).await, "region");
    browser.accessible("the settings").await;
    browser.keys(&key::ESCAPE.to_string()).await;
    assert_eq!(browser.text(focused).await, "settings-toggle");
    assert_eq!(browser.run("return document.getElementById('settings').hidden").await, true);

    // To the shelf, into a card, and back to where one was.
    browser.run("document.querySelector('[data-view=shelf]').focus()").await;
    browser.keys(&enter).await;
    browser.until("the list", "return document.querySelectorAll('#shelf-list a').length > 40").await;
    browser.run("document.querySelectorAll('#shelf-list a')[3].focus()").await;
    let card = browser.text("return document.activeElement.querySelector('b').textContent").await;
    browser.keys(&enter).await;
    let title = "return document.activeElement.closest('#shelf-detail') ? document.activeElement.textContent : ''";
    browser.until("the card", &format!("return (() => {{ {title} }})() === {}", json!(card))).await;
    browser.run("history.back()").await;
    browser.until("the list again", "return document.activeElement.closest('#shelf-list') !== null").await;
    assert_eq!(browser.text("return document.activeElement.querySelector('b').textContent").await, card);
    browser.close().await;
}
