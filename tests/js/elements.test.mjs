import assert from "node:assert/strict";
import { test } from "node:test";

import { readBox, setWords, word } from "../../zmd_layout/web/static/elements.js";

test("an empty box is unknown, and 0 is 0", () => {
  assert.equal(readBox({ value: "", type: "number" }), undefined);
  assert.equal(readBox({ value: "0", type: "number" }), 0);
  assert.equal(readBox({ value: "0", type: "text" }), "0");
});

test("a word comes from the room of the page, and its key where there is none", () => {
  setWords({ "web.save": "保存" });
  assert.equal(word("save"), "保存");
  assert.equal(word("none"), "none");
});
