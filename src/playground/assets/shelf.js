// The knowledge shelf: lists, search, one entry in full, and a year of tips.

import { choicesOf, fromServer, make, settled } from "./make.js";
import { get, say, unsay } from "./wire.js";

const by = (id) => document.getElementById(id);
const list = by("shelf-list");
const body = list.parentElement;
const detail = by("shelf-detail");
const search = by("search");
const status = by("search-status");

const KINDS = {
  pain: "Where it hurts", cause: "What may be behind it", fault: "Training faults", tip: "What helps", care: "Care",
  ask: "Questions people ask", injury: "Beyond the knee", meta: "About Patella",
};
const LEVELS = { emergency: "Emergency: call now", urgent: "Urgent: be seen within two days", routine: "Worth having looked at" };
const SORTS = { topic: ["topics", "Card"], flag: ["flags", "Red flag"], tip: ["tips", "Tip"] };
const SEASONS = ["winter", "spring", "summer", "autumn"];

/** All titles, fetched at the first visit. */
let index = null;
/** What the list shows now, so that opening an entry leaves it as it is. */
let listed = "";

const row = (sort, entry, more) =>
  make("li", {}, make("a", { href: `#/shelf/${sort}/${entry.id}` }, make("b", {}, entry.title), make("small", {}, more ?? entry.line)));

/** Groups under headings, in the order of `names`. */
function groups(sort, entries, key, names) {
  return Object.entries(names).flatMap(([value, title]) => {
    const fits = entries.filter((entry) => entry[key] === value);
    if (fits.length === 0) return [];
    return [make("section", {}, make("h2", {}, `${title} (${fits.length})`), make("ul", {}, ...fits.map((entry) => row(sort, entry))))];
  });
}

function tips() {
  const categories = [...new Set(index.tips.map((tip) => tip.category))].sort();
  const select = (id, label, values) => {
    const options = [make("option", { value: "" }, "All"), ...values.map((value) => make("option", { value }, value))];
    return make("p", {}, make("label", { htmlFor: id }, label), make("select", { id, onchange: fill }, ...options));
  };
  const filters = make("div", { className: "filters" }, select("category", "Category", categories), select("season", "Season", SEASONS));
  const found = make("section");
  function fill() {
    const category = filters.querySelector("#category").value;
    const season = filters.querySelector("#season").value;
    const fits = index.tips.filter((tip) => (!category || tip.category === category) && (!season || tip.season.length === 0 || tip.season.includes(season)));
    const rows = fits.map((tip) => row("tip", tip, [tip.category, ...tip.season].join(", ")));
    found.replaceChildren(make("h2", {}, `${fits.length} tips`), make("ul", {}, ...rows));
  }
  fill();
  return [filters, found];
}

function showList(tab) {
  if (listed === tab || !index) return;
  listed = tab;
  if (tab === "topics") list.replaceChildren(...groups("topic", index.topics, "kind", KINDS));
  else if (tab === "flags") list.replaceChildren(...groups("flag", index.flags, "level", LEVELS));
  else list.replaceChildren(...tips());
}

// Search.

const look = settled(async () => {
  const typed = search.value.trim();
  const path = here;
  if (!typed) {
    status.textContent = "";
    showList(tabOf(here));
    reading(Boolean(here[1]));
    return;
  }
  // Somebody may type on meanwhile.
  const current = () => typed === search.value.trim();
  try {
    const { found, near, more } = await get("/api/shelf/search", { typed });
    if (!current()) return;
    listed = `search ${typed}`;
    const rows = found.map((entry) => row(entry.sort, entry, `${SORTS[entry.sort][1]}: ${entry.line}`));
    list.replaceChildren(make("section", {}, make("h2", {}, near ? "Near to that" : "Found"), make("ul", {}, ...rows)));
    status.textContent = near ? `Nothing has all these words; ${found.length} cards are near` : `${more ? "More than " : ""}${found.length} found`;
  } catch (error) {
    if (!current()) return;
    status.textContent = "";
    fail(list, error, () => {
      search.focus();
      look();
    });
  }
  // Or open an entry: then they go on reading it.
  if (here === path) reading(false);
  else markCurrent(here[1]);
}, 90);

/** Says in the list or in the entry's place that it could not be had. */
function fail(place, error, again) {
  const trouble = place.querySelector(".trouble") ?? make("p", { className: "trouble", role: "alert" });
  if (!trouble.isConnected) place.replaceChildren(trouble);
  if (place === list) listed = "";
  say(trouble, error, again);
}

/** Whether an entry stands beside the list, or on a phone in its place. */
function reading(open) {
  by("shelf").classList.toggle("reading", open);
  detail.hidden = !open;
}

search.addEventListener("input", look);
by("search-form").addEventListener("submit", (event) => event.preventDefault());

// One entry.

const bullets = (lines) => make("ul", {}, ...lines.map((line) => make("li", {}, line)));
const part = (title, ...inside) => make("section", {}, make("h2", {}, title), ...inside);
const link = ({ title, link: href }) => (href ? make("a", { href, target: "_blank", rel: "noopener noreferrer" }, title) : title);

function reviewed({ reviewed_on, reviewed_by }) {
  const who = reviewed_by === undefined ? "" : reviewed_by ? `, signed by ${reviewed_by}` : ", not yet by a clinician";
  return make("p", { className: "facts" }, `Words last checked against their sources on ${reviewed_on}${who}.`);
}

/** The reply as the bot gives it. On the shelf nothing is an alarm. */
function reply(html) {
  const content = fromServer(html);
  for (const alarm of content.querySelectorAll('[role="alert"]')) alarm.removeAttribute("role");
  return content;
}

function phrases(entry) {
  if (!entry.phrases) return null;
  const { count, sample } = entry.phrases;
  return part(`How people say it: ${count} phrases, ${sample.length} of them`, bullets(sample));
}

function fill(entry) {
  const [tab, name] = SORTS[entry.sort];
  const back = make("a", { href: `#/shelf${tab === "topics" ? "" : `/${tab}`}` }, "Back to the list");
  const parts = [make("p", { className: "facts" }, back, ` - ${name} `, make("code", {}, entry.id))];
  if (entry.sort === "flag") {
    const rules = entry.rules.map((rule) => `${rule.name} (${rule.level}${rule.unsure ? ", if the encoder agrees" : ""})`);
    parts.push(
      make("section", { className: "title" }, make("h2", {}, entry.title), make("p", {}, make("span", { className: `level ${entry.level}` }, entry.level), ` ${entry.concern}`), entry.raises ? make("p", {}, entry.raises) : null),
      part("What Patella says", reply(entry.html)),
      part(`What raises it: any of ${rules.length} written rules`, bullets(rules)),
      part("Such as", bullets(entry.says)),
      part("What only looks alike, and must not raise it", bullets(entry.look_alikes)),
      part("Sources", make("ol", {}, ...entry.sources.map((source) => make("li", {}, link(source), source.page_seen ? "" : " (no page seen)")))),
    );
  } else parts.push(reply(entry.html));
  if (entry.sort === "tip") {
    const season = entry.season.length > 0 ? entry.season.join(", ") : "all year";
    parts.push(make("p", { className: "facts" }, `Category: ${entry.category}. Season: ${season}.`));
  }
  parts.push(phrases(entry));
  if (entry.others?.length > 0) {
    const others = entry.others.map((other) =>
      make("li", {}, `"${other.text}" belongs to `, make("a", { href: `#/shelf/topic/${other.owner}` }, other.title), `: ${other.why}`));
    parts.push(part("What looks alike and belongs elsewhere", make("ul", {}, ...others)));
  }
  if (entry.links?.length > 0) {
    parts.push(part("Neighbors", make("ul", {}, ...entry.links.map((near) => make("li", {}, make("a", { href: `#/shelf/topic/${near.id}` }, near.title))))));
  }
  parts.push(reviewed(entry));
  detail.replaceChildren(...parts.filter(Boolean));
  const title = detail.querySelector("h2");
  title.tabIndex = -1;
  title.focus({ preventScroll: true });
}

function markCurrent(id) {
  for (const anchor of list.querySelectorAll("a")) {
    if (id && anchor.getAttribute("href").endsWith(`/${id}`)) {
      anchor.setAttribute("aria-current", "page");
      anchor.scrollIntoView({ block: "nearest" });
    } else anchor.removeAttribute("aria-current");
  }
}

// The calendar.

const zone = by("zone");
const zones = choicesOf(zone, by("zones-box"), by("zones"), (choice) => {
  zone.value = choice.value;
});

const lookForZones = settled(async () => {
  const typed = zone.value;
  const { choices } = await get("/api/suggest", { option: "zone", typed }).catch(() => ({ choices: [] }));
  if (typed === zone.value && document.activeElement === zone) zones.show(choices, false);
}, 90);

zone.addEventListener("input", lookForZones);
zone.addEventListener("blur", () => zones.close());
zone.addEventListener("keydown", (event) => {
  if (!zones.isOpen()) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") zones.move(event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "Escape") zones.close();
  else if (event.key === "Tab") return zones.close();
  else if (!(event.key === "Enter" && zones.takeMarked())) return;
  event.preventDefault();
});

/** The year that was asked for last: an answer to an older question is not shown. */
let wanted = null;

async function showYear(event) {
  event?.preventDefault();
  const trouble = by("calendar-trouble");
  const asked = { zone: zone.value, day: by("day").value || "Thursday", time: by("time").value };
  wanted = asked;
  try {
    const year = await get("/api/calendar", asked);
    if (wanted !== asked) return;
    const rows = year.rows.map((week) =>
      make("tr", {}, make("td", {}, make("time", { dateTime: week.at }, week.local)), make("td", {}, make("a", { href: `#/shelf/tip/${week.tip}` }, week.title)), make("td", {}, week.category)));
    const heads = ["When", "Tip", "Category"].map((head) => make("th", { scope: "col" }, head));
    const title = `The next ${rows.length} tips, each ${year.day} at ${year.time} in ${year.zone.replaceAll("_", " ")}`;
    by("calendar-status").textContent = title;
    by("calendar-rows").replaceChildren(make("table", {}, make("caption", {}, title), make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows)));
    unsay(trouble, by("calendar").querySelector("[type=submit]"));
  } catch (error) {
    if (wanted === asked) say(trouble, error, showYear);
  }
}

by("calendar").addEventListener("submit", showYear);

function calendar() {
  if (zone.value) return;
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "Europe/London";
  showYear();
}

// Where on the shelf we are.

let here = [];

/** The tab that a path belongs to; what is none leads to the cards. */
function tabOf([first]) {
  if (SORTS[first]) return SORTS[first][0];
  return ["flags", "tips", "calendar"].includes(first) ? first : "topics";
}

let region = "";
/** The entry that was read last: who goes back to the list finds themselves there. */
let left = "";

function comeBack() {
  const anchor = left && list.querySelector(`a[href$="/${left}"]`);
  left = "";
  if (anchor) {
    anchor.focus({ preventScroll: true });
    anchor.scrollIntoView({ block: "center" });
  } else {
    scrollTo(0, 0);
    by("shelf").querySelector("h1").focus({ preventScroll: true });
  }
}

/** A link to the address that is already there is followed too. */
function follow({ target }) {
  if (target.closest("a")?.hash === location.hash) enter(here, region);
}

// A tab begins anew.
document.querySelector(".tabs").addEventListener("click", (event) => {
  if (!event.target.matches("a")) return;
  search.value = status.textContent = listed = left = "";
  follow(event);
});
list.addEventListener("click", follow);

/** Shows the part of the shelf that a path names: nothing, a list, or a sort and an id. */
export async function enter(path, played) {
  [here, region] = [path, played];
  const [first, id] = path;
  // Somebody may go elsewhere while an answer is on its way.
  const current = () => here === path && !by("shelf").hidden;
  const tab = tabOf(path);
  for (const anchor of document.querySelectorAll("[data-tab]")) {
    if (anchor.dataset.tab === tab) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  const isCalendar = tab === "calendar";
  for (const part of ["calendar", "calendar-rows"]) by(part).hidden = !isCalendar;
  by("search-form").hidden = isCalendar;
  body.hidden = isCalendar;
  body.setAttribute("aria-busy", String(!isCalendar));
  if (isCalendar) return calendar();
  reading(Boolean(id));
  try {
    index ??= await get("/api/shelf");
    if (!current()) return;
    if (!listed.startsWith("search ")) showList(tab);
    const entry = id && (await get(`/api/shelf/${first}/${encodeURIComponent(id)}`, { region }));
    if (!current()) return;
    if (entry) fill(entry);
    markCurrent(id);
    if (entry) {
      left = id;
      scrollTo(0, 0);
    } else comeBack();
  } catch (error) {
    if (current()) fail(id ? detail : list, error, () => enter(path, played));
  } finally {
    if (here === path) body.removeAttribute("aria-busy");
  }
}
