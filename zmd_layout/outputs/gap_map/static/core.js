/* The ground that the other scripts stand on: texts, elements, tables, numbers. */
(function (zmd) {
  "use strict";

  let words = {};

  zmd.setWords = function (table) {
    words = table;
  };

  /* A text of the catalogue; a word that the catalogue does not know is shown as it stands. */
  zmd.text = function (key, values) {
    const text = Object.prototype.hasOwnProperty.call(words, key) ? words[key] : key;
    return text.replace(/\{(\w+)\}/g, function (whole, name) {
      return values && name in values ? String(values[name]) : whole;
    });
  };

  /* The print form of a word of the vocabulary, or the word itself. */
  zmd.word = function (list, value) {
    if (value === null || value === undefined || value === "") return zmd.text("unknown");
    const key = list + "_" + value;
    return Object.prototype.hasOwnProperty.call(words, key) ? words[key] : String(value);
  };

  zmd.isZh = function () {
    return document.documentElement.lang.indexOf("zh") === 0;
  };

  /* Numbers as a reader expects them; unknown is a word, never a zero. */
  zmd.number = function (value) {
    if (value === null || value === undefined) return zmd.text("unknown");
    return value.toLocaleString("en-US", { maximumFractionDigits: 2 });
  };

  zmd.amount = function (value, unit) {
    if (value === null || value === undefined) return zmd.text("unknown");
    if (!unit) return zmd.number(value);
    return zmd.text("amount", { value: zmd.number(value), unit: zmd.word("measure", unit) });
  };

  /* An element with attributes and children. Texts become text nodes, so that none is markup. */
  zmd.el = function (tag, attributes, children) {
    const element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) {
      const value = attributes[name];
      if (value !== null && value !== undefined && value !== false) {
        element.setAttribute(name, value === true ? "" : String(value));
      }
    });
    (Array.isArray(children) ? children : [children]).forEach(function (child) {
      if (child === null || child === undefined) return;
      element.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
    });
    return element;
  };

  zmd.fill = function (parent, children) {
    parent.textContent = "";
    children.forEach(function (child) {
      if (child) parent.appendChild(child);
    });
  };

  zmd.byId = function (id) {
    return document.getElementById(id);
  };

  /* Columns as Python encoded them (see tables.py) → columns of cells. */
  zmd.decodeTable = function (table) {
    const columns = {};
    Object.keys(table.columns).forEach(function (name) {
      const column = table.columns[name];
      if ("v" in column) columns[name] = column.v;
      else if ("d" in column) columns[name] = column.i.map(function (code) { return column.d[code]; });
      else columns[name] = new Array(table.rows).fill(column.c);
    });
    columns.rows = table.rows;
    return columns;
  };

  zmd.cell = function (columns, name, row) {
    const value = columns[name] ? columns[name][row] : null;
    return value === undefined ? null : value;
  };

  zmd.unpack = async function (text) {
    const bytes = Uint8Array.from(atob(text.trim()), function (char) { return char.charCodeAt(0); });
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };

  zmd.sum = function (values) {
    return values.reduce(function (total, value) { return total + value; }, 0);
  };
})((window.zmd = window.zmd || {}));
