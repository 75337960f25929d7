import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./load.mjs";

const zmd = load("core.js");

test("a text that turns with a number has one form for 1 and another for the rest", () => {
  zmd.setWords({ rows: { by: "count", one: "{count} row", other: "{count} rows" } });
  assert.equal(zmd.text("rows", { count: 1 }), "1 row");
  assert.equal(zmd.text("rows", { count: "1" }), "1 row");
  assert.equal(zmd.text("rows", { count: 0 }), "0 rows");
  assert.equal(zmd.text("rows", { count: 1.5 }), "1.5 rows");
  assert.equal(zmd.text("rows"), "{count} rows");
});

test("a key without a text is shown as it is, and a name of an object's own is no text", () => {
  zmd.setWords({});
  assert.equal(zmd.text("constructor"), "constructor");
  assert.equal(zmd.text("no_such_key"), "no_such_key");
});

test("an unknown number is a word and never zero", () => {
  zmd.setWords({ unknown: "未知" });
  assert.equal(zmd.number(null), "未知");
  assert.equal(zmd.number(undefined), "未知");
  assert.equal(zmd.number(0), "0");
  assert.equal(zmd.number(12345.678), "12,346");
  assert.equal(zmd.number(1.234), "1.23");
});

test("columns come back from each of their three forms", () => {
  const table = {
    rows: 3,
    columns: { a: { v: [1, null, 3] }, b: { d: ["x", "y"], i: [1, 0, 1] }, c: { c: "same" } },
  };
  const columns = zmd.decodeTable(table);
  assert.equal(columns.rows, 3);
  assert.deepEqual([...columns.b], ["y", "x", "y"]);
  assert.deepEqual([...columns.c], ["same", "same", "same"]);
  assert.equal(zmd.cell(columns, "a", 1), null);
  assert.equal(zmd.cell(columns, "none", 0), null);
});

test("things are counted by key and numbers summed", () => {
  const counts = zmd.countBy([{ k: "a" }, { k: "b" }, { k: "a" }], (thing) => thing.k);
  assert.deepEqual({ ...counts }, { a: 2, b: 1 });
  assert.equal(zmd.sum([1, 2, 3.5]), 6.5);
  assert.equal(zmd.sum([]), 0);
});
