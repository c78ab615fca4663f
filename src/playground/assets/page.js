// The page: which view is shown, its theme and club, and the channel. What is here is gone when the page is closed.

import { clear, field, learn, read, room } from "./composer.js";
import { button, fromServer, make } from "./make.js";
import { enter } from "./shelf.js";
import { Trouble, get, post, say, unsay } from "./wire.js";

const by = (id) => document.getElementById(id);
const log = by("log");
const form = by("composer-form");
const trouble = by("trouble");
const skipLink = document.querySelector(".skip");
/** What the server takes for a club without a region. */
const NO_REGION = "none";
/** As many topics have a button each; more become a menu. */
const BUTTONS = 4;
/** A longer message of one's own is folded. */
const FOLDED = 700;

/** Whether the reasons beside a reply are open: as somebody left them last. */
let reasonsOpen = matchMedia("(min-width: 60rem)").matches;

/** The club that is played: settings of this page alone. */
function club() {
  return { region: by("region").value, visible: document.querySelector('input[name="visible"]:checked').value };
}

// Messages.

function bring(message) {
  const smooth = matchMedia("(prefers-reduced-motion: no-preference)").matches;
  message.scrollIntoView({ block: "start", behavior: smooth ? "smooth" : "auto" });
}

/** The person's own words, marked as they were read. */
function pieces(decision, text) {
  if (!decision) return [text];
  return decision.pieces.map((piece) =>
    piece.marks.length > 0 ? make("mark", { className: piece.marks.join(" ") }, piece.text) : piece.text,
  );
}

function mine(sent, decision) {
  const text = sent.message ?? Object.values(sent.options)[0] ?? "";
  const said = make("p", { className: "said" });
  if (sent.message !== undefined) said.append(make("span", { className: "verb" }, "Answer privately: "));
  else if (sent.command !== "ask") said.append(make("span", { className: "verb" }, `/${sent.command} `));
  const words = make("span", { className: "words" }, ...pieces(decision, String(text)));
  said.append(words);
  const options = Object.entries(sent.options).slice(1).map(([name, value]) => ` ${name}:${value}`);
  if (options.length > 0) said.append(make("span", { className: "verb" }, options.join("")));
  const who = make("p", { className: "who" }, make("b", {}, "You"));
  // The menu of a message has one entry.
  if (sent.command === "ask") who.append(button("Answer privately", () => answerPrivately(text), { className: "answer-privately" }));
  const message = make("article", { className: "message mine", "aria-label": "You" }, who, said);
  if (text.length > FOLDED) {
    said.classList.add("folded");
    message.append(make("p", { className: "row" }, unfold(said)));
  }
  return message;
}

function unfold(said) {
  const toggle = button("Show all of it", () => {
    const folded = said.classList.toggle("folded");
    toggle.setAttribute("aria-expanded", String(!folded));
    toggle.textContent = folded ? "Show all of it" : "Show less";
  }, { "aria-expanded": "false" });
  return toggle;
}

function theirs(shown) {
  const who = make("p", { className: "who" }, make("b", {}, "Patella"));
  who.append(make("span", { className: shown.private ? "for private" : "for public" }, shown.private ? "Only you see this" : "Everyone sees this"));
  if (shown.kind === "safety") who.append(make("span", { className: `level ${shown.level}` }, shown.level));
  const left = make("div", {}, fromServer(shown.html));
  if (shown.note) left.append(make("div", { className: "after" }, fromServer(shown.note)));
  left.append(...buttons(shown));
  const pair = make("div", { className: "pair" }, left, reasons(shown));
  const label = shown.title ? `Patella: ${shown.title}` : "Patella";
  const message = make("article", { className: "message bot", tabIndex: -1, "aria-label": label }, who, pair);
  message.dataset.kind = shown.kind;
  message.dataset.private = String(shown.private);
  return message;
}

function buttons(shown) {
  const rows = [];
  const row = (...parts) => rows.push(make("div", { className: "row" }, ...parts));
  const pressed = ({ label, press }) => button(label, () => pressOn(press), { className: press.do === "alert" ? "press urgent" : "press" });
  if (shown.choices.length > BUTTONS) row(...menu(shown));
  else if (shown.choices.length > 0) {
    row(make("span", { className: "quiet" }, shown.choices_heading), ...shown.choices.map(pressed));
  }
  if (shown.buttons.length > 0) row(...shown.buttons.map(pressed));
  return rows;
}

/** A menu with a button: choosing alone does nothing, so that arrow keys can look through it. */
function menu({ choices, choices_heading }) {
  const select = make("select", { className: "menu", "aria-label": choices_heading });
  select.append(...choices.map((choice, n) => make("option", { value: String(n) }, choice.label)));
  return [make("span", { className: "quiet" }, choices_heading), select, button("Open", () => pressOn(choices[select.value].press), { className: "press" })];
}

// Why it is this reply.

function reasons({ decision, ms }) {
  if (!decision) return make("p", { className: "quiet looked-up" }, `Looked up, not decided: ${ms} ms`);
  const summary = make("summary", {}, "Why this reply ", make("span", {}, `${ms} ms`));
  const body = make("div", { className: "why-body" }, make("p", {}, `Decision: ${decision.summary}.`));
  for (const { heading, lines } of decision.lists) {
    body.append(make("div", {}, make("h3", {}, heading), make("ul", {}, ...lines.map((line) => make("li", {}, line)))));
  }
  body.append(...[ranks(decision), legend(decision)].filter(Boolean));
  const open = make("details", { className: "why", open: reasonsOpen }, summary, body);
  // Not at `toggle`: that also tells of reasons which the page opened, because it was asked why.
  summary.onclick = () => {
    reasonsOpen = !open.open;
  };
  return open;
}

const MARKS = { matched: "matched", flag: "red flag", undoes: "undoes", undone: "does not count", corrected: "spelling mended" };

/** What the marks in the person's own message mean: those that are in it. */
function legend({ pieces }) {
  const used = Object.keys(MARKS).filter((mark) => pieces.some((piece) => piece.marks.includes(mark)));
  if (used.length === 0) return null;
  const marks = used.flatMap((mark) => [" ", make("mark", { className: mark }, MARKS[mark])]);
  return make("p", { className: "quiet legend" }, "In your message:", ...marks);
}

function ranks({ topics, none }) {
  const row = (title, share, role) => [
    make("dt", {}, title, role ? make("em", {}, ` (${role})`) : null),
    make("dd", {}, make("meter", { min: 0, max: 1, value: share, "aria-label": title })),
    make("dd", {}, share.toFixed(2)),
  ];
  const rows = topics.flatMap((topic, at) => row(topic.title, topic.share, at === 1 ? "runner-up" : ""));
  const list = make("dl", { className: "ranks" }, ...rows, ...row("None of Patella's business", none));
  return make("div", {}, make("h3", {}, "Topics, with how probable each is"), list);
}

// What is sent.

/** Does one thing at a time; a server that is not there can be asked again, and what was typed stays where it is. */
async function attempt(work, again = () => attempt(work)) {
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  field.readOnly = true;
  unsay(trouble, field);
  try {
    await begin();
    await work();
  } catch (error) {
    say(trouble, error, again);
  } finally {
    form.removeAttribute("aria-busy");
    field.readOnly = false;
  }
}

async function command(sent) {
  const shown = await post("/api/command", { ...sent, club: club() });
  const [own, reply] = [mine(sent, shown.decision), theirs(shown)];
  log.append(own, reply);
  if (shown.decision && sent.options.why) reply.querySelector(".why").open = true;
  // A long paste would push the reply out of sight: then the reply comes to the top.
  bring(own.offsetHeight > 200 ? reply : own);
  return reply;
}

function send(event) {
  event.preventDefault();
  const typed = field.value;
  if (!typed.trim()) return field.focus();
  const { used, fits } = room(typed);
  if (used > fits) {
    const what = `that is ${used.toLocaleString("en")} characters, and ${fits.toLocaleString("en")} fit`;
    return say(trouble, new Trouble(what, "your text is still here; where it hurts, when, and for how long is enough"));
  }
  const work = async () => {
    await command(read(typed));
    clear();
    field.focus();
  };
  // Tried again, it is what the field says then.
  attempt(work, () => form.requestSubmit());
}

/** Does what a press asks for, and goes on at its reply. */
const follow = (work) => attempt(async () => (await work()).focus({ preventScroll: true }));

const answerPrivately = (message) => follow(() => command({ command: "Answer privately", options: {}, message }));

function pressOn(press) {
  follow(async () => {
    const reply = theirs(await post("/api/press", { press, club: club() }));
    log.append(reply);
    bring(reply);
    return reply;
  });
}

// Theme, settings, views.

const THEMES = ["auto", "light", "dark"];

function theme(name) {
  const chosen = THEMES.includes(name) ? name : "auto";
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  by("theme-toggle").lastElementChild.textContent = chosen;
}

function nextTheme() {
  const now = document.documentElement.dataset.theme ?? "auto";
  theme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
}

function showSettings(open) {
  by("settings").hidden = !open;
  by("settings-toggle").setAttribute("aria-expanded", String(open));
  if (open) by("region").focus();
}

/** Escape, or a press or a focus elsewhere, closes the settings. */
function leaveSettings(event) {
  if (by("settings").hidden) return;
  const inside = by("settings").contains(event.target) || by("settings-toggle").contains(event.target);
  if (event.key === "Escape") {
    showSettings(false);
    by("settings-toggle").focus();
  } else if (event.type !== "keydown" && !inside) showSettings(false);
}

/** Where the channel was left. */
let channelAt = 0;
let arrived = false;

/** Shows the view that the address names. */
function route() {
  const path = location.hash.slice(1).split("/").filter(Boolean);
  const shelf = path[0] === "shelf";
  if (shelf && !by("channel").hidden) channelAt = scrollY;
  by("channel").hidden = shelf;
  by("shelf").hidden = !shelf;
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === (shelf ? "shelf" : "channel")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${shelf ? "Shelf" : "Channel"} - Patella playground`;
  skipLink.textContent = shelf ? "Skip to the shelf" : "Skip to the question field";
  if (shelf) enter(path.slice(1), club().region);
  else {
    scrollTo(0, channelAt);
    // The first page is not announced twice.
    if (arrived) by("channel").querySelector("h1").focus({ preventScroll: true });
  }
  arrived = true;
}

function skip(event) {
  event.preventDefault();
  if (by("channel").hidden) by("shelf").querySelector("h1").focus();
  else field.focus();
}

let begun = false;

/** Takes from the server what the page must know, once: whatever is done first brings it. */
async function begin() {
  if (begun) return;
  const about = await get("/api/commands");
  const regions = [{ code: NO_REGION, name: "Not set" }, ...about.regions];
  by("region").append(...regions.map(({ code, name }) => make("option", { value: code }, name)));
  by("region").value = about.club.region ?? NO_REGION;
  document.querySelector(`input[name="visible"][value="${about.club.visible}"]`).checked = true;
  by("day").append(...about.days.map((day) => make("option", { value: day, selected: day === "Thursday" }, day)));
  learn(about.commands);
  begun = true;
}

theme(new URLSearchParams(location.search).get("theme"));
by("theme-toggle").onclick = nextTheme;
by("settings-toggle").onclick = () => showSettings(by("settings").hidden);
for (const event of ["keydown", "pointerdown", "focusin"]) document.addEventListener(event, leaveSettings);
skipLink.onclick = skip;
form.addEventListener("submit", send);
// Whoever mends the text has read what was wrong with it; what can be tried again stays.
field.addEventListener("input", () => {
  if (!trouble.querySelector("button")) trouble.hidden = true;
});
log.addEventListener("click", ({ target }) => {
  if (target.matches(".example")) follow(() => command(read(target.textContent)));
  if (target.matches(".seeded")) answerPrivately(target.dataset.text);
});
addEventListener("hashchange", route);
route();
attempt(begin);
