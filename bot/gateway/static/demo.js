"use strict";

const POLL = 1500;

/** One side of the conversation. Messages are shown in the order of their numbers, each number once. */
class Pane {
  constructor(element) {
    this.element = element;
    this.list = element.querySelector(".messages");
    this.area = element.querySelector("textarea");
    this.state = element.querySelector(".state");
    this.shown = new Map();
    this.after = 0;
    this.token = null;
    this.queue = Promise.resolve();
    element.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); this.type(); });
    this.area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); this.type(); }
    });
    element.querySelector("select").addEventListener("change", () => { this.token = null; });
  }

  async authorization() {
    if (!this.token) {
      const { role, sub } = this.element.dataset;
      const locale = this.element.querySelector("select").value || null;
      const response = await fetch("/demo/token", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ role, sub, locale }),
      });
      this.token = (await response.json()).token;
    }
    return { Authorization: `Bearer ${this.token}` };
  }

  type() {
    const text = this.area.value.trim();
    if (!text) return;
    this.area.value = "";
    this.send({ text });
  }

  send(content) {
    const seen = Math.max(0, ...this.shown.keys());
    const body = JSON.stringify({ id: crypto.randomUUID(), last_seen_seq: seen, ...content });
    this.queue = this.queue.then(() => this.post(body));
  }

  async post(body) {
    this.state.textContent = "Lotse schreibt …";
    for (;;) {
      try {
        const response = await fetch("/v1/chat/messages", {
          method: "POST", headers: { "Content-Type": "application/json", ...(await this.authorization()) }, body,
        });
        if (response.status === 503) throw new Error("unavailable");
        const answer = await response.json();
        this.state.textContent = response.ok
          ? (answer.status === "pending" ? "Die Antwort kommt, sobald es weitergeht." : "")
          : `Nicht angenommen: ${answer.detail}`;
        break;
      } catch {
        this.state.textContent = "Gerade nicht erreichbar. Deine Nachricht wird gleich noch einmal gesendet …";
        await new Promise((resolve) => setTimeout(resolve, 3000));
      }
    }
    await this.fetch();
  }

  async fetch() {
    try {
      for (;;) {
        const response = await fetch(`/v1/chat/messages?after=${this.after}&limit=100`, { headers: await this.authorization() });
        if (!response.ok) return;
        const page = await response.json();
        page.messages.forEach((message) => this.show(message));
        this.after = Math.max(this.after, page.next);
        if (page.messages.length < 100) return;
      }
    } catch { /* the next poll tries again */ }
  }

  show(message) {
    if (this.shown.has(message.seq)) return;
    const item = document.createElement("li");
    item.className = message.author;
    item.append(document.createTextNode(message.text));
    if (message.buttons.length) {
      const row = document.createElement("div");
      row.className = "buttons";
      for (const { title, payload } of message.buttons) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = title;
        button.addEventListener("click", () => this.send({ payload }));
        row.append(button);
      }
      item.append(row);
    }
    const time = document.createElement("time");
    time.dateTime = message.at;
    time.textContent = new Date(message.at).toLocaleTimeString("de", { hour: "2-digit", minute: "2-digit" });
    item.append(time);
    this.shown.set(message.seq, item);
    const later = [...this.shown.keys()].filter((seq) => seq > message.seq).sort((a, b) => a - b)[0];
    this.list.insertBefore(item, later === undefined ? null : this.shown.get(later));
    item.scrollIntoView({ block: "nearest" });
  }
}

for (const element of document.querySelectorAll(".pane")) {
  const pane = new Pane(element);
  (async () => { for (;;) { await pane.fetch(); await new Promise((resolve) => setTimeout(resolve, POLL)); } })();
}
