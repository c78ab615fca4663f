// The composer: what is typed, as a command of the server's table, with suggestions while it is typed.

import { button, choicesOf, make, settled } from "./make.js";
import { get } from "./wire.js";

/** Suggestions wait this long for the next key, in milliseconds. */
const PAUSE = 70;

const field = document.getElementById("composer");
const hints = document.getElementById("hints");
const counter = document.getElementById("counter");
const heard = document.getElementById("heard");
const list = choicesOf(field, document.getElementById("suggestions-box"), document.getElementById("suggestions"), picked);

/** The table of commands, as the server has it. */
let table = [];
/** Text for which the list was closed by hand. */
let dismissed = null;
/** Text for which the list was shown: what is marked in it is not taken for another. */
let offered = null;

/** The command that a text begins with, once its name is complete. Phones write its first letter large. */
function commandOf(text) {
  if (!text.startsWith("/")) return undefined;
  const asked = text.toLowerCase();
  const named = table.filter((c) => c.sort === "slash" && (asked === `/${c.name}` || asked.startsWith(`/${c.name} `) || asked.startsWith(`/${c.name}\n`)));
  return named.sort((a, b) => b.name.length - a.name.length)[0];
}

/** Where an option other than the first stands in a text; it may have been begun and have no value yet. */
const written = (option) => new RegExp(`(^|\\s)${option.name}:(\\S*)`, "i");

/**
 * What was typed, as the server takes it: plain words are a question. The first option takes all that is not written as
 * `name:value` for one of the others.
 */
export function read(typed) {
  const text = typed.trim();
  if (!text.startsWith("/")) return { command: "ask", options: { question: text } };
  const command = commandOf(text);
  if (!command) return { command: text.slice(1).split(/\s/)[0], options: {} };
  const [first, ...others] = command.options;
  const options = {};
  let rest = text.slice(command.name.length + 1);
  for (const option of others) {
    rest = rest.replace(written(option), (_, before, value) => {
      const flag = option.takes === "flag" && /^(true|false)$/i.test(value);
      if (value) options[option.name] = flag ? value.toLowerCase() === "true" : value;
      return before;
    });
  }
  rest = rest.trim();
  if (!first) return { command: command.name, options };
  rest = rest.replace(new RegExp(`^${first.name}:\\s*`), "");
  return { command: command.name, options: rest ? { [first.name]: rest, ...options } : options };
}

/** How much of the longest option is used, and how much fits; counted as the server counts, in characters. */
export function room(typed) {
  const { command, options } = read(typed);
  const option = table.find((c) => c.name === command)?.options[0];
  const used = option ? [...(options[option.name] ?? "")].length : 0;
  return { used, fits: option?.takes.text ?? Infinity };
}

function count() {
  const { used, fits } = room(field.value);
  const number = (n) => n.toLocaleString("en");
  counter.textContent = Number.isFinite(fits) && used > fits * 0.5 ? `${number(used)} of ${number(fits)} characters` : "";
  counter.classList.toggle("over", used > fits);
}

/** Puts the picked choice where it belongs. */
function picked(choice) {
  field.value = choice.text;
  field.setSelectionRange(choice.text.length, choice.text.length);
  field.focus();
  typed();
}

function commandChoices(text) {
  const asked = text.slice(1).toLowerCase();
  const slash = table.filter((c) => c.sort === "slash");
  const begins = slash.filter((c) => c.name.startsWith(asked));
  const fits = begins.length > 0 ? begins : slash.filter((c) => c.name.includes(asked) || c.description.toLowerCase().includes(asked));
  return fits.map((c) => ({
    label: `/${c.name}`,
    more: c.organizers ? `${c.description} (organizers, in your own server)` : c.description,
    off: c.organizers,
    text: c.options.length > 0 ? `/${c.name} ` : `/${c.name}`,
  }));
}

/** Choices of an option that has a few: those that begin with what stands there. */
function valueChoices(option, before, begun) {
  const values = option.choices.filter((value) => value.startsWith(begun.toLowerCase()) && value !== begun);
  return values.map((value) => ({ label: value, more: option.description, text: `${before}${value}` }));
}

async function topicChoices(command, begun) {
  const { choices } = await get("/api/suggest", { option: "topic", typed: begun });
  return choices.filter((c) => c.label !== begun).map((c) => ({ label: c.label, text: `/${command.name} ${c.label}` }));
}

/** What can be chosen for the text as it stands. */
async function choices(text) {
  const command = commandOf(text);
  if (!command) return text.startsWith("/") && !text.includes("\n") ? commandChoices(text) : [];
  const [, before, name, begun] = /^([\s\S]*\s(\S+):)(\S*)$/.exec(text) ?? [];
  const named = command.options.find((option) => option.name === name && option.choices.length > 0);
  if (named) return valueChoices(named, before, begun);
  const [first] = command.options;
  const rest = text.slice(command.name.length + 2);
  if (!first || text.length < command.name.length + 2) return [];
  if (first.takes === "topic") return topicChoices(command, rest);
  return first.choices.length > 0 ? valueChoices(first, `/${command.name} `, rest) : [];
}

/** Which options are still to be given, each with a button that begins it. */
function showHints(text) {
  const command = commandOf(text);
  hints.hidden = !command || command.options.length === 0;
  // The field is described by them, seen or not.
  if (hints.hidden) return hints.replaceChildren();
  const parts = [make("b", {}, `/${command.name}`)];
  for (const [at, option] of command.options.entries()) {
    if (at === 0) parts.push(make("span", {}, `${option.name}${option.required ? "" : " (optional)"}: ${option.description}`));
    else if (!written(option).test(text)) {
      const begin = () => picked({ text: `${field.value.trimEnd()} ${option.name}:` });
      parts.push(button(`+ ${option.name}`, begin, { title: option.description }));
    }
  }
  hints.replaceChildren(...parts);
}

function offer(text, found, first) {
  offered = text;
  list.show(found, first);
  announce();
}

const announce = settled(() => {
  heard.textContent = list.isOpen() ? `${list.count()} suggestions. Arrow keys move, Enter takes one.` : "";
}, 400);

const suggest = settled(async () => {
  const text = field.value;
  const found = text === dismissed ? [] : await choices(text).catch(() => []);
  // Somebody typed on meanwhile, or sent it.
  if (text !== field.value || document.activeElement !== field) return;
  offer(text, found, !commandOf(text));
}, PAUSE);

/** Where a style sheet cannot let the field grow with its text, this does. */
function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

/** Whatever changed the text. */
function typed() {
  grow();
  count();
  showHints(field.value);
  // Commands are at hand; what the server is asked for waits for the next key.
  if (field.value.startsWith("/") && !commandOf(field.value) && field.value !== dismissed) {
    offer(field.value, field.value.includes("\n") ? [] : commandChoices(field.value), true);
  } else suggest();
  if (!field.value) list.close();
}

function key(event) {
  if (event.isComposing) return;
  const open = list.isOpen();
  if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) list.move(event.key === "ArrowDown" ? 1 : -1);
  else if (open && event.key === "Escape") {
    dismissed = field.value;
    list.close();
  } else if (open && (event.key === "Enter" || event.key === "Tab") && !event.shiftKey && offered === field.value && list.takeMarked()) {
    // Taken: nothing is sent and the focus stays.
  } else if (open && event.key === "Tab") {
    // On to the next control, past the list.
    list.close();
    return;
  } else if (event.key === "Enter" && !event.shiftKey) field.form.requestSubmit();
  else return;
  event.preventDefault();
}

field.addEventListener("input", () => {
  dismissed = null;
  typed();
});
field.addEventListener("keydown", key);
field.addEventListener("blur", () => list.close());

/** Takes the server's table. */
export function learn(commands) {
  table = commands;
  typed();
}

/** Empties the field once its text has been answered. */
export function clear() {
  field.value = "";
  list.close();
  typed();
}

export { field };
