/* The form of a plot: its fields, its phases, its promised schools, and how it is measured. */
import { $, all, make, readBox, word } from "./elements.js";

/** @type {[string, string | string[]][]} */
const FIELDS = [
  ["name", "text"], ["developer", "text"],
  ["review_stage", ["", "conditions", "scheme", "acceptance"]],
  ["settlement", ["", "urban", "town", "rural"]], ["conditions_on", "date"],
  ["planned_residents", "number"], ["dwellings", "number"], ["persons_per_dwelling", "number"],
  ["started_on", "date"], ["first_phase_on", "date"], ["accepted_on", "date"],
  ["kindergarten_defect",
    ["", "none", "delayed", "reduced", "stopped", "missing", "not_handed_over"]],
];
/** @type {[string, string | string[]][]} */
const FIGURES = [
  ["stage", ["kindergarten", "primary", "junior", "nine_year"]], ["classes", "number"],
  ["seats", "number"], ["site_area_m2", "number"],
];
const KEYS = [...FIELDS.map(([key]) => key), "approved_on"];
const LISTS = {
  schools: { prefix: "offer_", fields: [
    ...FIGURES, ["opens_on", "date"],
    ["ownership", ["", "public", "inclusive_private", "private", "for_profit"]],
    ["transfer", ["", "free", "donated", "purchased", "kept"]], ["handed_over_on", "date"],
  ] },
  approved_schools: { prefix: "offer_", fields: FIGURES },
  phases: { prefix: "phase_", fields: [
    ["name", "text"], ["dwellings", "number"], ["started_on", "date"], ["delivered_on", "date"],
  ] },
};
/* What acceptance is compared with has its own place in the form. */
const APPROVED = "approved_on";
const OPTIONS = { stage: "offer_" };

function control(key, kind) {
  if (!Array.isArray(kind)) {
    return make("input", undefined, { type: kind, min: "0", step: "any", name: key });
  }
  const box = make("select", undefined, { name: key });
  const prefix = OPTIONS[key] ?? key + "_";
  for (const value of kind) box.append(make("option", word(prefix + (value || "unset")), { value }));
  return box;
}
function labelled(text, box) {
  const label = make("label", text);
  label.append(box);
  return label;
}
export function buildForm(changed) {
  $("fields").replaceChildren();
  for (const [key, kind] of FIELDS) {
    const box = control(key, kind);
    box.id = "field_" + key;
    $("fields").append(labelled(word("field_" + key), box));
  }
  const day = control(APPROVED, "date");
  day.id = "field_" + APPROVED;
  $("approved_day").replaceChildren(labelled(word("field_" + APPROVED), day));
  for (const list of Object.keys(LISTS)) {
    $("add_" + list).onclick = () => {
      addItem(list, list === "phases" ? {} : { stage: "primary" });
      changed();
    };
    $(list).onclick = (event) => {
      if (event.target.className !== "remove") return;
      event.target.closest(".item").remove();
      changed();
    };
  }
}
function addItem(list, item) {
  const row = make("div", undefined, { className: "item" });
  for (const [key, kind] of LISTS[list].fields) {
    const box = control(key, kind);
    box.value = item[key] ?? "";
    row.append(labelled(word(LISTS[list].prefix + key), box));
  }
  row.dataset.rest = JSON.stringify(item);
  row.append(make("button", "×", { type: "button", className: "remove", title: word("remove") }));
  $(list).append(row);
}
export function showForm(fields) {
  for (const key of KEYS) $("field_" + key).value = fields[key] ?? "";
  for (const list of Object.keys(LISTS)) {
    $(list).replaceChildren();
    for (const item of fields[list] ?? []) addItem(list, item);
  }
  showApproved();
}
/* The approved scheme is asked for at acceptance only. */
export function showApproved() {
  $("approved").hidden = $("field_review_stage").value !== "acceptance";
}
/* What the form has no box for, such as a phase's completion, stays as the file has it. */
export function readForm(kept) {
  const fields = { ...kept };
  for (const key of KEYS) fields[key] = readBox($("field_" + key));
  for (const list of Object.keys(LISTS)) {
    const items = [...$(list).children].map((row) => {
      const item = JSON.parse(row.dataset.rest);
      for (const box of all("input,select", row)) item[box.name] = readBox(box);
      return item;
    });
    fields[list] = items.length ? items : undefined;
  }
  return fields;
}
export function buildChoices(told) {
  $("also").replaceChildren($("also").firstElementChild);
  for (const set of told.rulesets) {
    const box = make("input", undefined, { type: "checkbox", name: "also", value: set.id });
    const label = make("label", undefined, { className: "check" });
    label.append(box, make("span", set.title));
    $("also").append(label);
  }
  const merging = told.merging;
  $("merging").hidden = !merging;
  if (!merging) return;
  $("merge_distance_m").placeholder = merging.distance_m;
  $("merge_years").placeholder = merging.years;
  $("merge_basis").textContent = word("merge_default") + word("colon") +
    `${merging.distance_m} m (${merging.distance_source}) · ${merging.years} (${merging.years_source})`;
}
export function readChoices() {
  return {
    also: all("[name=also]:checked").map((box) => box.value),
    merge_distance_m: readBox($("merge_distance_m")), merge_years: readBox($("merge_years")),
  };
}
export function showChoices(choices) {
  for (const box of all("[name=also]")) {
    box.checked = (choices.also ?? []).includes(box.value);
  }
  $("merge_distance_m").value = choices.merge_distance_m ?? "";
  $("merge_years").value = choices.merge_years ?? "";
}
