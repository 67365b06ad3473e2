// @ts-check
/** What a reply can carry beside its text: cards, steps, links, a date to choose, an upload. The text alone is enough. */

import { calendar } from "./calendar.js";
import { body, clean, h, link } from "./message.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./connection.js").Message} Message */
/** @typedef {import("./message.js").Actions} Actions */
/** @typedef {Record<string, unknown>} Fields */

const TONES = ["calm", "warn", "bad", "good"];
const DAY = /^\d{4}-\d\d-\d\d$/;

/** @param {unknown} value @returns {Fields[]} */
const records = (value) => (Array.isArray(value) ? value.filter((item) => item && typeof item === "object") : []);

/** @param {unknown} value @returns {Fields} */
const record = (value) => (value && typeof value === "object" && !Array.isArray(value) ? /** @type {Fields} */ (value) : {});

/** @param {Message} message @param {Words} words @param {Actions} actions @returns {{text: string | null, parts: Node[]}} */
export function rich(message, words, actions) {
  const given = record(message.rich);
  /** @type {Node[]} */
  const parts = [];
  const cards = records(given.cards).map((fields) => card(fields, words, actions));
  if (cards.length) parts.push(h("ul", { class: "cards", role: "list" }, ...cards));
  if (Array.isArray(given.steps) && given.steps.length) {
    parts.push(h("ol", { class: "steps" }, ...given.steps.map((step) => h("li", { dir: "auto" }, clean(step)))));
  }
  const links = records(given.links).flatMap(({ url, title }) => link(url, String(title ?? ""), words) ?? []);
  if (links.length) parts.push(h("ul", { class: "links", role: "list" }, ...links.map((anchor) => h("li", {}, anchor))));
  const open = actions.spent(message) === null;
  const pick = record(message.pick);
  if (pick.kind === "date" && open) {
    const today = words.dayKey(actions.now());
    const [min, max, suggest] = [pick.min, pick.max, pick.suggest].map((day) => (DAY.test(String(day)) ? String(day) : undefined));
    parts.push(calendar({ min: min ?? today, max, suggest }, words, (day) => actions.answer(message, words.say("pick_send", { day: words.typed(day) }))));
  }
  if (message.upload && open) {
    const button = h("button", { type: "button", class: "attach-here" }, words.say("attach"));
    button.addEventListener("click", () => actions.upload());
    parts.push(button);
  }
  if (parts.length && typeof given.after === "string") parts.push(body(given.after, words));
  return { text: parts.length && typeof given.text === "string" ? given.text : null, parts };
}

/** An order, a dispute, an infraction or an appeal. @param {Fields} fields @param {Words} words @param {Actions} actions */
function card(fields, words, actions) {
  const tone = TONES.includes(String(fields.tone)) ? String(fields.tone) : "calm";
  const head = h("div", { class: "card-head" });
  head.append(h("strong", { dir: "auto" }, clean(fields.title ?? fields.id)));
  if (fields.title && fields.id) head.append(h("span", { class: "card-id" }, clean(fields.id)));
  if (fields.state) head.append(h("span", { class: "card-state" }, clean(fields.state)));
  const element = h("li", { class: "card", "data-tone": tone }, head);
  const rows = records(fields.fields).map(({ label, value, at }) => [label, at ? instant(at, words) : clean(value)]);
  if (fields.due_at) rows.unshift([fields.due_label ?? "", due(fields.due_at, words, actions)]);
  if (rows.length) {
    const list = h("dl");
    for (const [label, value] of rows) {
      list.append(h("div", {}, h("dt", {}, clean(label)), h("dd", { dir: "auto" }, /** @type {Node | string} */ (value))));
    }
    element.append(list);
  }
  if (fields.note) element.append(h("p", { class: "card-note", dir: "auto" }, clean(fields.note)));
  return element;
}

/** @param {unknown} value @param {Words} words */
function instant(value, words) {
  const at = new Date(String(value));
  return Number.isNaN(at.getTime()) ? clean(value) : h("time", { datetime: at.toISOString() }, words.instant(at));
}

/** A deadline with the time left; `refreshDeadlines` keeps it right. @param {unknown} value @param {Words} words @param {Actions} actions */
function due(value, words, actions) {
  const at = new Date(String(value));
  if (Number.isNaN(at.getTime())) return clean(value);
  const left = h("span", { class: "left", "data-due": at.toISOString() });
  const both = h("span", {}, h("time", { datetime: at.toISOString() }, words.instant(at)), " ", left);
  show(left, words, actions.now());
  return both;
}

/** @param {HTMLElement} element @param {Words} words @param {Date} now */
function show(element, words, now) {
  const at = new Date(element.dataset.due ?? "");
  const text = words.left(at, now);
  if (element.textContent !== text) element.textContent = text;
  element.classList.toggle("soon", at.getTime() - now.getTime() < 6 * 3_600_000);
}

/** @param {ParentNode} root @param {Words} words @param {Date} now */
export function refreshDeadlines(root, words, now) {
  for (const element of root.querySelectorAll("[data-due]")) show(/** @type {HTMLElement} */ (element), words, now);
}
