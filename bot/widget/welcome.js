// @ts-check
/** What stands above the first message: who this is, what becomes of what is written, and what could be said. */

import { h, link } from "./message.js";
import SETTINGS from "./settings.js";

/** @typedef {import("./words.js").Words} Words */

/** @param {HTMLElement} element @param {string | undefined} role @param {Words} words @param {(text: string) => void} say */
export function welcome(element, role, words, say) {
  const side = role === "seller" ? "seller" : "customer";
  const key = `${side} ${words.locale}`;
  if (element.dataset.shows === key) return;
  element.dataset.shows = key;
  const starts = [1, 2, 3].map((number) => {
    const text = words.say(`start_${side}_${number}`);
    const button = h("button", { type: "button" }, text);
    button.addEventListener("click", () => say(text));
    return button;
  });
  const notice = link(SETTINGS.privacy, words.say("privacy_link"), words);
  const privacy = h("p", { class: "privacy" }, words.say("privacy"), ...(notice ? [" ", notice] : []));
  element.replaceChildren(h("h3", {}, words.say("welcome")), h("p", {}, words.say(`welcome_${side}`)), privacy, h("div", { class: "starts" }, ...starts));
}
