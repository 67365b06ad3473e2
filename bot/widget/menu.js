// @ts-check
/** The menu in the header: the conversation as a file, and the privacy notice. */

import { h, icon, link } from "./message.js";
import SETTINGS from "./settings.js";

/** @typedef {import("./words.js").Words} Words */

const DOTS = "M5 12h.01M12 12h.01M19 12h.01";

export class Menu {
  /** @param {() => void} download */
  constructor(download) {
    this.summary = h("summary", { class: "plain" }, icon(DOTS));
    this.file = h("button", { type: "button" });
    this.items = h("div", { class: "menu-items" }, this.file);
    this.element = h("details", { class: "menu", hidden: true }, this.summary, this.items);
    this.file.addEventListener("click", () => {
      this.close();
      download();
    });
    this.element.addEventListener("focusout", ({ relatedTarget }) => this.element.contains(/** @type {Node | null} */ (relatedTarget)) || (this.element.open = false));
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.element.open) return;
      event.stopPropagation();
      event.preventDefault();
      this.close();
    });
  }

  close() {
    this.element.open = false;
    this.summary.focus();
  }

  /** @param {Words} words */
  translate(words) {
    this.summary.setAttribute("aria-label", words.say("menu"));
    this.file.textContent = words.say("transcript");
    const privacy = link(SETTINGS.privacy, words.say("privacy_link"), words);
    this.items.replaceChildren(this.file, ...(privacy ? [privacy] : []));
  }
}

/** Hand a file to the browser. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
