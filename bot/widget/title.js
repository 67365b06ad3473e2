// @ts-check
/** Unread messages of all widgets of the page, in the title of a tab that nobody looks at. */

/** @typedef {import("./words.js").Words} Words */

/** @type {Map<object, number>} */
const unread = new Map();
let plain = "";

/** @param {object} widget @param {number | null} count null when the widget is gone @param {Words} words
 * @returns {boolean} whether the count changed */
export function countUnread(widget, count, words) {
  const changed = (unread.get(widget) ?? 0) !== (count ?? 0);
  if (count === null) unread.delete(widget);
  else unread.set(widget, count);
  const sum = [...unread.values()].reduce((total, one) => total + one, 0);
  if (document.hidden && sum) {
    if (!plain) plain = document.title || " ";
    document.title = words.say("title_unread", { count: sum, title: plain.trim() });
  } else if (plain) {
    document.title = plain.trim();
    plain = "";
  }
  return changed;
}
