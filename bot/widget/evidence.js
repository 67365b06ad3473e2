// @ts-check
/** An image on its way to the gateway: checked here for kind and size, shown, sent with progress, sent again on request. */

import { clean, h } from "./message.js";
import { draw } from "./picture.js";

/** @typedef {import("./words.js").Words} Words */

/**
 * @typedef {object} Line
 * @property {string} address @property {() => string} token @property {() => Promise<boolean>} renew a newer token is there
 * @property {(text: string) => void} announce
 * @property {(id: string, bubble: HTMLElement) => void} done the gateway has it under this id
 */

export const KINDS = ["image/png", "image/jpeg", "image/webp"];
export const MOST = 10 * 2 ** 20;

/** The first image among what was pasted or dropped. @param {DataTransfer | null} data @returns {File | null} */
export function fileIn(data) {
  return [...(data?.files ?? [])][0] ?? null;
}

/** One upload with its bubble. */
export class Upload {
  /** @param {File} file @param {Line} line @param {Words} words */
  constructor(file, line, words) {
    this.file = file;
    this.line = line;
    this.words = words;
    /** @type {XMLHttpRequest | null} */
    this.call = null;
    this.bar = h("progress", { max: "1", value: "0", "aria-label": words.say("evidence") });
    this.state = h("span", { class: "upload-state" });
    this.again = h("button", { type: "button" }, words.say("retry"));
    this.away = h("button", { type: "button" }, words.say("cancel"));
    this.again.addEventListener("click", () => this.start());
    this.away.addEventListener("click", () => this.stop());
    const canvas = h("canvas", { class: "preview", role: "img", "aria-label": clean(file.name), hidden: true });
    const name = h("p", { class: "file", dir: "auto" }, clean(file.name), " ", h("span", {}, words.size(file.size)));
    const actions = h("div", { class: "item-actions" }, this.again, this.away);
    this.element = h("div", { class: "message person upload" }, h("span", { class: "hidden" }, `${words.say("by_person")}: `), h("div", { class: "bubble" }, canvas, name, this.bar, this.state), actions);
    if (KINDS.includes(file.type) && file.size <= MOST) void draw(file, canvas);
    const wrong = !KINDS.includes(file.type) ? words.say("upload_type") : file.size > MOST ? words.say("upload_large", { size: words.size(MOST) }) : "";
    if (wrong) this.fail(wrong, false);
    else this.start();
  }

  start(renewed = false) {
    const call = (this.call = new XMLHttpRequest());
    this.show("uploading", this.words.say("uploading", { percent: this.words.percent(0) }));
    call.upload.onprogress = ({ loaded, total }) => {
      const share = total ? loaded / total : 0;
      this.bar.value = share;
      this.state.textContent = this.words.say("uploading", { percent: this.words.percent(share) });
    };
    call.onload = async () => {
      if (call.status >= 200 && call.status < 300) this.succeed();
      else if (call.status === 401 && !renewed && (await this.line.renew())) this.start(true);
      else if (call.status === 409 && this.answer().code === "no_appeal_open") this.fail(this.words.say("upload_nothing"), true);
      else if (call.status === 413) this.fail(this.words.say("upload_large", { size: this.words.size(MOST) }), false);
      else if ([403, 409, 415, 422].includes(call.status)) this.fail(this.words.say("upload_refused"), false);
      else this.fail(this.words.say("upload_failed"), true);
    };
    call.onerror = call.ontimeout = () => this.fail(this.words.say("upload_failed"), true);
    call.open("POST", this.line.address);
    call.timeout = 120_000;
    call.setRequestHeader("Authorization", `Bearer ${this.line.token()}`);
    const form = new FormData();
    form.append("file", this.file, this.file.name);
    call.send(form);
  }

  /** What the gateway answered. @returns {Record<string, any>} */
  answer() {
    try {
      return JSON.parse(this.call?.responseText ?? "") ?? {};
    } catch {
      return {};
    }
  }

  stop() {
    this.call?.abort();
    this.element.remove();
  }

  succeed() {
    this.show("uploaded", this.words.say("uploaded"));
    this.line.announce(this.words.say("uploaded"));
    this.line.done(String(this.answer().evidence?.id ?? ""), this.element);
  }

  /** @param {string} why @param {boolean} again whether trying again could help */
  fail(why, again) {
    this.show("failed", why);
    this.again.hidden = !again;
    this.line.announce(why);
  }

  /** @param {"uploading" | "uploaded" | "failed"} state @param {string} text */
  show(state, text) {
    this.element.dataset.state = state;
    this.state.textContent = text;
    this.bar.hidden = state !== "uploading";
    this.again.hidden = state !== "failed";
    this.away.hidden = state === "uploaded";
  }
}
