/* What the other scripts share: texts, elements, tables, numbers. */
Object.assign(window, { zmd: {} });
(function (zmd) {
  "use strict";

  let words = {};

  zmd.setWords = (table) => {
    words = table;
  };

  /* A text of the catalogue; a word that the catalogue does not know is shown as it stands. */
  zmd.text = (key, values) => {
    const known = Object.prototype.hasOwnProperty.call(words, key) ? words[key] : key;
    const form = () => (String(values && values[known.by]) === "1" ? known.one : known.other);
    const text = typeof known === "string" ? known : form();
    return text.replace(/\{(\w+)\}/g, (whole, name) =>
      values && name in values ? String(values[name]) : whole,
    );
  };

  /* The print form of a word of the vocabulary, or the word itself. */
  zmd.word = (list, value) => {
    if (value === null || value === undefined || value === "") return zmd.text("unknown");
    const key = `${list}_${value}`;
    return Object.prototype.hasOwnProperty.call(words, key) ? words[key] : String(value);
  };

  zmd.lang = () => (document.documentElement.lang.startsWith("zh") ? "zh" : "en");

  /* Numbers as a reader expects them; unknown is a word, never a zero. */
  zmd.number = (value) => {
    if (value === null || value === undefined) return zmd.text("unknown");
    const digits = Math.abs(value) >= 100 ? 0 : 2; // more would claim what nobody measured
    return value.toLocaleString("en-US", { maximumFractionDigits: digits });
  };

  zmd.amount = (value, unit) => {
    if (value === null || value === undefined) return zmd.text("unknown");
    if (!unit) return zmd.number(value);
    return zmd.text("amount", { value: zmd.number(value), unit: zmd.word("unit", unit) });
  };

  /* An element with attributes and children. Texts become text nodes, so that none is markup. */
  zmd.el = (tag, attributes, children) => {
    const element = document.createElement(tag);
    Object.keys(attributes || {}).forEach((name) => {
      const value = attributes[name];
      if (value !== null && value !== undefined) element.setAttribute(name, String(value));
    });
    (Array.isArray(children) ? children : [children]).forEach((child) => {
      if (child === null || child === undefined) return;
      element.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
    });
    return element;
  };

  /* Replace what an element holds; the focus stays on the control of the same key. */
  zmd.fill = (parent, children) => {
    const focused = parent.contains(document.activeElement) ? document.activeElement : null;
    const key = focused ? focused.getAttribute("data-key") : null;
    parent.textContent = "";
    children.forEach((child) => {
      if (child) parent.appendChild(child);
    });
    const again = key === null ? null : parent.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (again) again.focus({ preventScroll: true });
  };

  zmd.byId = (id) => document.getElementById(id);

  /** @param {string} selector @returns {any[]} */
  zmd.all = (selector) => [...document.querySelectorAll(selector)];

  /* Columns as Python encoded them (see tables.py) → columns of cells. */
  zmd.decodeTable = (table) => {
    const columns = {};
    Object.keys(table.columns).forEach((name) => {
      const column = table.columns[name];
      if ("v" in column) columns[name] = column.v;
      else if ("d" in column) columns[name] = column.i.map((code) => column.d[code]);
      else columns[name] = new Array(table.rows).fill(column.c);
    });
    columns.rows = table.rows;
    return columns;
  };

  zmd.cell = (columns, name, row) => {
    const value = columns[name] ? columns[name][row] : null;
    return value === undefined ? null : value;
  };

  zmd.unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text.trim()), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };

  zmd.countBy = (things, keyOf) => {
    const counts = {};
    things.forEach((thing) => {
      const key = keyOf(thing);
      counts[key] = (counts[key] || 0) + 1;
    });
    return counts;
  };

  zmd.sum = (values) => values.reduce((total, value) => total + value, 0);
})((window.zmd));
