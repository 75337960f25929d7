/* Elements, words and numbers of the review page. */
let words = {};

/* Take the texts of a language. */
export function setWords(table) { words = table; }

/* A text of the catalogue, or its key where the catalogue has none. */
export const word = (key) => words["web." + key] ?? key;

/** @param {string} id @returns {any} */
export const $ = (id) => document.getElementById(id);

/** @param {string} selector @param {ParentNode} [root] @returns {any[]} */
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** @param {string} tag @param {string} [text] @param {object} [more] @returns {any} */
export function make(tag, text, more = {}) {
  const node = Object.assign(document.createElement(tag), more);
  if (text !== undefined) node.textContent = text;
  return node;
}

/* What a box holds: undefined where it is empty, a number where it asks for one. */
export function readBox(box) {
  if (box.value === "") return undefined;
  return box.type === "number" ? Number(box.value) : box.value;
}

/* A table with a caption; a wide one is moved with the keyboard too, for which it must take the
 * focus and have a name. */
export function table(title, data, className) {
  const box = make("div", undefined, { className: "scroll", tabIndex: 0, role: "region" });
  box.setAttribute("aria-label", title);
  const made = make("table", undefined, { className });
  made.append(make("caption", title));
  const head = make("tr");
  for (const text of data.heads) head.append(make("th", text));
  made.append(make("thead"), make("tbody"));
  made.tHead.append(head);
  for (const row of data.rows) {
    const line = make("tr");
    for (const text of row) line.append(make("td", text));
    made.tBodies[0].append(line);
  }
  box.append(made);
  return box;
}
