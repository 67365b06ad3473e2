// @ts-check
/** Building blocks of the page: sections, tables that screen readers can follow, instants, spans of time. */

/** @typedef {(name: string, values?: Record<string, string | number>) => string} Say */
/** @typedef {string | number | Node} Cell */

/** @param {string} name @param {Record<string, string>} [attributes] @param {...Cell} inner @returns {HTMLElement} */
export function element(name, attributes = {}, ...inner) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inner.map((one) => (one instanceof Node ? one : String(one))));
  return made;
}

/** A part of the page with a heading. @param {string} title @param {...Cell} inner */
export function section(title, ...inner) {
  const made = element("section", {}, element("h2", {}, title), ...inner);
  made.setAttribute("aria-label", title);
  return made;
}

/** Rows with a head; `empty` where there are none. A row with `warns` is marked, and says why in its words.
 * @param {string[]} head @param {{cells: Cell[], warns?: boolean}[]} rows @param {string} empty */
export function table(head, rows, empty) {
  if (!rows.length) return element("p", { class: "empty" }, empty);
  const first = element("tr", {}, ...head.map((title) => element("th", { scope: "col" }, title)));
  const body = rows.map(({ cells, warns }) =>
    element("tr", warns ? { class: "warns" } : {}, ...cells.map((cell, at) => (at ? element("td", {}, cell) : element("th", { scope: "row" }, cell)))),
  );
  // A wide table scrolls by itself, also with the keyboard.
  return element("div", { class: "scroll", tabindex: "0" }, element("table", {}, element("thead", {}, first), element("tbody", {}, ...body)));
}

/** A number with its name, as a tile. @param {string} name @param {Cell} value @param {string} [more] @param {boolean} [warns] */
export function tile(name, value, more = "", warns = false) {
  const inner = [element("dt", {}, name), element("dd", {}, element("strong", {}, value), ...(more ? [element("span", {}, more)] : []))];
  return element("div", warns ? { class: "tile warns" } : { class: "tile" }, ...inner);
}

/** @param {string | null} iso @param {string} language @returns {Cell} */
export function instant(iso, language) {
  if (!iso) return "–";
  const format = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "de-DE", { dateStyle: "medium", timeStyle: "short" });
  return element("time", { datetime: iso }, format.format(new Date(iso)));
}

/** How long until or since, in the largest unit that says something. @param {number} seconds @param {Say} say */
export function span(seconds, say) {
  const size = Math.abs(seconds);
  if (size < 90) return say("seconds", { count: Math.round(size) });
  if (size < 90 * 60) return say("minutes", { count: Math.round(size / 60) });
  if (size < 36 * 3600) return say("hours", { count: Math.round(size / 3600) });
  return say("days", { count: Math.round(size / 86400) });
}
