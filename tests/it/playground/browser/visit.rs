//! What a visitor does with a mouse or a finger.

use super::*;

/// All that a first visit may take, in bytes.
const WEIGHT: f64 = 100.0 * 1024.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_takes_little_comes_from_here_alone_and_moves_nothing() {
    let Some((browser, page)) = visit("visit", DESK).await else { return };
    let home = format!("http://{}", page.address);
    assert_eq!(browser.text("return document.title").await, "Channel - Patella playground");

    let loaded = browser
        .run("return performance.getEntries().filter((e) => e.encodedBodySize).map((e) => [e.name, e.transferSize || e.encodedBodySize])")
        .await;
    let loaded: Vec<(String, f64)> = serde_json::from_value(loaded).expect("names and bytes");
    assert!(loaded.iter().all(|(name, _)| name.starts_with(&home)), "{loaded:?}");
    let bytes: f64 = loaded.iter().map(|(_, bytes)| bytes).sum();
    println!("a first visit: {} files, {:.0} KB", loaded.len(), bytes / 1024.0);
    assert!(loaded.len() >= 8 && bytes < WEIGHT, "{loaded:?}");

    browser.accessible("the first page").await;
    browser.click("outside of my knee hurts after 5 miles").await;
    browser.replied(0.0).await;
    let moved = browser
        .number(
            "return new Promise((done) => new PerformanceObserver((list) => done(list.getEntries().reduce((sum, e) => sum + \
             (e.hadRecentInput ? 0 : e.value), 0))).observe({ type: 'layout-shift', buffered: true }) || setTimeout(() => done(0), 500))",
        )
        .await;
    println!("layout shift: {moved:.4}");
    assert!(moved < 0.01, "nothing jumps: {moved}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_with_its_reasons_beside_it() {
    let Some((browser, _page)) = visit("question", DESK).await else { return };
    browser.ask(QUESTION).await;
    assert_eq!(browser.last("m.querySelector('h2').textContent").await, "Pain on the outside of the knee");
    assert_eq!(browser.last("m.querySelector('.for').textContent").await, "Only you see this");
    // On a desk the reasons are open: how probable each topic is, which words matched, which did not count.
    let why = browser.last("m.querySelector('.why').innerText").await;
    let why = why.as_str().expect("text").to_lowercase();
    for part in ["decision: answer with the first topic", "words that matched", "runner-up", " ms"] {
        assert!(why.contains(part), "{part}: {why}");
    }
    assert_eq!(browser.last("m.querySelector('.why').open && m.querySelectorAll('meter').length > 2").await, true);
    let marked = "return [...document.querySelectorAll('.mine mark.matched')].map((m) => m.textContent).join(' ')";
    assert!(browser.text(marked).await.contains("outside"));
    assert_eq!(browser.text("return document.getElementById('composer').value").await, "", "the field is free for the next");
    let held = "return document.activeElement.id";
    assert_eq!(browser.text(held).await, "composer");
    browser.accessible("an answer").await;
    browser.picture("playground").await;
    let took = browser.last("m.querySelector('.why summary span').textContent").await;
    println!("the page says that the answer took {took}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_is_announced_and_its_number_can_be_dialed() {
    let Some((browser, _page)) = visit("emergency", DESK).await else { return };
    browser.click("Club").await;
    browser.run("const r = document.getElementById('region'); r.value = 'us'; r.dispatchEvent(new Event('change'))").await;
    browser.ask(EMERGENCY).await;
    assert_eq!(browser.last("m.dataset.kind + ' ' + m.dataset.private").await, "safety true");
    assert_eq!(browser.last("m.querySelector('header [role=alert] a').getAttribute('href')").await, "tel:911");
    assert_eq!(browser.last("m.closest('[aria-live=polite]') !== null").await, true);
    let seen =
        "(() => { const b = m.querySelector('header').getBoundingClientRect(); return b.top >= 0 && b.bottom <= innerHeight })()";
    browser
        .until(
            "the number is in sight",
            &format!("const m = [...document.querySelectorAll('.message.bot')].at(-1); return {seen}"),
        )
        .await;
    browser.accessible("a safety reply").await;
    browser.picture("safety").await;

    browser.click("Ask people here to help me").await;
    browser.replied(1.0).await;
    assert_eq!(browser.last("m.querySelector('.for').textContent").await, "Everyone sees this");
    let alert = browser.last("m.innerText").await;
    let alert = alert.as_str().expect("text");
    assert!(alert.contains("call 911") && !alert.contains("chest"), "{alert}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_be_meant_is_offered_and_what_is_pressed_is_done() {
    let Some((browser, _page)) = visit("buttons", DESK).await else { return };
    browser.ask("10 days witout a twinge now, straight to 5k?").await;
    assert_eq!(browser.last("m.dataset.kind").await, "clarify");
    browser.accessible("a question back").await;
    browser.click("Can I run with this pain?").await;
    browser.replied(1.0).await;
    assert_eq!(browser.last("document.activeElement === m").await, true, "the focus goes to what was opened");
    let title = browser.last("m.querySelector('h2').textContent").await;
    browser.click("Sources").await;
    browser.replied(2.0).await;
    assert!(browser.last("m.querySelectorAll('details[open] a[href^=http]').length").await.as_f64() > Some(0.0));
    assert_eq!(browser.last("[...m.querySelectorAll('a[href^=http]')].every((a) => a.target === '_blank')").await, true);
    browser.click("Show everyone").await;
    browser.replied(3.0).await;
    assert_eq!(browser.last("m.querySelector('.for').textContent").await, "Everyone sees this");
    assert_eq!(browser.last("m.querySelector('h2').textContent").await, title);

    // More than a row of buttons holds becomes a menu.
    browser.ask("which pasta should I cook for the club dinner?").await;
    assert_eq!(browser.last("m.dataset.kind").await, "out_of_scope");
    let wanted =
        browser.last("(m.querySelector('select').selectedIndex = 2, m.querySelector('select').selectedOptions[0].text)").await;
    browser.click("Open").await;
    browser.replied(5.0).await;
    assert_eq!(browser.last("m.getAttribute('aria-label')").await, format!("Patella: {}", wanted.as_str().expect("text")));

    browser.click("Answer privately").await;
    browser.replied(6.0).await;
    assert_eq!(browser.last("m.dataset.private").await, "true");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_thousand_characters_are_pasted_and_answered_and_too_many_are_kept() {
    let Some((browser, _page)) = visit("paste", PHONE).await else { return };
    let long: String = "sore kneecap on the stairs. ".chars().cycle().take(4000).collect();
    browser.run("document.getElementById('composer').focus()").await;
    browser.paste(&long).await;
    browser.until("a count", "return document.getElementById('counter').textContent === '4,000 of 6,000 characters'").await;
    browser.keys(&key::ENTER.to_string()).await;
    browser.replied(0.0).await;
    assert_eq!(browser.last("m.dataset.kind").await, "answer");
    browser.fits("a long question").await;
    // The long text is folded, and nothing of it is gone.
    let words = "return document.querySelector('.mine .words').textContent";
    assert_eq!(browser.text(words).await, long);
    let tall = "return document.querySelector('.mine .said').offsetHeight";
    let folded = browser.number(tall).await;
    browser.click("Show all of it").await;
    assert!(browser.number(tall).await > folded * 1.5);

    browser.run("document.getElementById('composer').focus()").await;
    browser.paste(&long).await;
    browser.paste(&long).await;
    browser.keys(&key::ENTER.to_string()).await;
    browser.until("what is wrong", "return !document.getElementById('trouble').hidden").await;
    let said = browser.text("return document.getElementById('trouble').textContent").await;
    assert!(said.contains("8,000 characters, and 6,000 fit"), "{said}");
    assert_eq!(
        browser.number("return document.getElementById('composer').value.length").await,
        8000.0,
        "the text is still there"
    );
    browser.fits("what is wrong").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_text_whatever_it_looks_like() {
    let Some((browser, _page)) = visit("script", DESK).await else { return };
    let hostile = "sore kneecap <script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"> on stairs &amp; <b>hills</b>";
    browser.ask(hostile).await;
    assert_eq!(browser.text("return document.querySelector('.mine .words').textContent").await, hostile);
    browser.ask(&format!("/topic {hostile}")).await;
    browser.ask(&format!("{hostile} {EMERGENCY}")).await;
    assert_eq!(browser.last("m.dataset.kind").await, "safety");
    let strange = "return document.querySelectorAll('#log script, #log img, #log [onerror], .mine b:not(.who b)').length";
    assert_eq!(browser.number(strange).await, 0.0);
    assert_eq!(browser.text("return document.title").await, "Channel - Patella playground");
    // The console would hold what the policy had to stop.
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_said_and_nothing_typed_is_lost() {
    let Some((browser, mut page)) = visit("gone", DESK).await else { return };
    drop(page.stop.take());
    page.served.await.expect("no panic");
    browser.run("document.getElementById('composer').focus()").await;
    browser.keys(QUESTION).await;
    browser.keys(&key::ENTER.to_string()).await;
    browser.until("what is wrong", "return !document.getElementById('trouble').hidden").await;
    let said = browser.text("return document.getElementById('trouble').textContent").await;
    assert!(said.contains("Try again"), "{said}");
    assert_eq!(browser.text("return document.getElementById('composer').value").await, QUESTION);
    browser.accessible("a server that is gone").await;

    // It comes back at the same address.
    let listener = TcpListener::bind(page.address).await.expect("the port is free again");
    let playground = Playground::new(app(), &embedded::files(), "knee.example", today, now);
    tokio::spawn(playground::serve(listener, playground, std::future::pending()));
    browser.click("Try again").await;
    browser.replied(0.0).await;
    assert_eq!(browser.last("m.dataset.kind").await, "answer");
    // No `close`: the console rightly says that the server was gone.
}
