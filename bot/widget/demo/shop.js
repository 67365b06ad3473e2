// @ts-check
/** The order page of a shop that has embedded the widget with one line. */

const format = new Intl.DateTimeFormat("de-DE", { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZone: "Europe/Berlin" });
const STATES = /** @type {Record<string, string>} */ ({ active: "läuft", delivered: "geliefert", completed: "abgeschlossen", cancelled: "storniert" });

async function show() {
  const { orders } = await (await fetch("/demo/state")).json();
  const [order] = orders;
  if (!order) return;
  const facts = [["Auftrag", order.id], ["Anbieter", "Studio Nordlicht"], ["Zustand", STATES[order.state] ?? order.state], ["Lieferung bis", order.due_at ? format.format(new Date(order.due_at)) : "offen"]];
  document.querySelector("#title")?.replaceChildren(order.title);
  document.querySelector("#facts")?.replaceChildren(...facts.flatMap(([name, value]) => [["dt", name], ["dd", value]].map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text }))));
  const ask = /** @type {HTMLButtonElement} */ (document.querySelector("#ask"));
  ask.onclick = () => /** @type {any} */ (document.querySelector("lotse-chat")).compose(`Es geht um ${order.title} (${order.id}): `);
}

document.addEventListener("lotse-message", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.new) void show();
});
void show();
