import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { load } from "./load.mjs";

const zmd = load("core.js", "model.js");

test("the world of zoom 0 is 256 pixels wide with the equator in the middle", () => {
  assert.ok(Math.abs(zmd.worldX(-180e5)) < 1e-9);
  assert.ok(Math.abs(zmd.worldX(180e5) - 256) < 1e-9);
  assert.ok(Math.abs(zmd.worldY(0) - 128) < 1e-9);
});

test("north is up: a higher latitude has a smaller y", () => {
  assert.ok(zmd.worldY(34e5) < zmd.worldY(32e5));
});

test("a point in a hole is outside, one beside the hole inside", () => {
  const square = (west, south, size) => {
    const steps = [west, south, size, 0, 0, size, -size, 0, 0, -size];
    return steps.map((degrees) => degrees * 1e5);
  };
  const shape = zmd.decodeShape([square(113, 32, 3), square(114, 33, 1)]);
  const at = (x, y) => zmd.isInside(shape, zmd.worldX(x * 1e5), zmd.worldY(y * 1e5));
  assert.equal(at(113.5, 32.5), true);
  assert.equal(at(114.5, 33.5), false);
  assert.equal(at(120, 33), false);
});

test("counts are cut into the classes that the report's map has, too", () => {
  const cases = JSON.parse(readFileSync(new URL("../data/count_classes.json", import.meta.url)));
  for (const { values, steps, classes } of cases) {
    const found = Array.from(zmd.classes(values, steps), ({ from, to }) => [from, to]);
    assert.deepEqual(found, classes);
  }
});
