//! A real Chromium before the page, driven by WebDriver.
//!
//! Where Chromium, its driver or axe-core is missing, tests say so aloud and do nothing; under `CI=true` that is a failure.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    str::FromStr,
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, actions::InputSource, actions::KeyAction, wd::WebDriverCompatibleCommand};
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};

use crate::program::{Running, folder};

/// How long the page may take to show what a test waits for: machines may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A key of WebDriver's that is no letter.
pub mod key {
    pub const TAB: char = '\u{e004}';
    pub const ENTER: char = '\u{e007}';
    pub const SHIFT: char = '\u{e008}';
    pub const ESCAPE: char = '\u{e00c}';
    pub const DOWN: char = '\u{e015}';
}

/// The screen and the tastes of a visitor.
#[derive(Clone, Copy)]
pub struct Screen {
    pub width: u32,
    pub height: u32,
    pub phone: bool,
    pub dark: bool,
    pub still: bool,
}

/// A screen on a desk.
pub const DESK: Screen = Screen { width: 1280, height: 900, phone: false, dark: false, still: false };
/// The narrowest phone that is held up to.
pub const PHONE: Screen = Screen { width: 360, height: 740, phone: true, dark: false, still: false };

/// What is wrong with an address.
type Wrong = <Url as FromStr>::Err;

/// What the tests need and this machine may lack.
struct Parts {
    driver: PathBuf,
    browser: PathBuf,
    axe: String,
}

/// A program on the path.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn parts() -> Option<Parts> {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/node_modules/axe-core/axe.min.js");
    let found = || {
        let driver = on_path("chromedriver").ok_or("chromedriver (Debian: chromium-driver) is not on the path")?;
        let browser = on_path("chromium").ok_or("chromium is not on the path")?;
        let axe = fs::read_to_string(axe).map_err(|_| "axe-core is not there: npm install --prefix tests/browser")?;
        Ok::<_, &str>(Parts { driver, browser, axe })
    };
    match found() {
        Ok(parts) => Some(parts),
        Err(missing) => {
            assert!(env::var("CI").as_deref() != Ok("true"), "{missing}, and CI needs it");
            eprintln!("skipped: {missing}");
            None
        }
    }
}

/// A command of Chromium's own, for what WebDriver has no word for.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, Wrong> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.0.to_string()))
    }
}

/// What the browser's console says.
#[derive(Debug)]
struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, Wrong> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

/// A browser with one window.
pub struct Browser {
    client: Client,
    axe: String,
    pictures: PathBuf,
    profile: PathBuf,
    _driver: Running,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that is killed in the middle of a test leaves its browser behind. After a good end there is none.
        let _ = Command::new("pkill").args(["-KILL", "-f"]).arg(&self.profile).status();
    }
}

impl Browser {
    /// A browser in a clean profile; `None` where there is none.
    pub async fn start(test: &str, screen: Screen) -> Option<Self> {
        let parts = parts()?;
        let profile = folder(format!("browser/{test}"));
        let mut command = Command::new(parts.driver);
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = Running::start(command);
        let port = tokio::task::block_in_place(|| {
            let mut lines = BufReader::new(driver.stdout()).lines();
            lines.find_map(|line| Some(line.ok()?.split("successfully on port ").nth(1)?.trim_end_matches('.').to_owned()))
        });
        let options = json!({
            "binary": parts.browser,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
                // Each picture is the same on each machine that has the same fonts.
                "--force-color-profile=srgb", "--lang=en-US",
                format!("--user-data-dir={}", profile.display()),
            ],
        });
        let mut capabilities = Map::new();
        capabilities.insert("goog:chromeOptions".into(), options);
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
        let address = format!("http://127.0.0.1:{}", port.expect("the driver says where it listens"));
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&address)
            .await
            .expect("the browser starts");
        let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        fs::create_dir_all(&pictures).expect("there is room");
        let browser = Self { client, axe: parts.axe, pictures, profile, _driver: driver };
        browser.wear(screen).await;
        Some(browser)
    }

    async fn tools(&self, name: &str, params: Value) {
        let command = DevTools(json!({ "cmd": name, "params": params }));
        self.client.issue_cmd(command).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// Takes another screen.
    pub async fn wear(&self, screen: Screen) {
        let Screen { width, height, phone, dark, still } = screen;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.tools("Emulation.setDeviceMetricsOverride", metrics).await;
        let tastes = json!({ "features": [
            { "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } },
            { "name": "prefers-reduced-motion", "value": if still { "reduce" } else { "no-preference" } },
        ] });
        self.tools("Emulation.setEmulatedMedia", tastes).await;
    }

    pub async fn open(&self, address: &str) {
        self.client.goto(address).await.expect("the page opens");
        self.until("the table of commands", "return document.querySelectorAll('#region option').length > 1").await;
    }

    /// What a function with this body returns in the page.
    pub async fn run(&self, body: &str) -> Value {
        self.client.execute(body, Vec::new()).await.unwrap_or_else(|error| panic!("{body}: {error}"))
    }

    pub async fn text(&self, body: &str) -> String {
        self.run(body).await.as_str().unwrap_or_else(|| panic!("{body} is no text")).to_owned()
    }

    pub async fn number(&self, body: &str) -> f64 {
        self.run(body).await.as_f64().unwrap_or_else(|| panic!("{body} is no number"))
    }

    /// Waits until a function with this body returns true.
    pub async fn until(&self, what: &str, body: &str) {
        let begin = Instant::now();
        while self.run(body).await != Value::Bool(true) {
            if begin.elapsed() > PATIENCE {
                let page = self.text("return document.body.innerText").await;
                panic!("never: {what}; the page says:\n{page}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Presses keys where the focus is, as a keyboard does.
    pub async fn keys(&self, keys: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(keys).await.expect("it takes keys");
    }

    /// Presses a key while Shift is held.
    pub async fn shift(&self, pressed: char) {
        let mut actions = fantoccini::actions::KeyActions::new("keyboard".to_owned());
        for action in
            [KeyAction::Down { value: key::SHIFT }, KeyAction::Down { value: pressed }, KeyAction::Up { value: pressed }]
        {
            actions = actions.then(action);
        }
        self.client.perform_actions(actions.then(KeyAction::Up { value: key::SHIFT })).await.expect("it takes keys");
    }

    /// Puts a text in where the focus is, all at once, as a paste does.
    pub async fn paste(&self, text: &str) {
        self.tools("Input.insertText", json!({ "text": text })).await;
    }

    /// Clicks the last visible button or link with these words.
    pub async fn click(&self, label: &str) {
        let all =
            self.client.find_all(fantoccini::Locator::Css("button, a, summary, [role=option]")).await.expect("they are there");
        for element in all.into_iter().rev() {
            let shown = element.is_displayed().await.unwrap_or(false);
            if shown && element.text().await.is_ok_and(|text| text.trim() == label) {
                // Else the driver scrolls it below the field at the end of the page.
                let scroll = vec![serde_json::to_value(&element).expect("an element")];
                let _ =
                    self.client.execute("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", scroll).await;
                return element.click().await.unwrap_or_else(|error| panic!("{label}: {error}"));
            }
        }
        panic!("nothing to click is called {label:?}");
    }

    /// Asks in plain words and waits for the reply.
    pub async fn ask(&self, question: &str) {
        let before = self.replies().await;
        self.run("document.getElementById('composer').focus()").await;
        self.keys(question).await;
        self.keys(&key::ENTER.to_string()).await;
        self.replied(before).await;
    }

    /// How many replies there are.
    pub async fn replies(&self) -> f64 {
        self.number("return document.querySelectorAll('.message.bot').length").await
    }

    /// Waits for one reply more than there were.
    pub async fn replied(&self, before: f64) {
        self.until("one more reply", &format!("return document.querySelectorAll('.message.bot').length === {}", before + 1.0))
            .await;
        self.until("an end of the work", "return !document.getElementById('composer-form').hasAttribute('aria-busy')").await;
    }

    /// What a function of the last reply, `m`, returns.
    pub async fn last(&self, expression: &str) -> Value {
        self.run(&format!("const m = [...document.querySelectorAll('.message.bot')].at(-1); return {expression}")).await
    }

    /// Nothing serious for axe, in the page as it stands.
    pub async fn accessible(&self, what: &str) {
        // What is still fading in has less contrast than it will have.
        self.until("rest", "return document.getAnimations().every((a) => a.playState !== 'running')").await;
        self.run(&self.axe).await;
        let found = self
            .client
            .execute_async(
                "const done = arguments[0]; axe.run({ resultTypes: ['violations'] }).then((r) => done(r.violations.map((v) => \
                 ({ rule: v.id, impact: v.impact, at: v.nodes.map((n) => n.target.join(' ') + ': ' + n.failureSummary) }))))",
                Vec::new(),
            )
            .await
            .expect("axe runs");
        let found = found.as_array().expect("a list");
        let serious: Vec<_> = found.iter().filter(|v| v["impact"] == "serious" || v["impact"] == "critical").collect();
        assert!(serious.is_empty(), "{what}: {serious:#?}");
        for lesser in found {
            println!("{what}: axe finds {} ({})", lesser["rule"], lesser["impact"]);
        }
    }

    /// Nothing is wider than the screen.
    pub async fn fits(&self, what: &str) {
        let wide = "const w = document.documentElement.clientWidth; return document.documentElement.scrollWidth <= w ? [] : \
                    [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > w + 1) \
                    .map((e) => `${e.tagName}.${e.className} ${e.getBoundingClientRect().right}`)";
        assert_eq!(self.run(wide).await, json!([]), "{what} is wider than the screen");
    }

    /// A picture of what is on the screen, kept beside the build.
    pub async fn picture(&self, name: &str) {
        let png = self.client.screenshot().await.expect("a picture");
        fs::write(self.pictures.join(format!("{name}.png")), &png).expect("there is room");
        if env::var_os("PATELLA_BLESS").is_some() && matches!(name, "playground" | "playground-phone") {
            let shown = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures").join(format!("{name}.png"));
            fs::write(shown, &png).expect("there is room");
        }
    }

    /// The browser found no fault: no script that failed, nothing that the policy of the page had to stop.
    pub async fn close(self) {
        let said = self.client.issue_cmd(Console).await.expect("the console can be read");
        assert_eq!(said, json!([]), "the console is empty");
        self.client.clone().close().await.expect("it ends");
    }
}
