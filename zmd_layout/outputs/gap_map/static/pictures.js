/*
 * What is shown for a view, before anybody draws it: items to draw, legend, story, table. Map, list,
 * legend and exported picture all read the same object, so that they cannot disagree.
 *
 *   items    [{unit, style, label, rank}]   what is drawn; a larger rank is worse
 *   styles   {name: {fill, shape, symbol, hatch, text, count}}
 *   columns  [{title, isNumber}], rows [{unit, cells, values}]   the list, worst first
 */
(function (zmd) {
  "use strict";

  const SUPPLY_ENDS = { ample: 0.8, balanced: 0.95, tight: 1 }; // shares of use; shown as assumed values
  const STEPS = 4;

  zmd.picture = function (model, state) {
    const base = state.view === "duty" ? dutyPicture(model, state)
      : state.view === "seats" ? seatsPicture(model, state)
      : rulePicture(model, state);
    base.items.sort(function (a, b) { return a.rank - b.rank; });
    base.undrawn = base.items.filter(function (item) { return model.units.wx[item.unit] === null; }).length;
    return base;
  };

  function countStyles(styles, items) {
    Object.keys(styles).forEach(function (name) { styles[name].count = 0; });
    items.forEach(function (item) { styles[item.style].count += 1; });
    return styles;
  }

  function range(from, to) {
    return from === to ? zmd.number(to) : zmd.number(from) + "–" + zmd.number(to);
  }

  function stepStyles(model, ends, unit) {
    const fills = model.payload.steps;
    const styles = { none: { fill: fills[0], text: zmd.text("legend_none"), rank: 1 } };
    const first = STEPS - ends.length;
    ends.forEach(function (end, i) {
      const from = i === 0 ? 1 : ends[i - 1] + 1;
      styles["step" + i] = {
        fill: fills[1 + first + i],
        text: zmd.text("amount", { value: range(Math.min(from, end), end), unit: unit }),
        rank: 10 + i,
      };
    });
    return styles;
  }

  function unknownStyle(model, text) {
    const style = model.payload.styles.not_assessable;
    return { fill: style.fill, hatch: style.hatch, shape: style.shape, symbol: style.symbol, text: text, rank: 2 };
  }

  function stepOf(value, ends) {
    return "step" + ends.findIndex(function (end) { return value <= end; });
  }

  function name(model, unit) {
    return model.units.name[unit] || model.units.id[unit];
  }

  function names(model, units) {
    return units.map(function (unit) { return name(model, unit); }).join(zmd.text("list_comma"));
  }

  /* ---- where most duties are not met ---- */

  function dutyPicture(model, state) {
    const balance = zmd.dutyBalance(model, state.kind, state.after);
    const ends = zmd.breaks(balance.map(function (e) { return e.shortfall; }), STEPS);
    const styles = stepStyles(model, ends, zmd.text("unit_gaps"));
    styles.unknown = unknownStyle(model, zmd.text("legend_no_gap_known"));
    const items = balance.map(function (entry) {
      const style = entry.shortfall > 0 ? stepOf(entry.shortfall, ends) : entry.unknown > 0 ? "unknown" : "none";
      const label = entry.shortfall > 0 ? zmd.number(entry.shortfall) : entry.unknown > 0 ? "?" : "0";
      return { unit: entry.unit, style: style, label: label, rank: entry.shortfall };
    });
    const ordered = balance.slice().sort(function (a, b) {
      return b.shortfall - a.shortfall || b.reason - a.reason || a.unit - b.unit;
    });
    return {
      title: zmd.text("view_duty"),
      about: zmd.text("view_duty_about"),
      story: dutyStory(model, ordered),
      isArea: true,
      items: items,
      styles: countStyles(styles, items),
      columns: [
        { title: zmd.word("unitkind", state.kind) },
        { title: zmd.text("column_duty_gaps"), isNumber: true },
        { title: zmd.text("column_reasons"), isNumber: true },
        { title: zmd.text("column_unknown"), isNumber: true },
      ],
      rows: ordered.map(function (e) {
        const values = [name(model, e.unit), e.shortfall, e.reason, e.unknown];
        return { unit: e.unit, values: values, cells: values.map(String) };
      }),
    };
  }

  function dutyStory(model, ordered) {
    const total = zmd.sum(ordered.map(function (e) { return e.shortfall; }));
    const unknown = zmd.sum(ordered.map(function (e) { return e.unknown; }));
    if (total === 0) return zmd.text("story_duty_none", { unknown: zmd.number(unknown) });
    const worst = ordered.filter(function (e) { return e.shortfall > 0; }).slice(0, 3);
    return zmd.text("story_duty", {
      total: zmd.number(total),
      worst: worst.map(function (e) {
        return zmd.text("story_item", { name: name(model, e.unit), value: zmd.number(e.shortfall) });
      }).join(zmd.text("list_comma")),
      unknown: zmd.number(unknown),
    });
  }

  /* ---- where children have no seat ---- */

  function supplyClass(entry, ends) {
    if (!entry.isKnown) return "unknown";
    if (entry.lacking > 0) return stepOf(entry.lacking, ends);
    if (entry.use < SUPPLY_ENDS.ample) return "ample";
    return entry.use <= SUPPLY_ENDS.balanced ? "balanced" : "tight";
  }

  function supplyStyles(model, ends) {
    const styles = {};
    Object.keys(SUPPLY_ENDS).forEach(function (key, i) {
      styles[key] = { fill: model.payload.supply[key], text: zmd.text("supply_" + key), rank: 1 + i };
    });
    const steps = stepStyles(model, ends, zmd.text("unit_seats"));
    delete steps.none;
    Object.keys(steps).forEach(function (key) {
      steps[key].text = zmd.text("supply_short", { range: steps[key].text });
    });
    return Object.assign(styles, steps, { unknown: unknownStyle(model, zmd.text("mark_not_assessable")) });
  }

  function seatsPicture(model, state) {
    const balance = zmd.seatBalance(model, state.kind, state.stage, state.year);
    const ends = zmd.breaks(balance.map(function (e) { return e.isKnown ? Math.round(e.lacking) : 0; }), 3);
    const items = balance.map(function (e) {
      const lacking = Math.round(e.lacking);
      const rounded = Object.assign({}, e, { lacking: lacking });
      const label = !e.isKnown ? "?" : lacking > 0 ? "−" + zmd.number(lacking) : "";
      return { unit: e.unit, style: supplyClass(rounded, ends), label: label, rank: e.isKnown ? lacking : -1 };
    });
    const ordered = balance.slice().sort(function (a, b) {
      return Number(b.isKnown) - Number(a.isKnown) || b.lacking - a.lacking || b.use - a.use || a.unit - b.unit;
    });
    return {
      title: zmd.text("view_seats_of", { stage: stageName(state.stage), year: state.year }),
      about: zmd.text("view_seats_about"),
      story: seatsStory(model, ordered, state),
      isArea: true,
      items: items,
      styles: countStyles(supplyStyles(model, ends), items),
      columns: [
        { title: zmd.word("unitkind", state.kind) },
        { title: zmd.text("column_lacking"), isNumber: true },
        { title: zmd.text("column_children"), isNumber: true },
        { title: zmd.text("column_seats"), isNumber: true },
        { title: zmd.text("column_use"), isNumber: true },
      ],
      rows: ordered.map(function (e) { return seatsRow(model, e); }),
    };
  }

  function seatsRow(model, entry) {
    const known = entry.isKnown;
    const use = entry.use === Infinity ? "∞" : Math.round(100 * entry.use) + " %";
    const numbers = [Math.round(entry.lacking), Math.round(entry.children), Math.round(entry.seats)];
    return {
      unit: entry.unit,
      values: [name(model, entry.unit)].concat(known ? numbers.concat([entry.use]) : [null, null, null, null]),
      cells: [name(model, entry.unit)].concat(
        known ? numbers.map(zmd.number).concat([use]) : [zmd.text("unknown"), "", "", ""]
      ),
    };
  }

  function stageName(stage) {
    return stage === null ? zmd.text("all_stages") : zmd.word("stage", stage);
  }

  function seatsStory(model, ordered, state) {
    const known = ordered.filter(function (e) { return e.isKnown; });
    const total = Math.round(zmd.sum(known.map(function (e) { return e.lacking; })));
    const values = { year: state.year, stage: stageName(state.stage), total: zmd.number(total) };
    const unknown = ordered.length - known.length;
    const tail = unknown > 0 ? zmd.text("story_units_unknown", { count: zmd.number(unknown) }) : "";
    if (total === 0) return zmd.text("story_seats_none", values) + tail;
    const worst = known.filter(function (e) { return e.lacking >= 0.5; }).slice(0, 3);
    values.worst = worst.map(function (e) {
      return zmd.text("story_item", { name: name(model, e.unit), value: zmd.number(Math.round(e.lacking)) });
    }).join(zmd.text("list_comma"));
    return zmd.text("story_seats", values) + tail;
  }

  /* ---- one rule ---- */

  zmd.verdictLabel = function (model, row, after) {
    const cell = function (column) { return zmd.cell(model.findings, column, row); };
    const mark = zmd.markOf(model, row, after);
    const unit = cell("measure_unit");
    if ((mark === "shortfall" || mark === "reason") && cell("gap") !== null) {
      const key = cell("relation") === "at_most" ? "label_excess" : "label_gap";
      return zmd.text(key, { amount: zmd.amount(cell("gap"), unit) });
    }
    if (mark === "not_assessable" && cell("required") !== null) {
      return zmd.text("label_required", { amount: zmd.amount(cell("required"), unit) });
    }
    if (mark === "reported" && cell("measured") !== null) return zmd.amount(cell("measured"), unit);
    return "";
  };

  function markStyles(model) {
    const styles = {};
    zmd.MARKS.forEach(function (mark, i) {
      styles[mark] = Object.assign({ text: zmd.text("mark_" + mark), rank: zmd.MARKS.length - i }, model.payload.styles[mark]);
    });
    return styles;
  }

  function rulePicture(model, state) {
    const rule = model.rules[state.view];
    const rows = model.byRule[state.view].filter(function (row) {
      return model.units.kind[model.findings.unit[row]] === state.kind;
    });
    const styles = markStyles(model);
    const items = rows.map(function (row) {
      const mark = zmd.markOf(model, row, state.after);
      return {
        unit: model.findings.unit[row],
        row: row,
        style: mark,
        label: zmd.verdictLabel(model, row, state.after),
        rank: styles[mark].rank,
      };
    });
    const ordered = items.slice().sort(function (a, b) {
      return b.rank - a.rank || gapOf(model, b.row) - gapOf(model, a.row) || a.unit - b.unit;
    });
    return {
      title: rule.title[zmd.isZh() ? "zh" : "en"],
      about: rule.strength ? zmd.word("strength", rule.strength) : "",
      story: ruleStory(model, ordered, state),
      rule: state.view,
      isArea: ["city", "county", "township", "village", "planning_unit"].indexOf(state.kind) >= 0,
      items: items,
      styles: countStyles(styles, items),
      columns: [
        { title: zmd.word("unitkind", state.kind) },
        { title: zmd.text("column_verdict") },
        { title: zmd.text("column_measured"), isNumber: true },
        { title: zmd.text("column_required"), isNumber: true },
        { title: zmd.text("column_gap"), isNumber: true },
      ],
      rows: ordered.map(function (item) { return ruleRow(model, item); }),
    };
  }

  function gapOf(model, row) {
    const gap = zmd.cell(model.findings, "gap", row);
    return gap === null ? zmd.cell(model.findings, "required", row) || 0 : gap;
  }

  function ruleRow(model, item) {
    const cell = function (column) { return zmd.cell(model.findings, column, item.row); };
    const show = function (value) { return value === null ? "–" : zmd.number(value); };
    const numbers = [cell("measured"), cell("required"), cell("gap")];
    return {
      unit: item.unit,
      mark: item.style,
      values: [name(model, item.unit), item.rank].concat(numbers),
      cells: [name(model, item.unit), zmd.text("mark_" + item.style)].concat(numbers.map(show)),
    };
  }

  function ruleStory(model, ordered, state) {
    const of = function (mark) {
      return ordered.filter(function (item) { return item.style === mark; });
    };
    const short = of("shortfall").concat(of("reason"));
    const values = {
      all: zmd.number(ordered.length - of("not_applicable").length),
      kind: zmd.word("unitkind", state.kind),
      short: zmd.number(of("shortfall").length),
      reason: zmd.number(of("reason").length),
      unknown: zmd.number(of("not_assessable").length),
      worst: names(model, short.slice(0, 3).map(function (item) { return item.unit; })),
    };
    if (short.length > 0) return zmd.text(of("shortfall").length > 0 ? "story_rule" : "story_rule_reason", values);
    const owed = of("not_assessable").filter(function (item) { return (zmd.cell(model.findings, "required", item.row) || 0) > 0; });
    if (owed.length > 0) {
      const total = zmd.sum(owed.map(function (item) { return model.findings.required[item.row]; }));
      const unit = zmd.cell(model.findings, "measure_unit", owed[0].row);
      return zmd.text("story_rule_owed", Object.assign(values, { owed: zmd.number(owed.length), total: zmd.amount(total, unit) }));
    }
    if (of("not_assessable").length > 0) return zmd.text("story_rule_unknown", values);
    return zmd.text(of("reported").length > 0 ? "story_rule_reported" : "story_rule_none", values);
  }
})((window.zmd = window.zmd || {}));
