/* How many of the schools that must exist are known: below a share none is called missing. */
(function (zmd) {
  "use strict";

  const COLUMNS = ["share", "known_of", "stage"];
  const FEW = 0.5; // less than half: drawn darker

  zmd.completenessPicture = (model, state) => {
    const ordered = worstStages(model, state.kind);
    const least = percent(model.completeness.least);
    const { not_assessable } = model.payload.styles;
    const [, some, few] = model.payload.owed;
    return {
      title: zmd.text("view_completeness"),
      about: zmd.text("view_completeness_about"),
      story: story(model, ordered, least),
      isArea: true,
      items: ordered.map((entry) => item(entry)),
      styles: {
        enough: {
          fill: model.payload.figures[1],
          text: zmd.text("completeness_enough", { least }),
          rank: 1,
        },
        some: { ...not_assessable, fill: some, text: zmd.text("completeness_some", { least }), rank: 2 },
        few: { ...not_assessable, fill: few, text: zmd.text("completeness_few"), rank: 3 },
      },
      columns: zmd.numberColumns(state.kind, COLUMNS),
      rows: ordered.map((entry) => row(model, entry)),
      inner: null,
    };
  };

  /* The kinds of unit of which something is expected. */
  zmd.completenessKinds = ({ completeness, units }) => {
    const kinds = new Set(completeness.unit.map((unit) => units.kind[unit]));
    return ["county", "township"].filter((kind) => kinds.has(kind));
  };

  /* Each unit with the stage of which the smallest share is known, the smallest first. */
  function worstStages({ completeness, units }, kind) {
    const worst = new Map();
    completeness.unit.forEach((unit, i) => {
      if (units.kind[unit] !== kind) return;
      const share = completeness.share[i];
      if (worst.has(unit) && worst.get(unit).share <= share) return;
      const figures = { known: completeness.known[i], expected: completeness.expected[i] };
      const isShort = completeness.is_short[i];
      worst.set(unit, { unit, share, stage: completeness.stage[i], isShort, ...figures });
    });
    return Array.from(worst.values()).sort((a, b) => a.share - b.share || a.unit - b.unit);
  }

  /* Rounded down: what lacks one school is never all of them. */
  function percent(share) {
    return `${Math.floor(100 * share + 1e-9)}%`;
  }

  function item(entry) {
    const style = entry.isShort ? (entry.share < FEW ? "few" : "some") : "enough";
    return { unit: entry.unit, style, label: percent(entry.share), rank: 1 - entry.share };
  }

  function row(model, entry) {
    const name = zmd.unitName(model, entry.unit);
    const known = `${zmd.number(entry.known)}/${zmd.number(entry.expected)}`;
    const stage = zmd.word("stage", entry.stage);
    return {
      unit: entry.unit,
      values: [name, entry.share, entry.known, stage],
      cells: [name, percent(entry.share), known, stage],
      bar: 1 - entry.share,
    };
  }

  function story(model, ordered, least) {
    const short = ordered.filter((entry) => entry.isShort);
    if (short.length === 0) return zmd.text("story_completeness_none", { least });
    const named = short.slice(0, 3).map((entry) => {
      const value = `${zmd.word("stage", entry.stage)} ${percent(entry.share)}`;
      return zmd.text("story_item", { name: zmd.unitName(model, entry.unit), value });
    });
    const values = { count: zmd.number(short.length), least, worst: named.join(zmd.text("list_comma")) };
    return zmd.text("story_completeness", values);
  }
})((window.zmd));
