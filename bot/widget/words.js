// @ts-check
/** Words, dates and durations in the person's locale and time zone. */

import TEXTS from "./texts.js";

/** @typedef {"de" | "de-formal" | "en"} Locale */

/** @type {readonly Locale[]} */
export const LOCALES = ["de", "de-formal", "en"];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The locale of a language tag such as "de-AT"; null for a language that we do not speak.
 * @param {string | null | undefined} tag @returns {Locale | null} */
export function localeOf(tag) {
  const given = (tag ?? "").trim().toLowerCase().replace("_", "-");
  if (given === "de-formal" || given === "de-x-formal") return "de-formal";
  const language = given.split("-")[0];
  return language === "de" || language === "en" ? language : null;
}

/** Everything that is said in one locale. */
export class Words {
  /** @param {Locale} locale @param {string | undefined} zone IANA name; the browser's when missing or unknown */
  constructor(locale, zone) {
    this.locale = locale;
    this.tag = locale === "en" ? "en-GB" : "de-DE";
    this.lang = locale === "en" ? "en" : "de";
    this.zone = known(zone);
    /** @type {Map<string, Intl.DateTimeFormat>} */
    this.formats = new Map();
  }

  /** @param {string} name @param {Record<string, string | number>} [values] */
  say(name, values = {}) {
    const text = TEXTS[this.locale][name] ?? TEXTS.de[name];
    if (text === undefined) throw new Error(`no text ${name}`);
    return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
  }

  /** @param {Date} date @param {Intl.DateTimeFormatOptions} options @param {string} [zone] */
  format(date, options, zone = this.zone) {
    const key = JSON.stringify([options, zone]);
    let format = this.formats.get(key);
    if (!format) this.formats.set(key, (format = new Intl.DateTimeFormat(this.tag, { ...options, timeZone: zone })));
    return format.format(date);
  }

  /** Hour and minute. @param {Date} date */
  time(date) {
    return this.format(date, { hour: "2-digit", minute: "2-digit" });
  }

  /** An instant with its day. @param {Date} date */
  instant(date) {
    const text = this.format(date, { weekday: "short", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
    return this.locale === "en" ? text : text.replace(/ um /, ", ") + " Uhr";
  }

  /** The day as a heading between messages. @param {Date} date @param {Date} now */
  day(date, now) {
    const key = this.dayKey(date);
    if (key === this.dayKey(now)) return this.say("today");
    if (key === this.dayKey(new Date(now.getTime() - DAY))) return this.say("yesterday");
    return this.format(date, { weekday: "long", day: "numeric", month: "long" });
  }

  /** The calendar day in the person's zone, as YYYY-MM-DD. @param {Date} date */
  dayKey(date) {
    return new Intl.DateTimeFormat("sv-SE", { timeZone: this.zone }).format(date);
  }

  /** A calendar day (YYYY-MM-DD) as it is typed into a sentence. @param {string} day */
  typed(day) {
    return this.format(noon(day), { day: "numeric", month: "numeric", year: "numeric" }, "UTC");
  }

  /** A calendar day in full. @param {string} day */
  spelled(day) {
    return this.format(noon(day), { weekday: "long", day: "numeric", month: "long", year: "numeric" }, "UTC");
  }

  /** How much time is left, in the unit that matters. @param {Date} due @param {Date} now */
  left(due, now) {
    const left = due.getTime() - now.getTime();
    if (left < 0) return this.say("over");
    const [value, unit] = left >= 3 * DAY ? [left / DAY, "day"] : left >= HOUR ? [left / HOUR, "hour"] : [left / MINUTE, "minute"];
    const time = new Intl.NumberFormat(this.tag, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0, roundingMode: "floor" });
    return this.say("left", { time: time.format(Math.floor(value)) });
  }

  /** @param {number} share between 0 and 1 */
  percent(share) {
    return new Intl.NumberFormat(this.tag, { style: "percent" }).format(share);
  }

  /** @param {number} bytes */
  size(bytes) {
    return new Intl.NumberFormat(this.tag, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 }).format(bytes / 2 ** 20);
  }
}

/** Noon of a calendar day in UTC: the same day wherever it is formatted in UTC. @param {string} day */
export function noon(day) {
  return new Date(`${day}T12:00:00Z`);
}

/** @param {string | undefined} zone */
function known(zone) {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone || undefined }).resolvedOptions().timeZone;
  } catch {
    return new Intl.DateTimeFormat("en").resolvedOptions().timeZone;
  }
}
