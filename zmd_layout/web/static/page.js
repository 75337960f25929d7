/* The review page: plots, their conclusion, the register. */
import { Drawing } from "./drawing.js";
import { $, all, make, setWords, word } from "./elements.js";
import { buildChoices, buildForm, readChoices, readForm, showChoices, showForm } from "./form.js";

const COLOURS = { kindergarten: "#b8860b", primary: "#1f6fb4", junior: "#7b3294" };
const state = { plots: [], chosen: 0, id: null, version: 0, asked: 0, result: null };
const LANGUAGES = { zh: "zh-CN", en: "en" };
let lang = new URLSearchParams(location.search).get("lang") === "en" ? "en" : "zh";
let told, map, plotLayer, schoolLayer, drawing;

function fail(text) { $("error").textContent = text; $("error").hidden = !text; }

async function ask(path, options = {}) {
  const url = new URL(path, location.href);
  url.searchParams.set("lang", lang);
  let answer;
  try { answer = await fetch(url, options); } catch { throw new Error(word("failed")); }
  if (answer.ok) return answer;
  let text = word("failed");
  try { text = (await answer.json()).error || text; } catch { /* no JSON: the general word stands */ }
  throw new Error(text);
}
const post = (path, body) => ask(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
});

function showPlot() {
  showForm(state.plots[state.chosen]?.properties ?? {});
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
  for (const plot of state.plots) plotLayer.addData(plot);
  if (state.plots.length) map.fitBounds(plotLayer.getBounds().pad(1.5), { maxZoom: 16 });
}
function keepForm() {
  const plot = state.plots[state.chosen];
  if (plot) plot.properties = readForm(plot.properties);
}
let timer;
function changed() { clearTimeout(timer); timer = setTimeout(judge, 250); }

async function judge() {
  keepForm();
  if (!state.plots.length) return;
  const number = ++state.asked;
  try {
    const only = state.plots[state.chosen].properties.unit_id;
    const result = await (await post("/api/judge", { ...content(), only })).json();
    if (number !== state.asked) return;
    fail("");
    state.result = result;
    render();
  } catch (error) {
    if (number !== state.asked) return;
    state.result = null;
    $("verdict").replaceChildren();
    fail(error.message);
  }
}
function content() {
  return { plots: state.plots, choices: readChoices(), override: {
    conclusion: $("own_conclusion").value, reason: $("own_reason").value,
    official: $("own_official").value } };
}
function render() {
  const found = state.result?.cases[0];
  if (!found) return;
  const out = $("verdict");
  out.replaceChildren(make("h3", found.title));
  out.append(make("p", found.facts, { className: "hint" }));
  if (found.is_synthetic) out.append(make("p", word("sample"), { className: "hint" }));
  out.append(make("div", found.conclusion, { className: "conclusion " + found.kind, id: "conclusion" }));
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
    if (found.tables[number].rows.length) out.append(table(number, found.tables[number]));
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
function table(number, data) {
  const title = word("table_" + number);
  // a wide table is moved with the keyboard too, for which it must take the focus and have a name
  const box = make("div", undefined, { className: "scroll", tabIndex: 0, role: "region" });
  box.setAttribute("aria-label", title);
  const made = make("table", undefined, { className: "table-" + number });
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
async function upload() {
  const file = $("file").files[0];
  if (!file) return;
  if (file.size > told.most_bytes) { $("file").value = ""; fail(told.too_large); return; }
  const body = new FormData();
  body.append("file", file);
  body.append("coordinates", $("coordinates").value);
  try {
    const read = await (await ask("/api/plots", { method: "POST", body })).json();
    take(read.plots);
    $("notes").replaceChildren(...read.notes.map((note) => make("li", note)));
  } catch (error) { fail(error.message); }
  $("file").value = "";
}
function take(plots) {
  Object.assign(state, { plots, chosen: 0, id: null, version: 0, result: null });
  $("saved").textContent = "";
  $("versions").replaceChildren();
  $("notes").replaceChildren();
  fail("");
  showPlot();
  judge();
}
async function download(path, name) {
  keepForm();
  try {
    const blob = await (await post(path, content())).blob();
    const link = make("a", "", { href: URL.createObjectURL(blob), download: name });
    link.click();
    URL.revokeObjectURL(link.href);
    fail("");
  } catch (error) { fail(error.message); }
}
async function save() {
  keepForm();
  const name = state.plots.map((plot) => plot.properties.name ?? "").join("、");
  const kept = { ...content(), name, conclusion: state.result?.cases[0]?.conclusion ?? "" };
  try {
    const body = { id: state.id, version: state.version, content: kept };
    const saved = await (await post("/api/reviews", body)).json();
    Object.assign(state, saved);
    $("saved").textContent = `${word("saved")} #${saved.id}-${saved.version}`;
    fail("");
    search();
  } catch (error) { fail(error.message); }
}
async function search() {
  const found = await (await ask("/api/reviews?q=" + encodeURIComponent($("search").value))).json();
  $("found").replaceChildren();
  for (const one of found) {
    const text = `${one.name} · ${one.conclusion} · ${one.saved_at.slice(0, 16)} · v${one.version}`;
    const open = make("button", text, { type: "button" });
    open.onclick = () => reopen(one.id);
    const line = make("li");
    line.append(open);
    $("found").append(line);
  }
}
async function reopen(id) {
  const versions = await (await ask("/api/reviews/" + id)).json();
  show(id, versions, 0);
}
/* An old version is shown as it was; saved again, it becomes the newest. */
function show(id, versions, chosen) {
  const kept = versions[chosen].content;
  showChoices(kept.choices ?? {});
  const own = kept.override ?? {};
  $("own_conclusion").value = own.conclusion ?? "";
  $("own_reason").value = own.reason ?? "";
  $("own_official").value = own.official ?? "";
  take(kept.plots);
  Object.assign(state, { id, version: versions[0].version });
  if (versions.length < 2) return;
  $("versions").append(make("span", word("history")));
  versions.forEach((one, number) => {
    const text = `v${one.version} ${one.saved_at.slice(0, 16)}`;
    const open = make("button", text, { type: "button", disabled: number === chosen });
    open.onclick = () => show(id, versions, number);
    $("versions").append(open);
  });
}
function drawn(shape) {
  $("finish").hidden = true;
  if (!shape) { fail(word("few_corners")); return; }
  take([{ type: "Feature", geometry: shape, properties: { name: word("drawn_name") } }]);
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
  buildForm(changed);
  buildChoices(told);
}
async function turn() {
  keepForm();
  const filled = readForm({});
  const choices = readChoices();
  const before = lang;
  lang = lang === "zh" ? "en" : "zh";
  try {
    await speak();
  } catch (error) { lang = before; fail(error.message); return; }
  const url = new URL(location.href);
  url.searchParams.set("lang", lang);
  history.replaceState(null, "", url);
  showChoices(choices);
  if (!state.plots.length) { showForm(filled); return; }
  showPlot();
  judge();
}
async function start() {
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
  $("form").onsubmit = (event) => event.preventDefault();
  $("opinion").onclick = () => download("/api/opinion", word("opinion_file"));
  $("data").onclick = () => download("/api/data", "findings.csv");
  $("save").onclick = save;
  $("print").onclick = () => window.print();
  $("search").oninput = search;
  await search();
  document.body.dataset.ready = "1";
}
start().catch((error) => fail(error.message));
