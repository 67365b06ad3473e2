// @ts-check
/** The page around the two widgets: situations, the clock, and the orders as the marketplace has them. */

const HINTS = /** @type {Record<string, {customer: string, seller: string}>} */ ({
  overdue: { customer: "Mein Logo ist seit zwei Tagen überfällig, ich will stornieren", seller: "Ich brauche drei Tage länger" },
  late: { customer: "Ab wann darf ich ohne Zustimmung stornieren?", seller: "Ich brauche drei Tage länger" },
  running: { customer: "Wie weit ist mein Auftrag?", seller: "Ich brauche mehr Zeit" },
  update_asked: { customer: "Was, wenn der Verkäufer nicht antwortet?", seller: "Sag der Kundin, der Schnitt ist morgen fertig" },
  extension_asked: { customer: "Einverstanden mit dem neuen Termin", seller: "Ich ziehe meine Anfrage zurück" },
  cancel_asked: { customer: "Nein, ich lehne die Stornierung ab", seller: "Was ist bei mir gerade offen?" },
  delivered: { customer: "Kann ich noch ohne Zustimmung stornieren?", seller: "Was ist bei mir gerade offen?" },
  infractions: { customer: "Ich will Widerspruch einlegen", seller: "Welche Verstöße kann ich noch anfechten?" },
  all: { customer: "Was ist bei mir gerade offen?", seller: "Ich brauche mehr Zeit" },
});
const STATES = /** @type {Record<string, string>} */ ({ active: "läuft", delivered: "geliefert", completed: "abgeschlossen", cancelled: "storniert" });
const OPEN = /** @type {Record<string, string>} */ ({ update: "Update angefragt", cancellation: "Stornierung angefragt", extension: "Verlängerung angefragt" });

/** @typedef {{id: string, title: string, state: string, due_at: string | null, open: string | null}} Order */
/** @typedef {{now: string, frozen: boolean, orders: Order[]}} State */

/** @template {HTMLElement} T @param {string} id @returns {T} */
const byId = (id) => /** @type {T} */ (document.getElementById(id));
const format = new Intl.DateTimeFormat("de-DE", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: "Europe/Berlin" });
const scenario = /** @type {HTMLSelectElement} */ (byId("scenario"));
let ahead = 0;
let frozen = false;

/** @param {string} path @param {object} [body] @returns {Promise<State>} */
async function call(path, body) {
  const response = await fetch(path, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** @param {State} state */
function show(state) {
  ahead = new Date(state.now).getTime() - Date.now();
  frozen = state.frozen;
  byId("reset").hidden = !frozen;
  tick();
  byId("orders").replaceChildren(...state.orders.map((order) => {
    const item = document.createElement("li");
    item.dataset.state = order.state;
    const line = (/** @type {string} */ name, /** @type {string} */ text) => {
      const element = document.createElement(name);
      element.textContent = text;
      item.append(element);
    };
    line("strong", order.title);
    line("span", `${order.id} · ${STATES[order.state] ?? order.state}`);
    if (order.due_at) line("span", `Lieferung ${format.format(new Date(order.due_at))}`);
    if (order.open) line("em", OPEN[order.open] ?? order.open);
    return item;
  }));
}

function tick() {
  byId("clock").textContent = `${format.format(new Date(Date.now() + ahead))}${frozen ? " (gestellt)" : ""}`;
}

/** @param {string} said @param {() => Promise<State>} work */
async function act(said, work) {
  try {
    show(await work());
    byId("state").textContent = said;
  } catch {
    byId("state").textContent = "Das hat nicht geklappt. Läuft Lotse noch?";
  }
}

function hint() {
  for (const button of document.querySelectorAll("[data-try]")) {
    const side = /** @type {"customer" | "seller"} */ (button.getAttribute("data-try"));
    button.textContent = HINTS[scenario.value][side];
  }
}

byId("set-up").addEventListener("click", () => {
  hint();
  const more = ["infractions", "all"].includes(scenario.value) ? "" : " Frühere Aufträge der Demo sind abgeschlossen.";
  void act(`Eingerichtet.${more}`, () => call("/demo/scenario", { name: scenario.value }));
});
for (const button of document.querySelectorAll("[data-hours]")) {
  const hours = Number(button.getAttribute("data-hours"));
  button.addEventListener("click", () => act(`Die Uhr steht ${hours} Stunden später. Fristen, die seitdem abgelaufen sind, sind verarbeitet.`, () => call("/demo/clock", { hours })));
}
byId("reset").addEventListener("click", () => act("Die Uhr läuft wieder mit der echten Zeit.", () => call("/demo/clock", {})));
byId("theme").addEventListener("change", (event) => {
  const theme = /** @type {HTMLSelectElement} */ (event.target).value;
  document.documentElement.dataset.theme = theme;
  for (const chat of document.querySelectorAll("lotse-chat")) chat.setAttribute("theme", theme);
});
for (const button of document.querySelectorAll("[data-try]")) {
  button.addEventListener("click", () => /** @type {any} */ (byId(button.getAttribute("data-try") ?? "")).compose(button.textContent));
}
for (const select of document.querySelectorAll("[data-locale-of]")) {
  const chat = byId(select.getAttribute("data-locale-of") ?? "");
  const address = chat.getAttribute("token-url") ?? "";
  select.addEventListener("change", async () => {
    const locale = /** @type {HTMLSelectElement} */ (select).value;
    chat.setAttribute("token-url", locale ? `${address}&locale=${locale}` : address);
    if (locale) chat.setAttribute("locale", locale);
    else chat.removeAttribute("locale");
    const { token } = await (await fetch(chat.getAttribute("token-url") ?? "")).json();
    /** @type {any} */ (chat).setToken(token);
  });
}
// What happens in the chats changes the orders.
document.addEventListener("lotse-message", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.new) refresh();
});
const refresh = () => call("/demo/state").then(show).catch(() => undefined);
hint();
void refresh();
setInterval(tick, 10_000);
