//! How the page looks: narrow, dark, at rest; and the whole shelf.

use super::*;

/// Every view of the shelf, and what shows that it is there.
const SHELF: [(&str, &str); 7] = [
    ("#/shelf", "return document.querySelectorAll('#shelf-list a').length > 40"),
    ("#/shelf/topic/pain.outside", "return document.querySelectorAll('#shelf-detail section').length > 2"),
    ("#/shelf/flags", "return document.querySelectorAll('#shelf-list a').length === 50"),
    ("#/shelf/flag/rf.anaphylaxis", "return document.querySelectorAll('#shelf-detail section').length > 2"),
    ("#/shelf/tips", "return document.querySelectorAll('#shelf-list a').length > 100"),
    ("#/shelf/calendar", "return document.querySelectorAll('#calendar-rows tbody tr').length === 52"),
    ("#/", "return !document.getElementById('channel').hidden"),
];

async fn through_all(browser: &Browser, page: &Page, name: &str) {
    for (at, there) in SHELF {
        browser.run(&format!("location.hash = '{at}'")).await;
        browser.until(at, there).await;
        browser.fits(at).await;
        browser.accessible(&format!("{name} {at}")).await;
        let file = at.trim_start_matches("#/").replace('/', "-");
        browser.picture(&format!("{name}-{}", if file.is_empty() { "channel" } else { &file })).await;
    }
    assert!(!page.served.is_finished());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_narrow_phone_nothing_is_cut_and_everything_can_be_tapped() {
    let Some((browser, page)) = visit("phone", PHONE).await else { return };
    browser.fits("the first page").await;
    browser.ask(QUESTION).await;
    browser.fits("an answer").await;
    // WCAG 2.2, 2.5.8: 24 by 24 pixels at the least, links in a text aside.
    let small = "return [...document.querySelectorAll('button, select, summary, nav a, textarea')].filter((e) => e.checkVisibility()) \
                 .map((e) => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect()]).filter(([, b]) => b.width > 1 && \
                 (b.width < 24 || b.height < 24)).map(([t, b]) => `${t}: ${b.width} x ${b.height}`)";
    assert_eq!(browser.run(small).await, json!([]));
    assert_eq!(browser.last("m.querySelector('.why').open").await, false, "the reasons are folded away on a phone");
    let composer =
        "const b = document.getElementById('composer').getBoundingClientRect(); return b.bottom <= innerHeight && b.top >= 0";
    assert_eq!(browser.run(composer).await, true, "the field is in sight");
    browser.picture("playground-phone").await;
    browser.ask(EMERGENCY).await;
    browser.fits("a safety reply").await;
    browser.picture("phone-safety").await;
    through_all(&browser, &page, "phone").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_dark_the_page_is_dark_and_can_be_read() {
    let Some((browser, page)) = visit("dark", Screen { dark: true, ..DESK }).await else { return };
    let brightness =
        "const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number); return (r + g + b) / 3";
    assert!(browser.number(brightness).await < 64.0);
    browser.ask(QUESTION).await;
    browser.ask(EMERGENCY).await;
    browser.accessible("dark replies").await;
    browser.picture("dark-safety").await;
    through_all(&browser, &page, "dark").await;
    // Who chose a theme has it, whatever the system says: auto, light.
    browser.run("document.getElementById('theme-toggle').click()").await;
    assert!(browser.number(brightness).await > 192.0);
    browser.accessible("a chosen theme").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_no_motion_sees_none() {
    let Some((browser, _page)) = visit("still", Screen { still: true, ..DESK }).await else { return };
    browser.ask(QUESTION).await;
    // At once where it belongs: no scrolling on the way there, no animation, no transition.
    let moving = "return document.getAnimations().length + [...document.querySelectorAll('*')].filter((e) => { const s = \
                  getComputedStyle(e); return parseFloat(s.transitionDuration) > 0.01 || parseFloat(s.animationDuration) > 0.01 }).length";
    assert_eq!(browser.number(moving).await, 0.0);
    let before = browser.number("return scrollY").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(browser.number("return scrollY").await, before);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shelf_is_searched_and_a_year_of_tips_is_shown() {
    let Some(browser) = Browser::start("shelf", DESK).await else { return };
    let page = Page::open().await;
    browser.open(&format!("http://{}/#/shelf", page.address)).await;
    through_all(&browser, &page, "desk").await;
    browser.run("location.hash = '#/shelf'; document.getElementById('search').focus()").await;
    browser.until("the list", SHELF[0].1).await;
    browser.run("document.getElementById('search').focus()").await;
    browser.keys("stairs").await;
    browser.until("what was found", "return /found$/.test(document.getElementById('search-status').textContent)").await;
    browser.accessible("a search").await;
    browser.run("document.getElementById('search').select()").await;
    browser.keys("zzqx vbrt").await;
    browser
        .until("near things", "return document.getElementById('search-status').textContent.startsWith('Nothing has all')")
        .await;

    browser.run("location.hash = '#/shelf/calendar'").await;
    browser.until("the calendar", SHELF[5].1).await;
    browser.run("const z = document.getElementById('zone'); z.focus(); z.select()").await;
    browser.keys("bosto").await;
    browser.until("zones", "return !document.getElementById('zones-box').hidden").await;
    browser.accessible("zones").await;
    browser.keys(&format!("{}{}{}", key::DOWN, key::ENTER, key::ENTER)).await;
    browser.until("Boston's year", "return document.querySelector('caption')?.textContent.includes('America/New York')").await;
    browser.close().await;
}
