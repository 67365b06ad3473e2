// @ts-check
/** The operator's page: what is open by its deadline, what was refused, what was hardly understood, what waits.
 *
 * It reads and changes nothing. The key stays in this tab (sessionStorage) and goes to the gateway alone.
 */

import texts from "./texts.js";
import { element, instant, section, span, table, tile } from "./tables.js";

const KEY = "lotse-ops-key";
const EVERY = 30_000;

/** @template {HTMLElement} T @param {string} id @returns {T} */
const byId = (id) => /** @type {T} */ (document.getElementById(id));
const board = byId("board");
const form = /** @type {HTMLFormElement} */ (byId("sign-in"));
const input = /** @type {HTMLInputElement} */ (byId("key"));
const chooser = /** @type {HTMLSelectElement} */ (byId("language"));
let language = navigator.language.startsWith("de") ? "de" : "en";
/** @type {any} */
let shown = null;
let timer = 0;

/** @type {import("./tables.js").Say} */
function say(name, values = {}) {
  const text = texts[language][name] ?? name;
  return text.replace(/\{(\w+)\}/g, (/** @type {string} */ all, /** @type {string} */ key) => String(values[key] ?? all));
}

/** A word of the API in the reader's language, as it is where there is none. @param {string} group @param {string} word */
const word = (group, word) => texts[language][`${group}_${word}`] ?? word;

class Refused extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** @param {string} path @returns {Promise<any>} */
async function get(path) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ""}` };
  const response = await fetch(path, { headers, credentials: "omit", cache: "no-store" });
  if (!response.ok) throw new Refused(response.status);
  return response.json();
}

async function load() {
  clearTimeout(timer);
  try {
    const [overview, review] = await Promise.all([get("/v1/ops/overview"), get("/v1/ops/messages?limit=20").catch(missing)]);
    shown = { overview, review, at: new Date() };
    show();
  } catch (error) {
    const status = error instanceof Refused ? error.status : 0;
    if (status === 401) return leave("wrong_key");
    byId("said").textContent = say(status === 429 ? "too_often" : "no_answer");
  }
  if (byId("auto").matches(":checked")) timer = setTimeout(load, EVERY);
}

/** A gateway without that list. @param {unknown} error */
function missing(error) {
  if (error instanceof Refused && error.status === 404) return null;
  throw error;
}

/** @param {string} [why] */
function leave(why) {
  clearTimeout(timer);
  sessionStorage.removeItem(KEY);
  shown = null;
  board.replaceChildren();
  signedIn(false);
  byId("said").textContent = why ? say(why) : "";
  input.focus();
}

/** @param {boolean} is */
function signedIn(is) {
  form.hidden = is;
  board.hidden = !is;
  for (const id of ["refresh", "leave", "auto-label"]) byId(id).hidden = !is;
}

function show() {
  const { overview, review, at } = shown;
  const refresh = document.activeElement;
  signedIn(true);
  board.replaceChildren(
    parts(overview), backlog(overview), disputes(overview), appeals(overview), refusals(overview), ...(review ? [messages(review)] : []),
  );
  if (refresh === input) byId("refresh").focus();
  const time = at.toLocaleTimeString(language === "en" ? "en-GB" : "de-DE");
  byId("said").textContent = say("as_of", { time });
}

/** @param {any} overview */
function parts({ parts }) {
  const down = parts.filter((/** @type {any} */ part) => !part.ok);
  const lines = parts.map((/** @type {any} */ part) =>
    element("li", part.ok ? {} : { class: "warns" }, element("strong", {}, part.name), ` ${part.ok ? say("ok") : part.detail}`),
  );
  return section(down.length ? say("not_ready", { count: down.length }) : say("ready"), element("ul", { class: "parts" }, ...lines));
}

/** @param {any} overview */
function backlog({ outbox, messages, webhooks, sweeper_lag_seconds: lag }) {
  /** @param {any} one */
  const more = (one) => (one.waiting ? say("oldest", { span: span(one.oldest_seconds, say) }) : "") + (one.failing ? `, ${say("failing", { count: one.failing })}` : "");
  const since = webhooks.oldest_at ? (Date.now() - Date.parse(webhooks.oldest_at)) / 1000 : 0;
  const hooks = { ...webhooks, oldest_seconds: Math.max(0, since) };
  const disabled = webhooks.disabled ? `, ${say("disabled", { count: webhooks.disabled })}` : "";
  return section(say("waiting"), element("dl", { class: "tiles" },
    tile(say("outbox"), outbox.waiting, more(outbox), outbox.failing > 0 || outbox.oldest_seconds > 60),
    tile(say("pending"), messages.waiting, more(messages), messages.oldest_seconds > 60),
    tile(say("webhooks"), webhooks.waiting, `${say("receivers", { count: webhooks.endpoints })}${disabled}${webhooks.waiting ? `, ${more(hooks)}` : ""}`, webhooks.disabled > 0 || webhooks.failing > 0),
    tile(say("sweeper"), span(lag, say), lag > 60 ? say("late") : "", lag > 60),
  ));
}

/** When, how long that is from now, and whether it is over. @param {string | null} due @param {string} at */
function deadline(due, at) {
  if (!due) return { cells: ["–", say("no_deadline")], warns: false };
  const left = (Date.parse(due) - Date.parse(at)) / 1000;
  const words = left < 0 ? say("overdue", { span: span(left, say) }) : say("left", { span: span(left, say) });
  return { cells: [instant(due, language), words], warns: left < 86_400 };
}

/** @param {any} overview */
function disputes({ disputes, open_disputes: open, at }) {
  const rows = disputes.map((/** @type {any} */ one) => {
    const { cells, warns } = deadline(one.due_at, at);
    return { cells: [one.order_id, word("kind", one.kind), word("role", one.filed_by), instant(one.opened_at, language), ...cells], warns };
  });
  const head = ["order", "kind", "filed_by", "opened", "due", "time_left"].map((name) => say(name));
  return section(`${say("disputes")} (${open})`, table(head, rows, say("none_open")));
}

/** @param {any} overview */
function appeals({ appeals, open_appeals: open, at }) {
  const rows = appeals.map((/** @type {any} */ one) => {
    const { cells, warns } = deadline(one.closes_at, at);
    return { cells: [one.id, one.subject_id, one.type, instant(one.filed_at, language), ...cells], warns };
  });
  const head = ["appeal", "subject", "type", "filed", "lapses", "time_left"].map((name) => say(name));
  return section(`${say("appeals")} (${open})`, table(head, rows, say("none_open")));
}

/** @param {any} overview */
function refusals({ refusals, refusals_since: since }) {
  const rows = refusals.map((/** @type {any} */ one) => ({ cells: [one.rule, one.code, one.command, one.count, instant(one.last_at, language), one.last_subject ?? "–"] }));
  const head = ["rule", "code", "command", "count", "last", "last_subject"].map((name) => say(name));
  return section(say("refusals"), element("p", { class: "hint" }, say("since"), " ", instant(since, language)), table(head, rows, say("none_refused")));
}

/** @param {any} review */
function messages({ messages }) {
  const rows = messages.map((/** @type {any} */ one) => ({
    cells: [element("span", { class: "words" }, one.text), one.language ?? "–", one.intent, `${Math.round(one.confidence * 100)} %`, word("status", one.status), one.chosen ?? "–", instant(one.at, language)],
  }));
  const head = ["message", "spoken", "intent", "confidence", "outcome", "chosen", "said_at"].map((name) => say(name));
  return section(say("understood"), element("p", { class: "hint" }, say("understood_hint")), table(head, rows, say("none_understood")));
}

function speak() {
  document.documentElement.lang = language;
  document.title = say("title");
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = say(one.getAttribute("data-text") ?? "");
  if (shown) show();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, input.value.trim());
  input.value = "";
  void load();
});
byId("refresh").addEventListener("click", () => load());
byId("leave").addEventListener("click", () => leave());
byId("auto").addEventListener("change", () => (byId("auto").matches(":checked") ? load() : clearTimeout(timer)));
chooser.value = language;
chooser.addEventListener("change", () => {
  language = chooser.value;
  speak();
});
speak();
if (sessionStorage.getItem(KEY)) void load();
else input.focus();
