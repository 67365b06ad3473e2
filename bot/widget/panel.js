// @ts-check
/** The panel around the conversation: launcher, header, status, composer; opening, closing, and where the focus is. */

import { KINDS, fileIn } from "./evidence.js";
import { DeskBar } from "./desk.js";
import { Menu } from "./menu.js";
import { clean, h, icon } from "./message.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./desk.js").Handover} Handover */
/** @typedef {import("./log.js").Log} Log */

const ICONS = {
  mark: "M12 3l7 16-7-4-7 4z",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-8-6 16-3-7z",
  clip: "M20 11l-8.5 8.5a5 5 0 01-7-7L13 4a3.4 3.4 0 015 5l-8.500 8.500a1.800 1.800 0 01-2.500-2.500L14.500 7.500",
  down: "M12 5v14M6 13l6 6 6-6",
};
const NARROW = "(max-width: 30rem), (max-height: 26rem)";

/**
 * @typedef {object} Commands
 * @property {(text: string) => void} say @property {(text: string) => void} draft @property {(file: File) => void} upload
 * @property {() => void} open @property {() => void} close @property {() => void} seen the end of the log is on the screen
 * @property {() => void} back from the support desk to the assistant @property {() => void} download
 */

export class Panel {
  /** @param {Log} log @param {boolean} inline @param {Commands} commands */
  constructor(log, inline, commands) {
    this.log = log;
    this.inline = inline;
    this.commands = commands;
    this.isOpen = inline;
    this.unread = 0;
    this.badge = h("span", { class: "badge", "aria-hidden": "true", hidden: true });
    this.launcherText = h("span", { class: "launcher-text" });
    this.launcher = h("button", { type: "button", class: "launcher", part: "launcher", "aria-haspopup": "dialog", "aria-expanded": "false" }, icon(ICONS.mark), this.launcherText, this.badge);
    this.title = h("h2", { id: "title" });
    this.who = h("p", { id: "who" });
    this.closer = h("button", { type: "button", class: "plain close" }, icon(ICONS.close));
    this.menu = new Menu(() => commands.download());
    this.desk = new DeskBar(() => commands.back());
    this.banner = h("p", { class: "banner", role: "status" });
    this.spoken = h("p", { class: "hidden", role: "status" });
    this.newer = h("button", { type: "button", class: "newer", hidden: true }, icon(ICONS.down), h("span"));
    this.input = h("textarea", { rows: "1", maxlength: "4000", enterkeyhint: "send", autocomplete: "off" });
    this.submit = h("button", { type: "submit", class: "send", "aria-disabled": "true" }, icon(ICONS.send));
    this.file = h("input", { type: "file", accept: KINDS.join(","), hidden: true, tabindex: "-1" });
    this.clip = h("button", { type: "button", class: "plain clip", hidden: true }, icon(ICONS.clip));
    this.form = h("form", { part: "composer" }, this.clip, this.file, this.input, this.submit);
    this.dropzone = h("div", { class: "drop", hidden: true, "aria-hidden": "true" }, h("span"));
    const header = h("header", { part: "header" }, h("span", { class: "mark" }, icon(ICONS.mark)), h("div", {}, this.title, this.who), this.menu.element, inline ? "" : this.closer);
    const parts = [header, this.banner, this.desk.element, h("div", { class: "middle" }, log.element, this.newer), this.form, this.spoken, this.dropzone];
    /** @type {HTMLElement} */
    this.panel = h(inline ? "section" : "dialog", { class: "panel", part: "panel", "aria-labelledby": "title", "aria-describedby": "who" }, ...parts);
    this.wire();
  }

  wire() {
    this.launcher.addEventListener("click", () => this.commands.open());
    this.closer.addEventListener("click", () => this.commands.close());
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.inline) return;
      event.preventDefault();
      event.stopPropagation();
      this.commands.close();
    });
    this.panel.addEventListener("cancel", (event) => event.preventDefault());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.say();
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.say();
    });
    this.input.addEventListener("input", () => {
      this.fit();
      this.commands.draft(this.input.value);
    });
    this.newer.addEventListener("click", () => {
      this.log.toEnd();
      this.log.element.focus();
    });
    this.clip.addEventListener("click", () => this.file.click());
    this.file.addEventListener("change", () => {
      for (const file of this.file.files ?? []) this.commands.upload(file);
      this.file.value = "";
    });
    this.input.addEventListener("paste", (event) => {
      const file = this.clip.hidden ? null : fileIn(event.clipboardData);
      if (!file) return;
      event.preventDefault();
      this.commands.upload(file);
    });
    this.panel.addEventListener("dragover", (event) => this.dragged(event, true));
    this.panel.addEventListener("dragleave", (event) => this.panel.contains(/** @type {Node | null} */ (event.relatedTarget)) || this.dragged(event, false));
    this.panel.addEventListener("drop", (event) => {
      const file = this.clip.hidden ? null : fileIn(event.dataTransfer);
      this.dragged(event, false);
      if (file) this.commands.upload(file);
    });
  }

  /** @param {DragEvent} event @param {boolean} over */
  dragged(event, over) {
    if (this.clip.hidden || ![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault(); // a page that navigates to a dropped image would lose everything
    this.dropzone.hidden = !over;
  }

  say() {
    const text = this.input.value.trim();
    if (!text) return;
    this.setText("");
    this.commands.draft("");
    this.commands.say(text);
  }

  /** @param {string} text */
  setText(text) {
    this.input.value = text;
    this.fit();
  }

  fit() {
    this.submit.setAttribute("aria-disabled", String(!this.input.value.trim()));
    this.input.style.height = "auto";
    if (this.input.scrollHeight) this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }

  /** @param {boolean} open @param {boolean} focus */
  show(open, focus) {
    if (this.inline || open === this.isOpen) return;
    this.isOpen = open;
    this.launcher.setAttribute("aria-expanded", String(open));
    this.launcher.classList.toggle("behind", open);
    const dialog = /** @type {HTMLDialogElement} */ (this.panel);
    if (open) {
      // Where the panel fills the screen, nothing behind it can be reached.
      if (focus && matchMedia(NARROW).matches) dialog.showModal();
      else dialog.show();
      this.fit();
      this.log.toEnd();
      if (focus) this.focus();
      else this.launcher.ownerDocument.body.focus();
    } else {
      dialog.close();
      if (focus) this.launcher.focus();
    }
  }

  focus() {
    // On a phone the keyboard would cover the conversation at once.
    if (matchMedia("(pointer: coarse)").matches) this.log.element.focus();
    else this.input.focus();
  }

  /** @param {Words} words @param {string | null} heading @param {Handover | null} handover */
  translate(words, heading, handover) {
    this.panel.lang = this.launcher.lang = words.lang;
    this.title.textContent = heading || words.say("title");
    this.who.textContent = handover ? words.say("who_desk", { desk: clean(handover.desk) }) : words.say("who");
    this.desk.show(handover, words);
    this.menu.translate(words);
    this.closer.setAttribute("aria-label", words.say("close"));
    this.launcherText.textContent = words.say("launcher");
    this.input.setAttribute("aria-label", words.say("input"));
    this.input.placeholder = words.say("placeholder");
    this.submit.setAttribute("aria-label", words.say("send"));
    this.clip.setAttribute("aria-label", words.say("attach"));
    this.clip.title = words.say("attach");
    /** @type {HTMLElement} */ (this.newer.lastElementChild).textContent = words.say("newer");
    /** @type {HTMLElement} */ (this.dropzone.firstElementChild).textContent = words.say("drop");
    this.count(this.unread, words);
  }

  /** @param {number} unread @param {Words} words */
  count(unread, words) {
    this.unread = unread;
    this.badge.hidden = !unread;
    this.badge.textContent = unread > 99 ? "99+" : String(unread);
    this.launcher.setAttribute("aria-label", unread ? words.say("open_unread", { count: unread }) : words.say("open"));
  }

  /** A line under the header, for as long as it holds; "" for none. @param {string} text @param {string} [tone] */
  notify(text, tone = "") {
    if (this.banner.textContent !== text) this.banner.textContent = text;
    this.banner.dataset.tone = tone;
  }

  /** Words for a screen reader only. @param {string} text */
  announce(text) {
    this.spoken.textContent = text;
  }
}
