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
