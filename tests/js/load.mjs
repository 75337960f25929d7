/* The map's scripts, run as a browser would: one after the other in one window, without a page. */
import { readFileSync } from "node:fs";
import vm from "node:vm";

const STATIC = new URL("../../zmd_layout/outputs/gap_map/static/", import.meta.url);

export function load(...names) {
  const window = { document: { documentElement: { lang: "zh-CN" } } };
  window.window = window;
  const context = vm.createContext(window);
  for (const name of names) vm.runInContext(readFileSync(new URL(name, STATIC), "utf8"), context);
  return window.zmd;
}
