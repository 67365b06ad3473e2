// @ts-check
/** The conversation on the screen: messages by number, each once; below them what waits to be sent. */

import { clean, groups, h, icon, messageElement, spend } from "./message.js";
import { refreshDeadlines } from "./rich.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./connection.js").Message} Message */
/** @typedef {import("./outbox.js").Item} Item */
/** @typedef {import("./message.js").Actions} Actions */

/**
 * @typedef {object} ItemActions
 * @property {(item: Item) => void} edit put its text back into the composer
 * @property {(item: Item) => void} discard
 */

const NEAR = 80; // pixels from the end that still count as being at the end
const WAIT = "M12 7v5l3 2M12 21a9 9 0 110-18 9 9 0 010 18z";

export class Log {
  /** @param {Words} words @param {Actions} actions @param {ItemActions} itemActions @param {() => void} moved */
  constructor(words, actions, itemActions, moved) {
    this.words = words;
    this.actions = actions;
    this.itemActions = itemActions;
    /** @type {Map<number, {message: Message, element: HTMLElement}>} */
    this.shown = new Map();
    this.newest = 0;
    this.settling = false;
    /** @type {Map<string, {item: Item, element: HTMLElement}>} */
    this.items = new Map();
    /** @type {Map<string, HTMLElement>} bubbles that were sent and wait for their number */
    this.sent = new Map();
    this.list = h("div", { class: "log", role: "log", "aria-live": "off" });
    this.welcome = h("div", { class: "welcome", hidden: true });
    this.typing = h("div", { class: "typing", hidden: true, "aria-hidden": "true" }, h("span"), h("span"), h("span"));
    this.element = h("div", { class: "scroll", tabindex: "0", role: "region" }, this.welcome, this.list, this.typing);
    this.follow = true;
    this.element.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.element;
      this.follow = scrollHeight - scrollTop - clientHeight < NEAR;
      moved();
    }, { passive: true });
    new ResizeObserver(() => this.follow && this.toEnd()).observe(this.element);
    this.translate(words);
  }

  /** From now on new messages are read out. */
  speak() {
    // A turn later, so that what has just been inserted is not taken for new.
    setTimeout(() => this.list.setAttribute("aria-live", "polite"), 300);
  }

  clear() {
    this.shown.clear();
    this.newest = 0;
    this.items.clear();
    this.sent.clear();
    this.list.setAttribute("aria-live", "off");
    this.list.replaceChildren();
    this.setTyping(false);
    this.follow = true;
  }

  /** @param {Message} message */
  add(message) {
    if (this.shown.has(message.seq)) return;
    const waiting = message.author === "person" ? (this.sent.get(message.id) ?? this.items.get(message.id)?.element) : undefined;
    const element = messageElement(message, this.words, this.actions);
    this.items.delete(message.id);
    this.sent.delete(message.id);
    const next = this.after(message.seq);
    if (waiting) {
      // The same bubble gets its number and time: it was read out when it was written.
      waiting.className = element.className;
      waiting.replaceChildren(...element.childNodes);
      const follower = waiting.nextElementSibling; // moving it would have it read out again
      if (next ? follower !== next : follower?.matches(".message:not(.waiting)")) this.list.insertBefore(waiting, next);
      this.shown.set(message.seq, { message, element: waiting });
    } else {
      const own = message.in_reply_to ? (this.sent.get(message.in_reply_to) ?? this.items.get(message.in_reply_to)?.element) : null;
      this.list.insertBefore(element, next ?? (own ? this.behind(own) : this.firstWaiting()));
      this.shown.set(message.seq, { message, element });
    }
    this.newest = Math.max(this.newest, message.seq);
    this.dateLine(message);
    this.settle();
  }

  /** The element of the first message beyond a number. @param {number} seq */
  after(seq) {
    if (seq > this.newest) return null; // nearly always
    let found = Infinity;
    for (const other of this.shown.keys()) if (other > seq && other < found) found = other;
    const element = this.shown.get(found)?.element;
    return element?.previousElementSibling?.matches(".day") ? element.previousElementSibling : (element ?? null);
  }

  /** Where a reply belongs that comes sooner than the number of what it answers. @param {Element} own */
  behind(own) {
    let place = own.nextElementSibling;
    while (place && !place.matches(".waiting")) place = place.nextElementSibling;
    return place;
  }

  firstWaiting() {
    return this.list.querySelector(":scope > .waiting");
  }

  /** A heading where the day changes. @param {Message} message */
  dateLine(message) {
    const entry = this.shown.get(message.seq);
    const before = this.shown.get(message.seq - 1)?.message;
    const now = new Date();
    const day = this.words.dayKey(new Date(message.at));
    if (!entry || entry.element.previousElementSibling?.matches(".day")) return;
    if (before ? this.words.dayKey(new Date(before.at)) === day : message.seq !== 1) return;
    entry.element.before(h("div", { class: "day" }, h("span", {}, this.words.day(new Date(message.at), now))));
  }

  /** What the person wrote and is not stored yet. @param {Item} item */
  wait(item) {
    const element = h("div", { class: "message person waiting" });
    this.items.set(item.id, { item, element });
    this.drawItem(item, element);
    this.list.append(element);
    this.follow = true;
    this.settle();
  }

  /** @param {Item} item @param {HTMLElement} element */
  drawItem(item, element) {
    const { words } = this;
    const bubble = h("div", { class: "bubble" }, h("p", { dir: "auto" }, clean(item.text)));
    const state = h("div", { class: "meta" }, icon(WAIT), h("span", {}, words.say(item.failed ? (item.payload ? "not_sent_button" : "not_sent") : "waiting")));
    element.replaceChildren(h("span", { class: "hidden" }, `${words.say("by_person")}: `), bubble, state);
    element.classList.toggle("failed", !!item.failed);
    if (!item.failed) return;
    const actions = h("div", { class: "item-actions" });
    if (!item.payload) actions.append(this.action("edit", () => this.itemActions.edit(item)));
    actions.append(this.action("discard", () => this.itemActions.discard(item)));
    element.append(actions);
  }

  /** @param {string} name @param {() => void} act */
  action(name, act) {
    const button = h("button", { type: "button" }, this.words.say(name));
    button.addEventListener("click", act);
    return button;
  }

  /** Stored by the gateway: it only waits for its number now. @param {Item} item */
  settleItem(item) {
    const entry = this.items.get(item.id);
    if (!entry) return;
    this.items.delete(item.id);
    this.sent.set(item.id, entry.element);
    entry.element.querySelector(".meta")?.replaceChildren();
  }

  /** @param {Item} item */
  refuse(item) {
    const entry = this.items.get(item.id);
    if (entry) this.drawItem(item, entry.element);
  }

  /** @param {Item} item */
  removeItem(item) {
    this.items.get(item.id)?.element.remove();
    this.items.delete(item.id);
  }

  /** An upload's bubble. @param {HTMLElement} element */
  append(element) {
    this.list.append(element);
    this.follow = true;
    this.settle();
  }

  /** @param {boolean} typing */
  setTyping(typing) {
    this.typing.hidden = !typing;
    if (typing) this.settle();
  }

  refreshSpent() {
    for (const { message, element } of this.shown.values()) {
      const rows = element.querySelectorAll(":scope > .buttons");
      if (!rows.length && !message.pick && !message.upload) continue;
      const parts = rows.length ? groups(message) : [];
      parts.forEach((group, index) => spend(rows[index], group, this.words, this.actions.spent(message, group)));
      const chosen = this.actions.spent(message, parts[0]);
      if (chosen !== null) element.querySelectorAll(".calendar, .attach-here").forEach((part) => part.remove());
    }
  }

  /** @param {Words} words */
  translate(words) {
    const changed = words.locale !== this.words.locale;
    this.words = words;
    this.element.setAttribute("aria-label", words.say("log"));
    this.list.setAttribute("aria-label", words.say("log"));
    if (!changed && this.list.childElementCount) return;
    const live = this.list.getAttribute("aria-live") ?? "off";
    this.list.setAttribute("aria-live", "off");
    const uploads = [...this.list.querySelectorAll(":scope > .upload")];
    const messages = [...this.shown.values()].map(({ message }) => message).sort((a, b) => a.seq - b.seq);
    const items = [...this.items.values()].map(({ item }) => item);
    this.shown.clear();
    this.newest = 0;
    this.list.replaceChildren();
    for (const message of messages) this.add(message);
    for (const item of items) this.wait(item);
    this.list.append(...uploads);
    if (live !== "off") this.speak();
  }

  tick() {
    refreshDeadlines(this.list, this.words, this.actions.now());
  }

  /** Stay at the end, once for all that comes together: each look at the height would lay out the whole log. */
  settle() {
    if (!this.follow || this.settling) return;
    this.settling = true;
    queueMicrotask(() => {
      this.settling = false;
      this.toEnd();
    });
  }

  toEnd() {
    this.follow = true;
    this.element.scrollTop = this.element.scrollHeight;
  }
}
