/* The review page: plots, their conclusion, the register. */
import { ask, post, setLanguage } from "./ask.js";
import { Drawing } from "./drawing.js";
import { $, all, make, setWords, table, word } from "./elements.js";
import {
  buildChoices, buildForm, readChoices, readForm, showApproved, showChoices, showForm,
} from "./form.js";
import { nextStage, showAttachments, showComparison, showFound } from "./register.js";

const COLOURS = { kindergarten: "#b8860b", primary: "#1f6fb4", junior: "#7b3294" };
/** A case: its plots, the official's own conclusion of each, and what the register knows of it.
 * @type {any} */
const state = {
  plots: [], overrides: {}, chosen: 0, id: null, version: 0, versions: [], asked: 0, result: null,
  isDirty: false, faults: {},
};
const OWN = ["conclusion", "reason", "official"];
const LANGUAGES = { zh: "zh-CN", en: "en" };
let lang = new URLSearchParams(location.search).get("lang") === "en" ? "en" : "zh";
let told, map, plotLayer, schoolLayer, drawing;

/* What is wrong stays in sight until the same thing has succeeded. */
function fail(about, text) {
  if (text) state.faults[about] = text; else delete state.faults[about];
  $("error").textContent = Object.values(state.faults).join("\n");
  $("error").hidden = !$("error").textContent;
}
async function attempt(about, work) {
  try { await work(); fail(about, ""); } catch (error) { fail(about, error.message); }
}
const mayLeave = () => !state.isDirty || confirm(word("unsaved"));
const unitOf = (plot) => String(plot?.properties.unit_id ?? "1");

function showPlot() {
  showForm(state.plots[state.chosen]?.properties ?? {});
  showOwn();
  $("chosen").replaceChildren();
  if (state.plots.length > 1) {
    const box = make("select");
    box.setAttribute("aria-label", word("step_plot"));
    state.plots.forEach((p, n) => box.append(make("option", p.properties.name, { value: n })));
    box.value = state.chosen;
    box.onchange = () => { keepForm(); state.chosen = Number(box.value); showPlot(); judge(); };
    $("chosen").append(box);
  }
  plotLayer.clearLayers();
  for (const plot of state.plots) if (plot.geometry) plotLayer.addData(plot);
  const bounds = plotLayer.getBounds();
  if (bounds.isValid()) map.fitBounds(bounds.pad(1.5), { maxZoom: 16 });
}
function keepForm() {
  const plot = state.plots[state.chosen];
  if (plot) plot.properties = readForm(plot.properties);
  keepOwn();
}
/* The official's own conclusion belongs to the plot that is shown, and to no other. */
function showOwn() {
  const own = state.overrides[unitOf(state.plots[state.chosen])] ?? {};
  for (const key of OWN) $("own_" + key).value = own[key] ?? "";
}
function keepOwn() {
  if (!state.plots.length) return;
  const unit = unitOf(state.plots[state.chosen]);
  const own = Object.fromEntries(OWN.map((key) => [key, $("own_" + key).value]));
  const before = state.overrides[unit] ?? {};
  if (!own.conclusion) delete state.overrides[unit];
  else if (OWN.some((key) => own[key] !== before[key])) state.overrides[unit] = own;
}
let timer;
function changed() {
  state.isDirty = state.plots.length > 0;
  showApproved();
  clearTimeout(timer);
  timer = setTimeout(judge, 250);
}

async function judge() {
  keepForm();
  if (!state.plots.length) return;
  const number = ++state.asked;
  try {
    const only = state.plots[state.chosen].properties.unit_id;
    const result = await (await post("/api/judge", { ...content(), only })).json();
    if (number !== state.asked) return;
    fail("judge", "");
    state.result = result;
    render();
  } catch (error) {
    if (number !== state.asked) return;
    clearVerdict();
    fail("judge", error.message);
  }
}
function content() {
  return { plots: state.plots, choices: readChoices(), overrides: state.overrides };
}
function clearVerdict() {
  state.result = null;
  $("verdict").replaceChildren(make("p", word("no_verdict"), { className: "hint" }));
  schoolLayer.clearLayers();
}
function render() {
  const found = state.result?.cases[0];
  if (!found) return;
  const out = $("verdict");
  out.replaceChildren(make("h3", found.title));
  out.append(make("p", found.facts, { className: "hint" }));
  if (found.is_synthetic) out.append(make("p", word("sample"), { className: "hint" }));
  if (found.remarks.length) {
    const asked = make("ul", undefined, { id: "remarks" });
    for (const text of found.remarks) asked.append(make("li", text));
    out.append(make("h3", word("remarks")), asked);
  }
  out.append(make("div", found.conclusion, { className: "conclusion " + found.kind, id: "conclusion" }));
  const own = state.overrides[found.id];
  if (own) {
    const text = [word("own_" + own.conclusion), own.reason, own.official].filter(Boolean).join(" · ");
    out.append(make("p", `${word("override_shown")}${word("colon")}${text}`, { id: "own" }));
  }
  const list = make("ol");
  for (const reason of found.reasons) list.append(make("li", reason));
  if (!found.reasons.length) {
    for (const one of found.remedies) list.append(make("li", one.rule + word("colon") + one.what));
  }
  out.append(list);
  for (const [key, texts] of [["advice", found.advice], ["beside", found.beside]]) {
    if (!texts.length) continue;
    out.append(make("h3", word(key)));
    const told = make("ul");
    for (const text of texts) told.append(make("li", text));
    out.append(told);
  }
  for (const number of Object.keys(found.tables)) {
    if (found.tables[number].rows.length) {
      out.append(table(word("table_" + number), found.tables[number], "table-" + number));
    }
    if (number === "4" && found.merging && found.tables[number].rows.length) {
      out.append(make("p", found.merging, { className: "hint" }));
    }
  }
  schoolLayer.clearLayers();
  for (const school of found.schools) {
    const text = [school.name, school.stage_word, `${school.road_m ?? "—"}/${school.distance_m} m`]
      .concat(school.spare === null ? [] : `${word("spare")} ${school.spare}`).join(" · ");
    L.circleMarker([school.lat, school.lon], {
      radius: school.within ? 7 : 4, color: "#fff", weight: 1, fillOpacity: 0.95,
      fillColor: COLOURS[school.stage],
    }).bindTooltip(make("span", text)).addTo(schoolLayer);
  }
}
async function upload() {
  const file = $("file").files[0];
  if (!file) return;
  if (!mayLeave()) { $("file").value = ""; return; }
  // nothing of the project before stays in sight, whatever comes of this file
  take([]);
  if (file.size > told.most_bytes) { $("file").value = ""; fail("upload", told.too_large); return; }
  const body = new FormData();
  body.append("file", file);
  body.append("coordinates", $("coordinates").value);
  await attempt("upload", async () => {
    const read = await (await ask("/api/plots", { method: "POST", body })).json();
    take(read.plots);
    $("notes").replaceChildren(...read.notes.map((note) => make("li", note)));
  });
  $("file").value = "";
}
function take(plots, overrides = {}) {
  clearTimeout(timer);
  state.asked++;
  Object.assign(state, {
    plots, overrides, chosen: 0, id: null, version: 0, versions: [], isDirty: false, faults: {},
    copiedFrom: undefined,
  });
  for (const key of ["saved", "notes", "versions", "attached", "compared"]) $(key).replaceChildren();
  $("opened").hidden = true;
  fail("judge", "");
  clearVerdict();
  showPlot();
  judge();
}
const download = (path, name) => attempt("download", async () => {
  keepForm();
  give(await (await post(path, content())).blob(), name);
});
function give(blob, name) {
  const link = make("a", "", { href: URL.createObjectURL(blob), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}
const save = () => attempt("save", async () => {
  keepForm();
  const name = state.plots.map((plot) => plot.properties.name ?? "").join("、");
  const body = {
    id: state.id, version: state.version, official: $("saver").value,
    content: { ...content(), name, copied_from: state.copiedFrom },
  };
  const saved = await (await post("/api/reviews", body)).json();
  state.overrides = saved.overrides;
  await load(saved.id);
  $("saved").textContent = `${word("saved")} #${saved.id}-${saved.version}${word("colon")}${saved.conclusion}`;
  search();
});
const search = () => attempt("search", async () => {
  const found = await ask("/api/reviews?q=" + encodeURIComponent($("search").value));
  showFound(await found.json(), reopen);
});
/* What the register knows of the case that is open; the form stays as it is. */
async function load(id) {
  const { versions, attachments } = await (await ask("/api/reviews/" + id)).json();
  const isVoid = versions[0].action === "voided";
  Object.assign(state, { id, version: versions[0].version, versions, isDirty: false });
  $("opened").hidden = false;
  $("void").textContent = word(isVoid ? "reinstate" : "void");
  $("void").onclick = () => mark(isVoid ? "reinstated" : "voided");
  $("void_reason").value = "";
  $("compared").replaceChildren();
  showVersions(0);
  showAttachments(id, attachments);
}
const reopen = (id) => attempt("reopen", async () => {
  if (!mayLeave()) return;
  take([]);
  await load(id);
  show(0);
});
/* An old version is shown as it was; saved again, it becomes the newest. */
function show(chosen) {
  const { id, versions } = state;
  const kept = versions[chosen].content;
  showChoices(kept.choices ?? {});
  take(kept.plots ?? [], structuredClone(kept.overrides ?? {}));
  Object.assign(state, { id, versions, version: versions[0].version });
  $("opened").hidden = false;
  showVersions(chosen);
  if (!state.plots.length) fail("plots", word("no_plots_kept"));
}
function showVersions(chosen) {
  $("versions").replaceChildren(make("span", word("history")));
  state.versions.forEach((one, number) => {
    const text = `v${one.version} ${one.saved_at.slice(0, 16)} ${word("action_" + one.action)}`;
    const open = make("button", text, { type: "button", disabled: number === chosen });
    open.onclick = () => { if (mayLeave()) show(number); };
    $("versions").append(open);
    if (number === chosen) return;
    const beside = make("button", word("compare"), { type: "button", className: "compare" });
    beside.onclick = () => showComparison(one, state.versions[chosen]);
    $("versions").append(beside);
  });
}
const mark = (action) => attempt("mark", async () => {
  const body = { action, official: $("saver").value, reason: $("void_reason").value };
  await post(`/api/reviews/${state.id}/mark`, body);
  await load(state.id);
  search();
});
/* A copy is a case of its own, to which no conclusion of the official's is carried. */
function copy() {
  keepForm();
  const from = { id: state.id, version: state.version };
  take(structuredClone(state.plots));
  Object.assign(state, { isDirty: true, copiedFrom: from });
}
/* The next stage is a further version of the same case. */
function advance() {
  keepForm();
  const { id, version, versions } = state;
  take(state.plots.map(nextStage));
  Object.assign(state, { id, version, versions, isDirty: true });
  $("opened").hidden = false;
  showVersions(-1);
}
const attach = () => attempt("attach", async () => {
  const body = new FormData();
  body.append("file", $("attach").files[0]);
  $("attach").value = "";
  await ask(`/api/reviews/${state.id}/attachments`, { method: "POST", body });
  showAttachments(state.id, (await (await ask("/api/reviews/" + state.id)).json()).attachments);
});
function drawn(shape) {
  $("finish").hidden = true;
  if (!shape) { fail("draw", word("few_corners")); return; }
  if (!mayLeave()) return;
  take([{ type: "Feature", geometry: shape,
    properties: { unit_id: "1", name: word("drawn_name") } }]);
  state.isDirty = true;
}
/* Say everything in the language that is on; what was filled in stays. */
async function speak() {
  told = await (await ask("/api/start")).json();
  setWords(told.words);
  document.documentElement.lang = LANGUAGES[lang];
  for (const node of all("[data-word]")) node.textContent = word(node.dataset.word);
  $("study").textContent = told.study;
  $("search").placeholder = word("search");
  $("search").setAttribute("aria-label", word("search"));
  $("own_conclusion").setAttribute("aria-label", word("override"));
  $("map").setAttribute("aria-label", word("map"));
  const own = $("own_conclusion").value;
  $("own_conclusion").replaceChildren(...["", "agree", "amend", "refuse", "incomplete"].map((kind) =>
    make("option", word("own_" + (kind || "unset")), { value: kind })));
  $("own_conclusion").value = own;
  const isVoid = state.versions[0]?.action === "voided";
  $("void").textContent = word(isVoid ? "reinstate" : "void");
  buildForm(changed);
  buildChoices(told);
}
async function turn() {
  keepForm();
  const filled = readForm({});
  const choices = readChoices();
  const before = lang;
  lang = setLanguage(lang === "zh" ? "en" : "zh");
  try {
    await speak();
    fail("language", "");
  } catch (error) { lang = setLanguage(before); fail("language", error.message); return; }
  const url = new URL(location.href);
  url.searchParams.set("lang", lang);
  history.replaceState(null, "", url);
  showChoices(choices);
  if (!state.plots.length) { showForm(filled); return; }
  showPlot();
  judge();
}
async function start() {
  setLanguage(lang);
  await speak();
  map = L.map("map", { attributionControl: false, zoomSnap: 0.5 });
  L.control.scale({ imperial: false }).addTo(map);
  if (told.outline) {
    const ground = L.geoJSON(told.outline, { style: { color: "#7a8796", weight: 1, fillOpacity: 0.05 },
      interactive: false }).addTo(map);
    map.fitBounds(ground.getBounds());
  } else { map.setView([33.0, 114.02], 12); }
  plotLayer = L.geoJSON(null, { style: { color: "#b2182b" }, interactive: false }).addTo(map);
  schoolLayer = L.layerGroup().addTo(map);
  drawing = new Drawing(map, drawn);
  $("language").onclick = turn;
  $("file").onchange = upload;
  $("draw").onclick = () => { $("finish").hidden = false; drawing.start(); };
  $("finish").onclick = () => drawing.finish();
  $("form").oninput = changed;
  $("override").oninput = () => { state.isDirty = true; keepOwn(); if (state.result) render(); };
  addEventListener("beforeunload", (event) => { if (state.isDirty) event.preventDefault(); });
  $("form").onsubmit = (event) => event.preventDefault();
  $("opinion").onclick = () => download("/api/opinion", word("opinion_file"));
  $("data").onclick = () => download("/api/data", "findings.csv");
  $("save").onclick = save;
  $("export").onclick = () => attempt("export", async () => {
    const url = "/api/register?q=" + encodeURIComponent($("search").value);
    give(await (await ask(url)).blob(), word("register_file"));
  });
  $("copy").onclick = copy;
  $("next_stage").onclick = advance;
  $("attach").onchange = attach;
  $("print").onclick = () => window.print();
  $("search").oninput = search;
  await search();
  document.body.dataset.ready = "1";
}
start().catch((error) => fail("start", error.message));
