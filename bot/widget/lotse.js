// @ts-check
/** `<lotse-chat>`: the support widget. Attributes, events and custom properties are described in docs/embedding.md. */

import { Chat } from "./chat.js";
import STYLES from "./styles.js";

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLES);
let origin = new URL(import.meta.url).origin;

export class Lotse extends HTMLElement {
  static observedAttributes = ["locale", "theme", "heading", "evidence"];

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    /** @type {Chat | null} */
    this.chat = null;
    /** @type {string | null | undefined} handed over before the element was in the page */
    this.early = undefined;
  }

  connectedCallback() {
    const base = new URL(this.getAttribute("src") ?? origin, location.href).href.replace(/\/$/, "");
    const chat = (this.chat = new Chat(this, base));
    const { panel } = chat;
    this.shadowRoot?.replaceChildren(...(panel.inline ? [] : [panel.launcher]), panel.panel);
    if (this.early) chat.setToken(this.early);
    if (this.hasAttribute("open")) panel.show(true, false);
  }

  disconnectedCallback() {
    this.chat?.end();
    this.chat = null;
  }

  attributeChangedCallback() {
    this.chat?.paint();
    this.chat?.retell();
  }

  /** Hand over a token: the first one, a newer one, or another person's. Null signs out.
   * @param {string | null} token */
  setToken(token) {
    if (this.chat) this.chat.setToken(token);
    else this.early = token;
  }

  /** Forget the person: nothing of them stays on the screen or in the browser. */
  signOut() {
    this.setToken(null);
  }

  open() {
    this.chat?.open();
  }

  close() {
    this.chat?.close();
  }

  /** Open with a text in the composer, for example about the order on this page. @param {string} text */
  compose(text) {
    this.chat?.compose(text);
  }
}

/** Define the element, and put one into a page that has none. @param {string} entry address of the embedded script */
export function boot(entry) {
  origin = new URL(entry).origin;
  if (!customElements.get("lotse-chat")) customElements.define("lotse-chat", Lotse);
  const script = [...document.scripts].find(({ src }) => src === entry);
  if (!script || script.hasAttribute("data-manual") || document.querySelector("lotse-chat")) return;
  const element = document.createElement("lotse-chat");
  for (const { name, value } of script.attributes) if (name.startsWith("data-")) element.setAttribute(name.slice(5), value);
  const add = () => document.body.append(element);
  if (document.body) add();
  else addEventListener("DOMContentLoaded", add, { once: true });
}
