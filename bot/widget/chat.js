// @ts-check
/** What happens in a widget: one person, their line to the gateway, what was seen, and what the panel shows of it. */

import { Connection } from "./connection.js";
import { Upload } from "./evidence.js";
import { Log } from "./log.js";
import { save } from "./menu.js";
import { Outbox, forgetAll } from "./outbox.js";
import { Panel } from "./panel.js";
import { countUnread } from "./title.js";
import { askForToken, claimsOf } from "./token.js";
import { welcome } from "./welcome.js";
import { Words, localeOf } from "./words.js";

/** @typedef {import("./connection.js").Message} Message */
/** @typedef {import("./connection.js").Status} Status */

export class Chat {
  /** @param {HTMLElement} host @param {string} base address of the gateway */
  constructor(host, base) {
    this.host = host;
    this.base = base;
    /** @type {Map<string, string | true>} messages whose buttons are spent, by payload or by number */
    this.used = new Map();
    /** @type {Set<string>} evidence that the conversation shows */
    this.evidence = new Set();
    /** @type {Map<string, HTMLElement>} bubbles of uploads that it does not show yet */
    this.uploaded = new Map();
    this.seen = 0;
    this.last = 0;
    this.lastOwn = 0;
    this.ahead = 0; // of the business clock, in ms
    /** @type {Set<number>} numbers of messages that nobody has seen */
    this.fresh = new Set();
    /** @type {import("./token.js").Claims | null} */
    this.claims = null;
    /** @type {Connection | null} */
    this.connection = null;
    /** @type {Outbox | null} */
    this.outbox = null;
    /** @type {import("./desk.js").Handover | null} the assistant pauses */
    this.handover = null;
    /** @type {string | null} the language that the conversation is held in */
    this.spokenLocale = null;
    this.words = new Words(this.chooseLocale(), undefined);
    this.replayed = false;
    this.late = false;
    this.pressed = false;
    this.log = new Log(this.words, {
      press: (message, button) => this.press(message, button),
      answer: (message, text) => (this.use(`#${message.seq}`, true), this.say(text)),
      upload: () => this.panel.file.click(),
      picture: (id) => (this.connection ? this.connection.picture(id) : Promise.reject(new Error("signed out"))),
      now: () => new Date(Date.now() + this.ahead),
      spent: (message, group = message.buttons) => group?.map(({ payload }) => this.used.get(payload)).find(Boolean) ?? this.used.get(`#${message.seq}`) ?? (message.pick && this.lastOwn > message.seq ? true : null),
    }, {
      edit: (item) => (this.drop(item), this.compose(item.text)),
      discard: (item) => this.drop(item),
    }, () => this.look());
    this.panel = new Panel(this.log, host.hasAttribute("inline"), {
      say: (text) => this.say(text),
      draft: (text) => this.outbox && ((this.outbox.draft = text), this.outbox.save()),
      upload: (file) => this.upload(file),
      open: () => this.open(),
      close: () => this.close(),
      seen: () => this.look(),
      back: () => (this.say(this.words.say("desk_back")), this.panel.input.focus()),
      download: () => this.download(),
    });
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    document.addEventListener("visibilitychange", () => this.look(), { signal });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint(), { signal });
    this.timer = setInterval(() => this.log.tick(), 20_000);
    this.paint();
    this.retell();
    void this.begin();
  }

  /** The element is taken out of the page. */
  end() {
    this.leaving.abort();
    clearInterval(this.timer);
    this.connection?.end();
    this.connection = null;
    countUnread(this, null, this.words);
  }

  /** Hand over a token: the first one, a newer one, or another person's. Null signs out.
   * @param {string | null} token */
  setToken(token) {
    if (token === null) return this.signOut();
    const claims = claimsOf(token);
    if (!claims) throw new TypeError("setToken: this is no JWT");
    if (this.connection && claims.key === this.claims?.key) {
      this.claims = claims;
      this.connection.renew(token);
      this.retell();
      return;
    }
    const open = this.panel.isOpen;
    if (this.claims) this.leave();
    this.claims = claims;
    this.outbox = new Outbox(claims.key, this.base);
    this.retell();
    this.connection = new Connection(this.base, token, this.outbox, this.events());
    for (const item of this.outbox.items) this.log.wait(item);
    this.panel.setText(this.outbox.draft);
    if (this.outbox.open && !open) this.panel.show(true, false);
  }

  /** Forget the person: nothing of them stays on the screen or in the browser. */
  signOut() {
    this.leave();
    forgetAll(this.base);
    this.panel.show(false, false);
    this.status("signed-out");
  }

  open() {
    this.panel.show(true, true);
    this.remember(true);
    this.look();
    this.emit("lotse-open");
  }

  close() {
    if (!this.panel.isOpen || this.panel.inline) return;
    this.panel.show(false, true);
    this.remember(false);
    this.emit("lotse-close");
  }

  /** Open with a text in the composer, for example about the order on this page. @param {string} text */
  compose(text) {
    this.open();
    this.panel.setText(text);
    this.panel.input.focus();
  }

  /** Ask the page for a first token; again after a while when its address does not answer. */
  async begin() {
    if (this.connection || this.leaving.signal.aborted) return;
    try {
      const token = await askForToken(this.host, "start");
      if (this.connection || this.leaving.signal.aborted) return;
      if (token) this.setToken(token);
      else this.status("signed-out");
    } catch {
      setTimeout(() => this.begin(), 5000);
    }
  }

  leave() {
    this.connection?.end(true);
    this.connection = null;
    this.outbox = null;
    this.claims = null;
    this.spokenLocale = this.handover = null;
    this.replayed = false;
    this.used.clear();
    this.evidence.clear();
    this.uploaded.clear();
    this.fresh.clear();
    this.seen = this.last = this.lastOwn = 0;
    this.log.clear();
    this.panel.setText("");
    this.look();
    this.retell();
  }

  /** @returns {import("./connection.js").Events} events of one person's line; those of an earlier one are never heard */
  events() {
    return {
      message: (message) => this.receive(message),
      state: ({ seen, typing, now }) => {
        this.seen = Math.max(this.seen, seen);
        if (now) this.ahead = now.getTime() - Date.now();
        this.log.setTyping(typing);
        this.look();
      },
      paused: (handover) => {
        if (JSON.stringify(handover) === JSON.stringify(this.handover)) return;
        this.handover = handover;
        this.retell();
      },
      status: (status) => this.status(status),
      sent: (item) => this.log.settleItem(item),
      refused: (item, status) => {
        this.log.refuse(item);
        this.emit("lotse-error", { status });
      },
      busy: (busy) => (busy ? this.panel.notify(this.words.say("slower"), "slower") : this.status(/** @type {Status} */ (this.host.dataset.status))),
      replayed: () => {
        if (this.replayed) return;
        this.replayed = true;
        this.log.speak();
        this.look();
      },
      reset: () => {
        this.log.clear();
        this.fresh.clear();
        this.seen = this.last = this.lastOwn = 0;
      },
      token: async (reason) => {
        const token = await askForToken(this.host, reason);
        const claims = token && claimsOf(token);
        if (!token || !claims) return null;
        if (claims.key === this.claims?.key) return token;
        this.setToken(token); // somebody else signed in meanwhile
        return null;
      },
    };
  }

  /** @param {Message} message */
  receive(message) {
    if (message.author === "person") {
      this.lastOwn = Math.max(this.lastOwn, message.seq);
      if (this.replayed && !this.handover) this.log.setTyping(true); // until the gateway says otherwise, or the answer comes
      // It comes before the gateway has dealt with it; from a replay it brings its own mark.
      if (this.replayed && this.handover && !message.payload) message.handover_id = this.handover.id;
    }
    if (message.evidence_id) {
      this.evidence.add(message.evidence_id);
      this.uploaded.get(message.evidence_id)?.remove();
    }
    if (message.payload) this.used.set(message.payload, message.payload);
    this.last = Math.max(this.last, message.seq);
    if (message.author !== "person") {
      this.fresh.add(message.seq);
      this.log.setTyping(false);
      if (message.locale && message.author === "assistant" && message.seq === this.last) this.spokenLocale = message.locale;
    }
    this.log.add(message);
    this.soon(!!message.payload);
    const { seq, author, kind } = message;
    this.emit("lotse-message", { seq, author, kind: kind ?? null, new: this.replayed });
  }

  /** Catch up with what came in, once for all messages that came together. @param {boolean} spent whether a button was pressed */
  soon(spent) {
    this.pressed ||= spent;
    if (this.late) return;
    this.late = true;
    queueMicrotask(() => {
      if (this.pressed) this.log.refreshSpent();
      this.late = this.pressed = false;
      this.retell();
      this.look();
    });
  }

  /** @param {string} text @param {string} [payload] */
  say(text, payload) {
    if (!this.connection || !this.outbox) return;
    const item = { id: crypto.randomUUID(), text, payload, seen: this.onScreen(), at: new Date().toISOString() };
    this.log.wait(item);
    this.connection.send(item);
    this.welcome();
  }

  /** @param {Message} message @param {{title: string, payload: string}} button */
  press(message, button) {
    this.use(button.payload, button.payload);
    this.say(button.title, button.payload);
  }

  /** @param {string} key @param {string | true} how */
  use(key, how) {
    this.used.set(key, how);
    this.log.refreshSpent();
  }

  /** @param {import("./outbox.js").Item} item */
  drop(item) {
    this.outbox?.remove(item.id);
    this.log.removeItem(item);
  }

  /** @param {File} file */
  upload(file) {
    const { connection } = this;
    if (!connection) return;
    const line = {
      address: connection.at("/v1/chat/evidence"),
      token: () => connection.token,
      renew: () => connection.newToken("refused"),
      announce: (/** @type {string} */ text) => this.panel.announce(text),
      done: (/** @type {string} */ id, /** @type {HTMLElement} */ bubble) => {
        // From here on the conversation itself shows it.
        if (this.evidence.has(id)) bubble.remove();
        else if (id) this.uploaded.set(id, bubble);
      },
    };
    this.log.append(new Upload(file, line, this.words).element);
  }

  /** The conversation as a file. */
  async download() {
    try {
      const file = await this.connection?.transcript();
      if (file) save(file, "lotse.html");
    } catch {
      this.panel.notify(this.words.say("transcript_failed"));
    }
  }

  /** The last number that is on a screen somebody looks at. */
  onScreen() {
    return this.connection?.upto ?? 0;
  }

  /** Count what is unread, and tell the gateway what was seen. */
  look() {
    const looking = this.panel.isOpen && !document.hidden && this.log.follow;
    const upto = this.onScreen();
    if (looking && this.replayed && upto > this.seen) {
      this.seen = upto;
      this.connection?.seen(upto);
    }
    for (const seq of this.fresh) if (seq <= this.seen) this.fresh.delete(seq);
    const count = this.replayed ? this.fresh.size : 0;
    this.panel.newer.hidden = !(this.panel.isOpen && !this.log.follow);
    if (countUnread(this, count, this.words)) this.emit("lotse-unread", { count });
    this.panel.count(count, this.words);
    this.welcome();
  }

  /** @param {Status} status */
  status(status) {
    const before = this.host.dataset.status;
    this.host.dataset.status = status;
    const text = { connecting: "", live: "", offline: "offline", "signed-out": "signed_out" }[status];
    this.panel.notify(text && this.words.say(text), status);
    // Only a slow beginning is worth a word.
    if (status === "connecting") setTimeout(() => this.host.dataset.status === status && this.panel.notify(this.words.say("connecting"), status), 1500);
    if (status === "live" && before === "offline") this.panel.announce(this.words.say("online"));
    this.panel.form.inert = status === "signed-out" && !this.connection;
    if (status !== "live") this.log.setTyping(false);
    this.welcome();
    if (status !== before) this.emit("lotse-status", { status });
  }

  /** A first word, while the person has said nothing yet. */
  welcome() {
    const nothing = this.claims && this.replayed && !this.lastOwn && !this.log.items.size && !this.log.sent.size;
    this.log.welcome.hidden = !nothing;
    if (nothing) welcome(this.log.welcome, this.claims?.role, this.words, (text) => (this.panel.input.focus(), this.say(text)));
  }

  chooseLocale() {
    const usual = this.claims?.role === "seller" ? "de-formal" : "de";
    return localeOf(this.host.getAttribute("locale")) ?? localeOf(this.spokenLocale) ?? localeOf(this.claims?.locale) ?? (this.claims ? usual : (localeOf(document.documentElement.lang) ?? usual));
  }

  retell() {
    const locale = this.chooseLocale();
    if (locale !== this.words.locale || this.claims?.zone !== this.zone) {
      this.zone = this.claims?.zone;
      this.words = new Words(locale, this.zone);
    }
    this.log.translate(this.words);
    this.panel.translate(this.words, this.host.getAttribute("heading"), this.handover);
    this.panel.menu.element.hidden = !this.claims;
    const evidence = this.host.getAttribute("evidence");
    this.panel.clip.hidden = evidence === "off" || !(evidence === "on" || this.claims?.role === "seller");
    if (this.host.dataset.status) this.status(/** @type {Status} */ (this.host.dataset.status));
    this.welcome();
  }

  paint() {
    const wish = this.host.getAttribute("theme");
    const dark = wish === "dark" || (wish !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    this.panel.panel.classList.toggle("dark", dark);
    this.panel.launcher.classList.toggle("dark", dark);
  }

  /** @param {boolean} open */
  remember(open) {
    if (!this.outbox) return;
    this.outbox.open = open;
    this.outbox.save();
  }

  /** @param {string} name @param {Record<string, unknown>} [detail] */
  emit(name, detail = {}) {
    this.host.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

