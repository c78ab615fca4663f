// Talks to the server that this page came from, and to nobody else, and says what went wrong on the way.

import { button } from "./make.js";

/** The server answers in milliseconds: what takes longer than this comes no more. */
const PATIENCE = 10_000;

/** What went wrong, and what to do about it; what has no such advice can be tried again. */
export class Trouble extends Error {
  constructor(what, mend) {
    super(what);
    this.mend = mend;
  }
}

async function fetched(path, init) {
  let response, said;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(PATIENCE) });
    said = await response.json();
  } catch {
    throw new Trouble('The playground does not answer. Is "patella playground" still running?');
  }
  if (response.ok) return said;
  const { what = "the playground cannot answer that", do: mend = "reload the page" } = said.error ?? {};
  throw new Trouble(what, mend);
}

/** Asks for something: `get("/api/suggest", { typed: "knee" })`. */
export const get = (path, wanted = {}) => fetched(`${path}?${new URLSearchParams(wanted)}`);

/** Sends something, as JSON: no other site's form can do that. */
export const post = (path, body) =>
  fetched(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1) + (/[.?!]$/.test(words) ? "" : ".");

/** Says in `place` what went wrong and what to do; `again` is offered where that can help. */
export function say(place, error, again) {
  if (!(error instanceof Trouble)) {
    // A fault of the page's own: its words help nobody but who mends it.
    console.error(error);
    error = new Trouble("something in this page broke", "reload it to go on");
  }
  const held = place.contains(document.activeElement);
  place.replaceChildren([error.message, error.mend].filter(Boolean).map(sentence).join(" "));
  place.hidden = false;
  if (error.mend) return;
  const retry = button("Try again", again);
  place.append(" ", retry);
  // Who tried again and failed can do so once more.
  if (held) retry.focus();
}

/** Takes back what was said; a focus that was in it goes on to `next`. */
export function unsay(place, next) {
  if (place.contains(document.activeElement)) next.focus();
  place.hidden = true;
}
