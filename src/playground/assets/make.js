// Makes elements. Text is always text: the one place that reads HTML is `fromServer`.

/** An element: `make("button", { type: "button", onclick }, "Open")`. Names with a dash are attributes, others properties. */
export function make(tag, given = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...inside.filter((part) => part !== null && part !== undefined && part !== false));
  return element;
}

/** A button that sends no form. */
export const button = (label, onclick, given = {}) => make("button", { type: "button", onclick, ...given }, label);

/** A reply that the server rendered: it escapes all that anybody typed. Links open beside the page, which keeps its channel. */
export function fromServer(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const link of template.content.querySelectorAll('a[href^="http"]')) link.target = "_blank";
  return template.content;
}

/** Waits until nothing new has come for a moment. */
export function settled(act, moment) {
  let waiting;
  return (...given) => {
    clearTimeout(waiting);
    waiting = setTimeout(act, moment, ...given);
  };
}

/**
 * The list below or above a text field: a listbox that arrow keys move in while the focus stays in the field.
 * `pick(choice)` takes one. A choice has `label`, and may have `more` and `off`.
 */
export function choicesOf(field, box, list, pick) {
  let choices = [];
  let at = -1;

  function mark(next) {
    at = next;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
    if (at < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
  }

  /** The next choice that can be taken, in a direction; around the end. */
  function move(step) {
    for (let n = 1; n <= choices.length; n += 1) {
      const next = (at + step * n + (at < 0 && step < 0 ? 1 : 0) + choices.length * 2) % choices.length;
      if (!choices[next].off) return mark(next);
    }
  }

  function option(choice, n) {
    const label = make("b", {}, choice.label);
    const option = make("li", { id: `${list.id}-${n}`, role: "option", "aria-selected": "false" }, label);
    if (choice.more) option.append(make("small", {}, choice.more));
    if (choice.off) option.setAttribute("aria-disabled", "true");
    // The field keeps the focus: a press must not take it away first.
    option.onmousedown = (event) => event.preventDefault();
    option.onclick = () => choice.off || take(choice);
    return option;
  }

  function take(choice) {
    close();
    pick(choice);
  }

  function show(found, first) {
    choices = found;
    list.replaceChildren(...choices.map(option));
    box.hidden = choices.length === 0;
    if (field.hasAttribute("aria-expanded")) field.setAttribute("aria-expanded", String(!box.hidden));
    list.scrollTop = 0;
    mark(-1);
    if (first && !box.hidden) move(1);
  }

  const close = () => show([], false);
  list.onmousedown = (event) => event.preventDefault();
  return {
    show,
    close,
    move,
    isOpen: () => !box.hidden,
    count: () => choices.length,
    /** Takes the marked choice; whether there was one. */
    takeMarked() {
      if (box.hidden || at < 0) return false;
      take(choices[at]);
      return true;
    },
  };
}
