// @ts-check
/** A month to choose a day from: a grid for the pointer and for arrow keys, in the person's language.
 * Keys as in the ARIA practices for a date grid; Monday comes first in all our locales. Days are YYYY-MM-DD. */

import { h, icon } from "./message.js";
import { noon } from "./words.js";

/** @typedef {import("./words.js").Words} Words */

const STEPS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 });
const BEFORE = "M15 5l-7 7 7 7";
const AFTER = "M9 5l7 7-7 7";

/** @param {string} day @param {number} days */
function plus(day, days) {
  const date = noon(day);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** The same day of another month, or its last. @param {string} day @param {number} months */
function plusMonths(day, months) {
  const date = noon(day);
  const wanted = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months + 1, 0);
  date.setUTCDate(Math.min(wanted, date.getUTCDate()));
  return date.toISOString().slice(0, 10);
}

/** Days since Monday. @param {string} day */
const weekday = (day) => (noon(day).getUTCDay() + 6) % 7;

/** @param {{min: string, max?: string, suggest?: string}} range @param {Words} words @param {(day: string) => void} use */
export function calendar({ min, max, suggest }, words, use) {
  const inside = (/** @type {string} */ day) => (day < min ? min : max && day > max ? max : day);
  let focused = inside(suggest ?? min);
  let chosen = suggest ? focused : "";
  const title = h("span", { class: "month", "aria-live": "polite" });
  const earlier = h("button", { type: "button", "aria-label": words.say("month_before") }, icon(BEFORE));
  const later = h("button", { type: "button", "aria-label": words.say("month_after") }, icon(AFTER));
  const rows = h("tbody");
  const names = h("tr");
  for (let index = 0; index < 7; index++) {
    const day = noon(plus("2024-01-01", index)); // a Monday
    names.append(h("th", { scope: "col", abbr: words.format(day, { weekday: "long" }, "UTC") }, words.format(day, { weekday: "short" }, "UTC").slice(0, 2)));
  }
  const grid = h("table", { role: "grid", "aria-label": words.say("pick_date") }, h("thead", {}, names), rows);
  const submit = h("button", { type: "button", class: "use" });
  const element = h("div", { class: "calendar", role: "group", "aria-label": words.say("pick_date") }, h("div", { class: "calendar-head" }, earlier, title, later), grid, submit);

  /** @param {boolean} [focus] */
  function draw(focus) {
    title.textContent = words.format(noon(focused), { month: "long", year: "numeric" }, "UTC");
    earlier.disabled = plus(`${focused.slice(0, 7)}-01`, -1) < min;
    later.disabled = !!max && plusMonths(`${focused.slice(0, 7)}-01`, 1) > max;
    submit.hidden = !chosen;
    if (chosen) submit.textContent = words.say("pick_use", { day: words.format(noon(chosen), { weekday: "short", day: "numeric", month: "long" }, "UTC") });
    rows.replaceChildren();
    const first = `${focused.slice(0, 7)}-01`;
    const start = plus(first, -weekday(first));
    for (let day = start; day < plusMonths(first, 1); day = plus(day, 7)) {
      if (plus(day, 6) < min || (max && day > max)) continue; // a week without a day to choose
      const row = h("tr");
      for (let index = 0; index < 7; index++) row.append(cell(plus(day, index), first));
      rows.append(row);
    }
    if (focus) /** @type {HTMLElement} */ (rows.querySelector('[tabindex="0"]'))?.focus();
  }

  /** @param {string} day @param {string} first of the month shown */
  function cell(day, first) {
    if (day.slice(0, 7) !== first.slice(0, 7)) return h("td", { role: "gridcell" });
    const off = inside(day) !== day;
    const button = h("button", {
      type: "button",
      tabindex: day === focused ? "0" : "-1",
      "aria-label": words.spelled(day),
      "aria-disabled": off && "true",
      "aria-pressed": String(day === chosen),
      "data-day": day,
    }, String(Number(day.slice(8))));
    button.addEventListener("click", () => off || choose(day));
    return h("td", { role: "gridcell" }, button);
  }

  /** @param {string} day */
  function choose(day) {
    focused = chosen = day;
    draw(true);
  }

  grid.addEventListener("keydown", (event) => {
    const day =
      event.key in STEPS ? plus(focused, STEPS[event.key])
      : event.key === "PageUp" || event.key === "PageDown" ? plusMonths(focused, event.key === "PageUp" ? -1 : 1)
      : event.key === "Home" ? plus(focused, -weekday(focused))
      : event.key === "End" ? plus(focused, 6 - weekday(focused))
      : null;
    if (!day) return;
    event.preventDefault();
    focused = inside(day);
    draw(true);
  });
  earlier.addEventListener("click", () => ((focused = inside(plusMonths(focused, -1))), draw()));
  later.addEventListener("click", () => ((focused = inside(plusMonths(focused, 1))), draw()));
  submit.addEventListener("click", () => use(chosen));
  draw();
  return element;
}
