/* Which verdicts turn when the data are as wrong as they may be, counted by county or township. */
(function (zmd) {
  "use strict";

  const COLUMNS = ["fragile", "stable"];
  const MOST_LISTED = 200;

  zmd.stabilityPicture = (model, state) => {
    const { entries, outside } = balanceOf(model, state.kind);
    const ordered = entries.sort((a, b) => b.fragile - a.fragile || a.unit - b.unit);
    const { fragile, fills, stable } = model.payload.stability;
    const classes = zmd.classes(
      ordered.map((entry) => entry.fragile),
      fills.length,
    );
    const steps = zmd.stepStyles(classes, fills, zmd.text("count_fragile"));
    Object.keys(steps).forEach((key) => Object.assign(steps[key], fragile));
    return {
      title: zmd.text("view_stability"),
      about: zmd.text("view_stability_about"),
      story: story(model, ordered, outside, zmd.word("unitkind", state.kind)),
      isArea: true,
      items: ordered.map((entry) => item(entry, classes)),
      styles: {
        stable: { fill: stable, text: zmd.text("stability_all_stable"), rank: 1 },
        ...steps,
        nothing: {
          ...model.payload.styles.not_applicable,
          text: zmd.text("stability_none_tried"),
          rank: 0,
        },
      },
      columns: zmd.numberColumns(state.kind, COLUMNS),
      rows: rows(model, ordered),
      inner: listed(model),
    };
  };

  /* The kinds of unit by which the verdicts are counted; none where no verdict was tried. */
  zmd.stabilityKinds = (model) =>
    (model.findings.stability || []).some(Boolean) ? zmd.areaKinds(model) : [];

  zmd.isFragile = (model, row) => zmd.cell(model.findings, "stability", row) === "fragile";

  /* The fragile verdicts on units inside a county or township, for its panel: each leads there. */
  zmd.fragileInside = (app, unit) => {
    const { model, state } = app;
    const { units, findings } = model;
    const kind = units.kind[unit];
    if (state.view !== "stability" || (kind !== "county" && kind !== "township")) return null;
    const found = fragileRows(model).filter((row) => {
      const inner = findings.unit[row];
      return inner !== unit && units[kind][inner] === unit;
    });
    const links = found.slice(0, MOST_LISTED).map((row) => {
      const told = { name: zmd.unitName(model, findings.unit[row]), rule: titleOf(model, row) };
      const line = zmd.el("span", {}, zmd.text("fragile_item", told));
      return [findings.unit[row], [line, zmd.el("small", {}, turnedBy(model, row))]];
    });
    return zmd.unitLinks(app, listTitle("fragile_inside", found, links), links);
  };

  /* Verdicts of each unit of a kind, those of units inside it with its own; `outside`, of others. */
  function balanceOf({ units, findings }, kind) {
    const balance = new Map();
    const outside = { fragile: 0, stable: 0 };
    units.kind.forEach((k, unit) => {
      if (k === kind) balance.set(unit, { unit, fragile: 0, stable: 0 });
    });
    findings.stability.forEach((word, row) => {
      const entry = balance.get(units[kind][findings.unit[row]]) || outside;
      if (word) entry[word] += 1;
    });
    return { entries: Array.from(balance.values()), outside };
  }

  function item({ unit, fragile, stable }, classes) {
    if (fragile > 0) {
      return { unit, style: zmd.stepOf(fragile, classes), label: zmd.number(fragile), rank: fragile };
    }
    return stable > 0
      ? { unit, style: "stable", label: "", rank: 0 }
      : { unit, style: "nothing", label: "", rank: -1 };
  }

  function rows(model, ordered) {
    const most = ordered.length ? ordered[0].fragile : 0;
    return ordered.map(({ unit, fragile, stable }) => {
      const name = zmd.unitName(model, unit);
      return {
        unit,
        values: [name, fragile, stable],
        cells: [name, zmd.number(fragile), zmd.number(stable)],
        bar: most ? fragile / most : 0,
      };
    });
  }

  function fragileRows(model) {
    return model.findings.unit.map((_, row) => row).filter((row) => zmd.isFragile(model, row));
  }

  /* Every fragile verdict with its rule and with what turns it. */
  function listed(model) {
    const found = fragileRows(model);
    if (found.length === 0) return null;
    const shown = found.slice(0, MOST_LISTED);
    const columns = ["unit", "rule", "turned_by"];
    return {
      caption: listTitle("list_fragile", found, shown),
      most: MOST_LISTED,
      columns: columns.map((key) => ({ title: zmd.text(`column_${key}`) })),
      rows: shown.map((row) => {
        const unit = model.findings.unit[row];
        const cells = [zmd.unitName(model, unit), titleOf(model, row), turnedBy(model, row)];
        return { unit, cells };
      }),
    };
  }

  function listTitle(key, found, shown) {
    const title = zmd.text(key, { count: zmd.number(found.length) });
    const rest = zmd.text("fragile_first", { shown: zmd.number(shown.length) });
    return found.length > shown.length ? title + rest : title;
  }

  function titleOf(model, row) {
    return model.rules[model.findings.rule[row]].title[zmd.lang()];
  }

  function turnedBy(model, row) {
    return zmd.cell(model.findings, `turned_by_${zmd.lang()}`, row) || zmd.text("unknown");
  }

  function story(model, ordered, outside, kind) {
    const all = ordered.concat(outside);
    const fragile = zmd.sum(all.map((entry) => entry.fragile));
    const total = zmd.number(fragile + zmd.sum(all.map((entry) => entry.stable)));
    if (fragile === 0) return zmd.text("story_stability_none", { total });
    const worst = ordered.filter((entry) => entry.fragile > 0).slice(0, 3);
    const named = worst.map((entry) => {
      const value = zmd.number(entry.fragile);
      return zmd.text("story_item", { name: zmd.unitName(model, entry.unit), value });
    });
    const values = { total, fragile: zmd.number(fragile), worst: named.join(zmd.text("list_comma")) };
    const head = zmd.text("story_stability", values);
    const most = worst.length ? zmd.text("story_stability_worst", values) : "";
    const count = zmd.number(outside.fragile);
    const rest = outside.fragile ? zmd.text("story_stability_outside", { count, kind }) : "";
    return head + most + rest;
  }
})((window.zmd));
