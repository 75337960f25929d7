/* The register: what a search finds, the files of a case, two versions side by side. */
import { $, make, table, word } from "./elements.js";

const STAGES = ["conditions", "scheme", "acceptance"];

export function showFound(entries, open) {
  $("found").replaceChildren();
  for (const one of entries) {
    const isVoid = one.action === "voided";
    const parts = [`#${one.id}`, one.name, one.conclusion, one.saved_at.slice(0, 16), `v${one.version}`];
    if (isVoid) parts.splice(1, 0, word("state_void"));
    const button = make("button", parts.join(" · "), {
      type: "button", className: isVoid ? "void" : "",
    });
    button.onclick = () => open(one.id);
    const line = make("li");
    line.append(button);
    $("found").append(line);
  }
}
export function showAttachments(id, files) {
  $("attached").replaceChildren(...files.map((file) => {
    const line = make("li");
    const href = `/api/reviews/${id}/attachments/${file.sha256}`;
    line.append(make("a", file.name, { href, download: file.name }),
      make("span", ` ${Math.ceil(file.size / 1024)} KB · SHA-256 ${file.sha256.slice(0, 12)}`));
    return line;
  }));
}
/* A plot at the stage that follows; what was proposed is what acceptance is compared with. */
export function nextStage(plot) {
  const fields = structuredClone(plot.properties);
  const at = STAGES.indexOf(fields.review_stage ?? "scheme");
  const stage = STAGES[Math.min(at + 1, STAGES.length - 1)];
  if (stage === "acceptance" && fields.review_stage !== stage) {
    fields.approved_schools = structuredClone(fields.schools ?? []);
  }
  return { ...plot, properties: { ...fields, review_stage: stage } };
}
/* The fields of two versions that differ, and the conclusions of both. */
export function showComparison(older, newer) {
  const rows = [];
  const [a, b] = [older, newer].map(flat);
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (a[key] !== b[key]) rows.push([key, a[key] ?? "—", b[key] ?? "—"]);
  }
  const heads = [word("compared_field"), `v${older.version}`, `v${newer.version}`];
  $("compared").replaceChildren(rows.length ? table(word("compared"), { heads, rows }, "compared")
    : make("p", word("no_difference"), { className: "hint" }));
}
function flat(version) {
  const out = {};
  for (const plot of version.content.plots ?? []) {
    const name = plot.properties.name ?? plot.properties.unit_id ?? "";
    for (const [key, value] of Object.entries(plot.properties)) {
      if (key === "unit_id" || value === undefined) continue;
      if (!Array.isArray(value)) { out[`${name} · ${said("field_", key)}`] = shown(key, value); continue; }
      value.forEach((item, number) => {
        for (const [part, one] of Object.entries(item)) {
          const prefix = key === "phases" ? "phase_" : "offer_";
          out[`${name} · ${said("list_", key)} ${number + 1} · ${said(prefix, part)}`] = shown(part, one);
        }
      });
    }
  }
  for (const result of version.results) {
    out[`${result.name} · ${word("compared_conclusion")}`] = result.conclusion;
  }
  return out;
}
const said = (prefix, key) => (word(prefix + key) === prefix + key ? key : word(prefix + key));
function shown(key, value) {
  for (const prefix of [key + "_", "offer_"]) {
    if (typeof value === "string" && word(prefix + value) !== prefix + value) return word(prefix + value);
  }
  return String(value);
}
