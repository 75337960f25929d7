/* What is shown for one rule. */
(function (zmd) {
  "use strict";

  const STORY_PARTS = ["shortfall", "reason", "not_assessable"];

  /* The figure that goes with a verdict: what is missing, in excess, owed or reported. */
  zmd.verdictLabel = (model, row, after) => {
    const cell = (column) => zmd.cell(model.findings, column, row);
    const mark = zmd.markOf(model, row, after);
    const amount = (column) => zmd.amount(cell(column), cell("measure_unit"));
    if ((mark === "shortfall" || mark === "reason") && cell("gap") !== null) {
      const key = cell("relation") === "at_most" ? "label_excess" : "label_gap";
      return zmd.text(key, { amount: amount("gap") });
    }
    if (mark === "not_assessable" && cell("required") !== null) {
      return zmd.text("label_required", { amount: amount("required") });
    }
    return mark === "reported" && cell("measured") !== null ? amount("measured") : "";
  };

  /* The word that an incomplete list gives where nothing is judged: likely short or met. */
  zmd.indicated = (model, row) => {
    const word = zmd.cell(model.findings, "screening", row);
    return word in model.payload.indicated ? word : null;
  };

  zmd.rulePicture = (model, state) => {
    const rule = model.rules[state.view];
    const styles = markStyles(model);
    const found = model.byRule[state.view]
      .filter((row) => model.units.kind[model.findings.unit[row]] === state.kind)
      .map((row) => itemOf(model, row, styles, state.after));
    const isArea = zmd.AREA_KINDS.includes(state.kind);
    const isGrouped = isArea && isNowhere(model, found);
    const items = isGrouped ? byCounty(model, found, styles) : found;
    const ordered = found
      .slice()
      .sort((a, b) => b.rank - a.rank || (b.size || 0) - (a.size || 0) || a.unit - b.unit);
    return {
      title: rule.title[zmd.lang()],
      about: rule.strength ? zmd.word("strength", rule.strength) : "",
      story: ruleStory(model, ordered, state),
      isArea,
      isGrouped,
      isRule: true,
      ...(isArea ? tinted(model, items, styles) : { items, styles }),
      columns: [
        { title: zmd.word("unitkind", state.kind) },
        { title: zmd.text("column_verdict") },
        { title: zmd.text("column_measured"), isNumber: true },
        { title: zmd.text("column_required"), isNumber: true },
        { title: zmd.text("column_gap"), isNumber: true },
      ],
      rows: ordered.map((item) => rowOf(model, item)),
      inner: null,
    };
  };

  function markStyles(model) {
    const styles = {};
    zmd.MARKS.forEach((mark, i) => {
      const text = zmd.text(`mark_${mark}`);
      styles[mark] = { ...model.payload.styles[mark], text, rank: zmd.MARKS.length - i };
    });
    // indications stand beside the verdict that they are none of
    const { rank } = styles.not_assessable;
    Object.keys(model.payload.indicated).forEach((word, i) => {
      const text = zmd.word("screening", word);
      styles[word] = { ...model.payload.indicated[word], text, rank: rank + 0.9 - i / 100 };
    });
    return styles;
  }

  function itemOf(model, row, styles, after) {
    const mark = zmd.markOf(model, row, after);
    const style = mark === "not_assessable" ? zmd.indicated(model, row) || mark : mark;
    return {
      unit: model.findings.unit[row],
      row,
      mark,
      style,
      label: zmd.verdictLabel(model, row, after),
      rank: styles[style].rank,
      size: sizeOf(model, row, mark),
      measureUnit: zmd.cell(model.findings, "measure_unit", row),
    };
  }

  /* ---- units that have no shape are drawn with their county ---- */

  function isNowhere(model, items) {
    const { units } = model;
    const hasCounty = (item) => {
      const county = units.county[item.unit];
      return county >= 0 && county !== item.unit && units.wx[county] !== null;
    };
    return items.every((item) => units.wx[item.unit] === null) && items.some(hasCounty);
  }

  function byCounty(model, items, styles) {
    const groups = new Map();
    items.forEach((item) => {
      const county = model.units.county[item.unit];
      if (county >= 0) groups.set(county, (groups.get(county) || []).concat(item));
    });
    return Array.from(groups, ([county, inside]) => groupOf(county, inside, styles));
  }

  /* A county shows the gravest verdict inside it, and in how many units it stands. */
  function groupOf(county, inside, styles) {
    const worst = inside.reduce((a, b) => (b.rank > a.rank ? b : a));
    const alike = inside.filter((item) => item.style === worst.style);
    const owed = zmd.sum(alike.map((item) => item.size || 0));
    const isOwed = worst.style === "not_assessable" && owed > 0;
    const label = isOwed
      ? zmd.text("label_required", { amount: zmd.amount(owed, worst.measureUnit) })
      : zmd.text("label_group", { count: zmd.number(alike.length) });
    const size = isOwed ? owed : null; // figures of other verdicts are no sums
    return { ...worst, unit: county, size, label, rank: styles[worst.style].rank };
  }

  /* ---- where nothing is judged, areas are tinted by what is owed or reported ---- */

  function tinted(model, items, styles) {
    const plainly = { items, styles };
    if (items.some((item) => ["shortfall", "reason", "pass"].includes(item.style))) return plainly;
    const byOwed = tint(plainly, "not_assessable", model.payload.owed);
    return tint(byOwed, "reported", model.payload.figures);
  }

  /* Split one style into steps by size, where there are sizes to tell apart. */
  function tint(drawn, mark, fills) {
    const { items, styles } = drawn;
    const isSized = (item) => item.style === mark && item.size !== null;
    const sized = items.filter((item) => isSized(item) && item.size > 0);
    const classes = zmd.classes(
      sized.map((item) => item.size),
      fills.length,
    );
    if (classes.length < 2) return drawn;
    const steps = zmd.stepStyles(classes, fills, zmd.word("unit", sized[0].measureUnit));
    const tints = {};
    Object.keys(steps).forEach((key, i) => {
      const text = zmd.text(`legend_${mark}`, { range: steps[key].text });
      const rank = styles[mark].rank + (i + 1) / 10;
      tints[mark + key] = { ...styles[mark], fill: steps[key].fill, text, rank };
    });
    const restyled = items.map((item) =>
      isSized(item) ? { ...item, style: mark + zmd.stepOf(item.size, classes) } : item,
    );
    return { items: restyled, styles: { ...styles, ...tints } };
  }

  const SIZES = { not_assessable: "required", reported: "measured" };

  /* What makes one unit weigh more than another of the same verdict; null where unknown. */
  function sizeOf(model, row, mark) {
    return zmd.cell(model.findings, SIZES[mark] || "gap", row);
  }

  function rowOf(model, item) {
    const figures = ["measured", "required", "gap"].map((column) =>
      zmd.cell(model.findings, column, item.row),
    );
    const name = zmd.unitName(model, item.unit);
    const show = (value) => (value === null ? "–" : zmd.number(value));
    return {
      unit: item.unit,
      mark: item.style,
      values: [name, item.rank, ...figures],
      cells: [name, styleText(model, item), ...figures.map(show)],
    };
  }

  function styleText(model, item) {
    const isIndicated = item.style in model.payload.indicated;
    return isIndicated ? zmd.word("screening", item.style) : zmd.text(`mark_${item.mark}`);
  }

  /* ---- story ---- */

  function ruleStory(model, ordered, state) {
    const of = (mark) => ordered.filter((item) => item.mark === mark);
    const name = (item) => zmd.unitName(model, item.unit);
    const short = of("shortfall").concat(of("reason"));
    const values = {
      all: zmd.number(ordered.length - of("not_applicable").length),
      kind: zmd.word("unitkind", state.kind),
      unknown: zmd.number(of("not_assessable").length),
      parts: STORY_PARTS.filter((mark) => of(mark).length > 0)
        .map((mark) => zmd.text(`story_part_${mark}`, { count: zmd.number(of(mark).length) }))
        .join(zmd.text("list_comma_between")),
      worst: short.slice(0, 3).map(name).join(zmd.text("list_comma")),
    };
    if (ordered.length === 1) return oneStory(name(ordered[0]), ordered[0]);
    if (short.length > 0) return zmd.text("story_rule", values) + indicatedStory(ordered);
    if (of("not_assessable").length > 0) {
      return unknownStory(of("not_assessable"), values) + indicatedStory(ordered);
    }
    return zmd.text(of("reported").length > 0 ? "story_rule_reported" : "story_rule_none", values);
  }

  /* How many units an incomplete list gives a word for; no verdicts, and never summed with any. */
  function indicatedStory(ordered) {
    const of = (word) => ordered.filter((item) => item.style === word).length;
    const [short, met] = [of("likely_short"), of("likely_met")];
    if (short + met === 0) return "";
    return zmd.text("story_indicated", { short: zmd.number(short), met: zmd.number(met) });
  }

  function oneStory(name, item) {
    const verdict = [zmd.text(`mark_${item.mark}`), item.label].filter(Boolean).join(" ");
    return zmd.text("story_rule_one", { name, verdict });
  }

  /* Where the present state is unknown, the demand alone still says what is owed. */
  function unknownStory(unknown, values) {
    const owing = unknown.filter((item) => (item.size || 0) > 0);
    if (owing.length === 0) return zmd.text("story_rule_unknown", values);
    const total = zmd.amount(zmd.sum(owing.map((item) => item.size)), owing[0].measureUnit);
    return zmd.text("story_rule_owed", { ...values, owed: zmd.number(owing.length), total });
  }
})((window.zmd));
