// @ts-check
/** One message as elements. Whatever others wrote stays text: nothing here ever parses markup. */

import { draw } from "./picture.js";
import { rich } from "./rich.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./connection.js").Message} Message */
/** @typedef {{title: string, payload: string}} Button */

// Direction marks and overrides, which could make text read as something else than was written; and other controls.
const TRICKS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
const LINK = /https:\/\/[^\s<>"'„“”‚‘’«»()]+[^\s<>"'„“”‚‘’«»().,;:!?]/gi;

/** An element. Strings become text.
 * @template {keyof HTMLElementTagNameMap} K @param {K} name @param {Record<string, string | boolean>} [attributes]
 * @param {...(Node | string)} children @returns {HTMLElementTagNameMap[K]} */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** An icon of one path on a 24-unit grid. @param {string} path */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["aria-hidden", "true"], ["class", "icon"]]) svg.setAttribute(key, value);
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/** @param {unknown} text */
export function clean(text) {
  return String(text ?? "").replace(TRICKS, "");
}

/** A link to an https address, in a new tab, showing where it really leads. Null for any other address.
 * @param {unknown} address @param {string | null} title @param {Words} words */
export function link(address, title, words) {
  let url;
  try {
    url = new URL(clean(address));
  } catch {
    return null;
  }
  if (url.protocol !== "https:" || url.username || url.password) return null;
  const anchor = h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" });
  // The host as the browser will ask for it: letters that only look alike show as xn--.
  anchor.append(title ? `${clean(title)} (${url.host})` : url.href, h("span", { class: "hidden" }, ` (${words.say("link_new")})`));
  return anchor;
}

/** Text with its https addresses as links. @param {string} text @param {Words} words */
function* inline(text, words) {
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const anchor = link(match[0], null, words);
    if (!anchor) continue;
    yield text.slice(from, match.index);
    yield anchor;
    from = match.index + match[0].length;
  }
  yield text.slice(from);
}

/** Paragraphs, and lists where lines begin with a number or a dash. @param {string} text @param {Words} words */
export function body(text, words) {
  const parts = document.createDocumentFragment();
  /** @type {HTMLElement | null} */
  let open = null;
  for (const line of clean(text).split("\n")) {
    const item = /^\s*(?:(\d{1,2})[.)]|[-•–])\s+(.+)$/.exec(line);
    const kind = item ? (item[1] ? "ol" : "ul") : "p";
    if (!line.trim()) {
      open = null;
      continue;
    }
    if (!open || open.localName !== kind) {
      open = h(kind, kind === "ol" && item?.[1] !== "1" ? { start: item?.[1] ?? "1" } : {});
      if (kind === "p") open.dir = "auto";
      parts.append(open);
    } else if (kind === "p") open.append(h("br"));
    if (item) open.append(h("li", { dir: "auto" }, ...inline(item[2], words)));
    else open.append(...inline(line, words));
  }
  return parts;
}

/**
 * @typedef {object} Actions
 * @property {(message: Message, button: {title: string, payload: string}) => void} press
 * @property {(message: Message, text: string) => void} answer send a text as the answer to this message
 * @property {() => void} upload
 * @property {(id: string) => Promise<Blob>} picture the person's own evidence
 * @property {() => Date} now the business clock
 * @property {(message: Message, group?: Button[]) => string | true | null} spent the payload that was chosen; true when it was another way
 */

/** @param {Message} message @param {Words} words @param {Actions} actions */
export function messageElement(message, words, actions) {
  const own = message.author === "person";
  const element = h("div", { class: `message ${message.author}` });
  if (message.kind && /^[a-z_]+$/.test(message.kind)) element.dataset.kind = message.kind;
  const by = message.agent?.name ? words.say("by_agent_named", { name: clean(message.agent.name) }) : words.say(`by_${message.author}`);
  element.append(h("span", { class: own || message.author === "assistant" ? "hidden" : "author" }, by + (own || message.author === "assistant" ? ": " : "")));
  const bubble = h("div", { class: "bubble" });
  if (own) bubble.append(...picture(message, words, actions), h("p", { dir: "auto" }, clean(message.text)));
  else {
    const extra = rich(message, words, actions);
    bubble.append(body(extra.text ?? message.text, words), ...extra.parts);
  }
  element.append(bubble);
  const at = new Date(message.at);
  const meta = h("div", { class: "meta" }, h("time", { datetime: message.at, title: words.instant(at) }, words.time(at)));
  if (own && message.handover_id) meta.append(h("span", {}, words.say("to_desk")));
  element.append(meta);
  if (!own) element.append(...groups(message).map((given) => buttons(message, given, words, actions)));
  return element;
}

/** The image that came with a message of the person. @param {Message} message @param {Words} words @param {Actions} actions */
function picture(message, words, actions) {
  if (!message.evidence_id) return [];
  const canvas = h("canvas", { class: "preview", role: "img", "aria-label": words.say("evidence"), hidden: true });
  actions.picture(message.evidence_id).then((blob) => draw(blob, canvas)).catch(() => undefined);
  return [canvas];
}

/** The buttons of a message that belong together: thumbs take nothing away from the next steps, nor these from them.
 * @param {Message} message */
export function groups({ buttons, feedback }) {
  const split = feedback ? [buttons.slice(0, feedback.first_button), buttons.slice(feedback.first_button)] : [buttons ?? []];
  return split.filter(({ length }) => length);
}

/** The buttons of a group: one tap, then all of them are spent. They stay focusable, so that the place is not lost.
 * @param {Message} message @param {Button[]} group @param {Words} words @param {Actions} actions */
function buttons(message, group, words, actions) {
  const row = h("div", { class: "buttons", role: "group" });
  for (const given of group) {
    const button = h("button", { type: "button", dir: "auto" }, clean(given.title));
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      actions.press(message, given);
    });
    row.append(button);
  }
  spend(row, group, words, actions.spent(message, group));
  return row;
}

/** Show which button was chosen. @param {Element} row @param {Button[]} group @param {Words} words @param {string | true | null} chosen */
export function spend(row, group, words, chosen) {
  if (chosen === null) return;
  [...row.querySelectorAll("button")].forEach((button, index) => {
    button.setAttribute("aria-disabled", "true");
    if (group[index].payload === chosen && !button.classList.contains("chosen")) {
      button.classList.add("chosen");
      button.append(h("span", { class: "hidden" }, ` (${words.say("chosen")})`));
    }
  });
}
