// @ts-check
/** What the person wrote and the gateway has not stored yet. It survives a reload, and is gone after signing out. */

/**
 * @typedef {object} Item
 * @property {string} id the client's id: sent twice, it is stored once
 * @property {string} text what the bubble shows
 * @property {string} [payload] of a pressed button
 * @property {number} seen last number on the screen when it was written
 * @property {string} at
 * @property {boolean} [failed] refused for good
 */

const PREFIX = "lotse:";

/** All that is kept in the browser, for one person, in this tab: unsent messages, the draft, whether the panel is open. */
export class Outbox {
  /** @param {string} key the person @param {string} base the gateway */
  constructor(key, base) {
    this.name = `${PREFIX}${base} ${key}`;
    const stored = read(this.name);
    /** @type {Item[]} */
    this.items = Array.isArray(stored.items) ? stored.items : [];
    /** @type {string} */
    this.draft = String(stored.draft ?? "");
    this.open = stored.open === true;
  }

  /** @param {Item} item */
  add(item) {
    this.items.push(item);
    this.save();
  }

  /** @param {string} id */
  remove(id) {
    const before = this.items.length;
    this.items = this.items.filter((item) => item.id !== id);
    if (this.items.length !== before) this.save();
  }

  /** The next one to send. */
  next() {
    return this.items.find((item) => !item.failed);
  }

  save() {
    const { items, draft, open } = this;
    const empty = !items.length && !draft && !open;
    try {
      if (empty) sessionStorage.removeItem(this.name);
      else sessionStorage.setItem(this.name, JSON.stringify({ items, draft, open }));
    } catch {
      // Storage is full or switched off: everything works on, only a reload forgets.
    }
  }

  /** Leave nothing behind. */
  forget() {
    this.items = [];
    this.draft = "";
    this.open = false;
    this.save();
  }
}

/** Leave nothing behind of whoever used this gateway in this tab. @param {string} base */
export function forgetAll(base) {
  try {
    for (const name of Object.keys(sessionStorage)) if (name.startsWith(`${PREFIX}${base} `)) sessionStorage.removeItem(name);
  } catch {
    // no storage, nothing to forget
  }
}

/** @param {string} name @returns {Record<string, unknown>} */
function read(name) {
  try {
    const value = JSON.parse(sessionStorage.getItem(name) ?? "{}");
    return value && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}
