// @ts-check
/** The line to the gateway, for one person: everything new in order, and each unsent message until it is stored.
 *
 * New messages come over a WebSocket; where none can be kept, by long polling. Both ask for what follows the last
 * number without a gap, so whatever an interruption swallowed is replayed. Messages are posted one after the other.
 */

import { Refused, call, fetched } from "./http.js";
import { forgetAll } from "./outbox.js";

/** @typedef {import("./outbox.js").Item} Item */
/** @typedef {import("./outbox.js").Outbox} Outbox */
/** @typedef {"connecting" | "live" | "offline" | "signed-out"} Status */

/**
 * @typedef {object} Message a message as in the gateway's API
 * @property {string} id @property {number} seq @property {"person" | "assistant" | "notice" | "agent"} author
 * @property {string} text @property {{title: string, payload: string}[]} buttons @property {string} at
 * @property {string | null} in_reply_to @property {string} [payload] @property {string} [kind] @property {string} [locale]
 * @property {string} [evidence_id] an image of the person's own
 * @property {{name: string}} [agent] who of the support desk wrote it @property {string} [handover_id] it belongs to a handover
 * @property {{id: string, first_button: number}} [feedback] from this button on they are thumbs
 * @property {unknown} [rich] @property {unknown} [pick] @property {unknown} [upload]
 */

/**
 * @typedef {object} Events
 * @property {(message: Message) => void} message each number once
 * @property {(state: {seen: number, typing: boolean, now: Date | null}) => void} state
 * @property {(handover: import("./desk.js").Handover | null) => void} paused the assistant pauses, or no longer
 * @property {(status: Status) => void} status
 * @property {(item: Item) => void} sent stored by the gateway
 * @property {(item: Item, status: number) => void} refused for good
 * @property {(busy: boolean) => void} busy the gateway wants a pause before the next message, or takes messages again
 * @property {() => void} replayed everything up to now was delivered
 * @property {() => void} reset the conversation is another one than it was: forget what was shown
 * @property {(reason: "renew" | "refused") => Promise<string | null>} token
 */

const PAGE = 200;
const SILENCE = 45_000; // the gateway says something every 20 s at least
const LONGEST_PAUSE = 10_000;
const POST_WITHIN = 20_000;

export class Connection {
  /** @param {string} base @param {string} token @param {Outbox} outbox @param {Events} events */
  constructor(base, token, outbox, events) {
    this.base = base;
    this.token = token;
    this.outbox = outbox;
    this.events = events;
    this.upto = 0; // all messages up to this number are here
    this.greeted = 0; // this number when the socket opened, until the gateway has answered
    /** @type {Set<number>} numbers beyond a gap */
    this.beyond = new Set();
    /** @type {Set<string>} client ids that the gateway has stored */
    this.stored = new Set();
    this.ended = new AbortController();
    /** @type {WebSocket | null} */
    this.socket = null;
    this.failures = 0;
    this.sending = false;
    this.busy = false;
    /** @type {Status | null} */
    this.status = null;
    /** @type {(() => void) | null} ends the pause between two tries */
    this.wake = null;
    /** @type {((id: string) => void) | undefined} */
    this.confirmed = undefined;
    /** @type {Promise<string | null> | undefined} */
    this.asking = undefined;
    const { signal } = this.ended;
    const hurry = () => this.hurry();
    addEventListener("online", hurry, { signal });
    addEventListener("offline", () => this.socket?.close(), { signal });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && hurry(), { signal });
    this.tell("connecting");
    void this.run();
    void this.flush();
  }

  /** End for good. With `forget`, nothing stays in the browser. @param {boolean} [forget] */
  end(forget = false) {
    this.ended.abort();
    this.socket?.close();
    this.wake?.();
    if (forget) {
      this.outbox.forget();
      forgetAll(this.base);
    }
  }

  get over() {
    return this.ended.signal.aborted;
  }

  /** A newer token of the same person. @param {string} token */
  renew(token) {
    this.token = token;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: "token", token }));
    else this.hurry();
    void this.flush();
  }

  /** @param {Item} item */
  send(item) {
    this.outbox.add(item);
    void this.flush();
    this.hurry();
  }

  /** Tell all devices what is on the screen. @param {number} seq */
  seen(seq) {
    this.request("POST", "/v1/chat/seen", { seq }).catch(() => undefined);
  }

  /** Do not wait any longer for the next try. */
  hurry() {
    this.wake?.();
  }

  /** @param {Status} status */
  tell(status) {
    if (status === this.status || this.over) return;
    this.status = status;
    this.events.status(status);
  }

  /** @param {number} milliseconds */
  pause(milliseconds) {
    return new Promise((resolve) => {
      const done = () => (clearTimeout(timer), (this.wake = null), resolve(undefined));
      const timer = setTimeout(done, milliseconds);
      this.wake = done;
    });
  }

  /** Keep a line open, one way or the other. */
  async run() {
    let deaf = 0; // sockets in a row that never opened
    let heard = false; // whether they open here at all: then it was the gateway that was away, and one is tried again at once
    while (!this.over) {
      const polled = deaf >= 2;
      const spoke = polled ? await this.poll(heard ? 1 : 4) : await this.listen();
      if (this.over) return;
      if (spoke) heard = !polled;
      if (polled && !spoke && this.status !== "signed-out") this.tell("offline");
      deaf = polled ? 1 : spoke ? 0 : deaf + 1;
      const pause = Math.min(LONGEST_PAUSE, 400 * 2 ** this.failures) * (0.5 + Math.random() / 2);
      this.failures = Math.min(this.failures + 1, 6);
      await this.pause(this.status === "signed-out" ? 60_000 : pause);
    }
  }

  /** One WebSocket, from its opening to its end. @returns {Promise<boolean>} whether the gateway spoke */
  listen() {
    return new Promise((resolve) => {
      let spoke = false;
      const socket = new WebSocket(this.at("/v1/chat/live").replace(/^http/, "ws"));
      this.socket = socket;
      let silence = setTimeout(() => socket.close(), 10_000);
      socket.onopen = () => {
        this.greeted = this.upto;
        socket.send(JSON.stringify({ type: "hello", token: this.token, after: this.upto }));
      };
      socket.onmessage = (event) => {
        if (this.over) return;
        spoke = true;
        clearTimeout(silence);
        silence = setTimeout(() => socket.close(), SILENCE);
        this.frame(JSON.parse(event.data));
      };
      socket.onclose = async (event) => {
        clearTimeout(silence);
        this.socket = null;
        this.events.state({ seen: 0, typing: false, now: null }); // nobody tells of its end any more
        if (event.code === 4401 && !this.over) await this.newToken("refused");
        resolve(spoke || event.code === 4401);
      };
    });
  }

  /** @param {any} frame */
  frame(frame) {
    if (frame.type === "messages") this.take(frame.messages);
    else if (frame.type === "renew") void this.newToken("renew");
    else if (frame.type === "state") {
      // Later ones may be older than an answer that came by another way.
      if (frame.last < this.greeted) return this.restart();
      this.greeted = 0;
      this.failures = 0;
      this.tell("live");
      this.events.paused(frame.handover ?? null);
      this.events.state({ seen: frame.seen, typing: frame.typing, now: frame.now ? new Date(frame.now) : null });
      this.events.replayed();
      void this.flush();
    }
  }

  /**
   * Long polling, for about a minute with four rounds, not at all with one. What is seen elsewhere comes by a socket only.
   * @param {number} rounds @returns {Promise<boolean>} whether the gateway spoke
   */
  async poll(rounds) {
    for (let round = 0, wait = 0; round < rounds && !this.over; round++) {
      try {
        const page = await this.request("GET", `/v1/chat/messages?after=${this.upto}&limit=${PAGE}&wait=${wait}`);
        this.take(page.messages);
        this.events.paused(page.handover ?? null);
        this.failures = 0;
        this.tell("live");
        if (page.messages.length < PAGE) this.events.replayed();
        wait = page.messages.length < PAGE ? 25 : 0;
        void this.flush();
      } catch (error) {
        if (error instanceof Refused && error.status === 401) await this.newToken("refused");
        return false;
      }
    }
    return true;
  }

  /** @param {Message[]} messages */
  take(messages) {
    for (const message of messages) {
      if (message.author === "person") {
        this.stored.add(message.id);
        const item = this.outbox.items.find(({ id }) => id === message.id);
        if (item) this.settle(item);
      }
      if (message.seq <= this.upto || this.beyond.has(message.seq)) continue;
      this.beyond.add(message.seq);
      while (this.beyond.delete(this.upto + 1)) this.upto++;
      this.events.message(message);
    }
  }

  /** The gateway's conversation is behind ours: it is a new one. */
  restart() {
    this.upto = 0;
    this.beyond.clear();
    this.events.reset();
    this.socket?.close();
  }

  /** @param {Item} item */
  settle(item) {
    this.slower(false);
    this.outbox.remove(item.id);
    this.events.sent(item);
    this.confirmed?.(item.id);
    this.hurry(); // the gateway is there: no need to wait for the next try
  }

  /** Post what waits, the next one when the one before is stored. */
  async flush() {
    if (this.sending) return;
    this.sending = true;
    try {
      for (let item = this.outbox.next(); item && !this.over; item = this.outbox.next()) {
        if (!(await this.post(item))) break;
      }
    } finally {
      this.sending = false;
    }
  }

  /** @param {Item} item @returns {Promise<boolean>} whether it was dealt with; else the line is down */
  async post(item) {
    const body = { id: item.id, last_seen_seq: item.seen, ...(item.payload ? { payload: item.payload } : { text: item.text }) };
    const answer = this.request("POST", "/v1/chat/messages", body, POST_WITHIN).then((page) => {
      if (!this.over) this.take(page.messages);
    });
    // Its echo on the line is as good as the answer, and comes sooner.
    const echo = new Promise((resolve) => (this.confirmed = (/** @type {string} */ id) => id === item.id && resolve(undefined)));
    try {
      await Promise.race([answer, echo]);
      answer.catch(() => undefined);
      if (!this.over && this.outbox.items.includes(item)) this.settle(item);
      return true;
    } catch (error) {
      if (this.over) return false;
      if (error instanceof Refused && error.status === 401) return this.newToken("refused");
      if (error instanceof Refused && error.final) {
        item.failed = true;
        this.outbox.save();
        this.events.refused(item, error.status);
        return true;
      }
      this.slower(error instanceof Refused && error.status === 429);
      setTimeout(() => this.flush(), error instanceof Refused ? error.after : 1500);
      if (!(error instanceof Refused)) this.socket?.close(); // whatever it looks like, the line is down
      return false;
    }
  }

  /** @param {boolean} busy */
  slower(busy) {
    if (busy === this.busy) return;
    this.busy = busy;
    this.events.busy(busy);
  }

  /** @param {"renew" | "refused"} reason @returns {Promise<boolean>} */
  async newToken(reason) {
    const old = this.token;
    this.asking ??= this.events.token(reason).catch(() => old).finally(() => (this.asking = undefined));
    const token = await this.asking;
    if (this.over) return false;
    if (token && token !== old) this.renew(token);
    else if (reason === "refused" && this.token === old) this.tell("signed-out");
    return this.token !== old;
  }

  /** @param {string} path */
  at(path) {
    return this.base + path;
  }

  /** An image of the person's own. @param {string} id @returns {Promise<Blob>} */
  async picture(id) {
    const address = this.at(`/v1/evidence/${encodeURIComponent(id)}`);
    return (await fetched(address, { method: "GET", token: this.token, ended: this.ended.signal })).blob();
  }

  /** The conversation as a file. @returns {Promise<Blob>} */
  async transcript() {
    return (await fetched(this.at("/v1/chat/transcript?format=html"), { method: "GET", token: this.token, ended: this.ended.signal })).blob();
  }

  /** @param {string} method @param {string} path @param {object} [body] @param {number} [within] ms @returns {Promise<any>} */
  request(method, path, body, within) {
    return call(this.at(path), { method, token: this.token, body, within, ended: this.ended.signal });
  }
}
