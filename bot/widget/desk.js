// @ts-check
/** The line under the header while the person talks to the support desk, and the way back to the assistant. */

import { clean, h } from "./message.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {{id: string, status: "waiting" | "active", desk: string, agent: string | null}} Handover as in the gateway's API */

export class DeskBar {
  /** @param {() => void} back */
  constructor(back) {
    this.text = h("p", { role: "status" });
    this.button = h("button", { type: "button" });
    this.button.addEventListener("click", back);
    this.element = h("div", { class: "desk", hidden: true }, this.text, this.button);
  }

  /** @param {Handover | null} handover @param {Words} words */
  show(handover, words) {
    const text = handover ? this.say(handover, words) : "";
    this.element.hidden = !handover;
    this.button.textContent = words.say("desk_back");
    if (this.text.textContent !== text) this.text.textContent = text;
  }

  /** @param {Handover} handover @param {Words} words */
  say({ desk, agent }, words) {
    return agent ? words.say("desk_active", { agent: clean(agent), desk: clean(desk) }) : words.say("desk_waiting", { desk: clean(desk) });
  }
}
