/*
 * What is shown for a view, before anybody draws it: items to draw, legend, story, table. Map, list,
 * legend and exported picture all read the same object, so that they cannot disagree.
 *
 *   items    [{unit, style, label, rank}]   what is drawn; a larger rank is worse. Units without a
 *            shape are drawn with their county where all are so (isGrouped)
 *   styles   {name: {fill, shape, symbol, hatch, text, rank, count}}
 *   columns  [{title, isNumber}], rows [{unit, cells, values, bar}]   the list, worst first
 */
(function (zmd) {
  "use strict";

  const STEPS = 4;
  const VERY_SHORT = "short2"; // beyond the last bound

  const PAINTERS = {
    duty: dutyPicture,
    seats: seatsPicture,
    completeness: (model, state) => zmd.completenessPicture(model, state),
    stability: (model, state) => zmd.stabilityPicture(model, state),
  };

  zmd.picture = (model, state) => {
    const paint = PAINTERS[state.view] || zmd.rulePicture;
    const picture = paint(model, state);
    const counts = zmd.countBy(picture.items, (item) => item.style);
    Object.keys(picture.styles).forEach((name) => {
      picture.styles[name].count = counts[name] || 0;
    });
    picture.items.sort((a, b) => a.rank - b.rank);
    picture.undrawn = picture.rows.filter((row) => isUndrawn(model, row.unit)).length;
    return picture;
  };

  /* A unit without an id stands for a layer that is missing; there is nothing to draw. */
  function isUndrawn(model, unit) {
    return model.units.wx[unit] === null && model.units.id[unit] !== "";
  }

  zmd.unitName = (model, unit) =>
    model.units.name[unit] || model.units.id[unit] || zmd.text("unit_missing");

  zmd.numberColumns = (kind, keys) => [
    { title: zmd.word("unitkind", kind) },
    ...keys.map((key) => ({
      title: zmd.text(`column_${key}`),
      isNumber: true,
      isLoose: key === "tightest", // holds a word, which may stand above its number
    })),
  ];

  function range(from, to) {
    return from === to ? zmd.number(to) : `${zmd.number(from)}–${zmd.number(to)}`;
  }

  /* Steps of one colour, spread over those there are; a single one is of middling strength. */
  zmd.stepStyles = (classes, fills, unit) => {
    const styles = {};
    classes.forEach(({ from, to }, i) => {
      styles[`step${i}`] = {
        fill: fills[spread(i, classes.length, fills.length)],
        text: zmd.text("amount", { value: range(from, to), unit }),
        rank: 10 + i,
      };
    });
    return styles;
  };

  function spread(i, count, length) {
    return count === 1 ? Math.ceil(length / 2) : Math.round((i * (length - 1)) / (count - 1));
  }

  zmd.stepOf = (value, classes) => `step${classes.findIndex(({ to }) => value <= to)}`;

  function unknownStyle(model, text) {
    return { ...model.payload.styles.not_assessable, text, rank: 2 };
  }

  function worstThree(model, entries, figureOf) {
    const items = entries.slice(0, 3).map((entry) => {
      const value = zmd.number(figureOf(entry));
      return zmd.text("story_item", { name: zmd.unitName(model, entry.unit), value });
    });
    return items.join(zmd.text("list_comma"));
  }

  /* ---- where most duties are not met ---- */

  const DUTY_COLUMNS = ["duty_gaps", "reasons", "unknown"];

  function dutyPicture(model, state) {
    const balance = zmd.dutyBalance(model, state.kind, state.after);
    const ordered = orderedDuties(balance);
    const classes = zmd.classes(
      ordered.map((entry) => entry.shortfall),
      STEPS,
    );
    return {
      title: zmd.text("view_duty"),
      about: zmd.text("view_duty_about"),
      story: dutyStory(model, ordered, state, balance.outside),
      isArea: true,
      items: ordered.map((entry) => dutyItem(entry, classes)),
      styles: {
        none: { fill: model.payload.steps[0], text: zmd.text("legend_none"), rank: 1 },
        ...zmd.stepStyles(classes, model.payload.steps.slice(1), zmd.text("count_gaps")),
        unknown: unknownStyle(model, zmd.text("legend_no_gap_known")),
        nothing: {
          ...model.payload.styles.not_applicable,
          text: zmd.text("legend_no_duty"),
          rank: 0,
        },
      },
      columns: zmd.numberColumns(state.kind, DUTY_COLUMNS),
      rows: dutyRows(model, ordered),
      inner: state.kind === "county" ? innerDuties(model, state) : null,
    };
  }

  function orderedDuties(balance) {
    return balance.entries.sort(
      (a, b) => b.shortfall - a.shortfall || b.reason - a.reason || a.unit - b.unit,
    );
  }

  function dutyItem(entry, classes) {
    const item = { unit: entry.unit, rank: entry.shortfall };
    if (entry.shortfall > 0) {
      return {
        ...item,
        style: zmd.stepOf(entry.shortfall, classes),
        label: zmd.number(entry.shortfall),
      };
    }
    if (entry.unknown > 0) {
      const label = zmd.text("label_unknown", { count: zmd.number(entry.unknown) });
      return { ...item, style: "unknown", label };
    }
    return entry.total > 0
      ? { ...item, style: "none", label: "" }
      : { ...item, style: "nothing", label: "" };
  }

  function dutyRows(model, ordered) {
    const most = ordered.length ? ordered[0].shortfall : 0;
    return ordered.map((entry) => {
      const figures = [entry.shortfall, entry.reason, entry.unknown];
      const name = zmd.unitName(model, entry.unit);
      return {
        unit: entry.unit,
        values: [name, ...figures],
        cells: [name, ...figures.map(zmd.number)],
        bar: most ? entry.shortfall / most : 0,
      };
    });
  }

  function innerDuties(model, state) {
    const balance = zmd.dutyBalance(model, "township", state.after);
    const worst = orderedDuties(balance).filter((entry) => entry.shortfall > 0);
    return zmd.innerList(dutyRows(model, worst), DUTY_COLUMNS);
  }

  zmd.innerList = (rows, columns) =>
    rows.length ? { rows, columns: zmd.numberColumns("township", columns) } : null;

  function dutyStory(model, ordered, state, outside) {
    const kind = zmd.word("unitkind", state.kind);
    const total = zmd.sum(ordered.map((entry) => entry.shortfall));
    const unknown = zmd.sum(ordered.map((entry) => entry.unknown));
    const worst = ordered.filter((entry) => entry.shortfall > 0);
    const values = {
      total: zmd.number(total),
      worst: worstThree(model, worst, (entry) => entry.shortfall),
    };
    return [
      zmd.text(total > 0 ? "story_duty" : "story_duty_none", values),
      outside > 0 ? zmd.text("story_duty_outside", { count: zmd.number(outside), kind }) : "",
      unknown > 0 ? zmd.text("story_duty_unknown", { count: zmd.number(unknown) }) : "",
    ].join("");
  }

  /* ---- where children have no seat ---- */

  const SEAT_COLUMNS = ["lacking", "children", "seats", "use"];
  const OVERVIEW_COLUMNS = ["lacking", "children", "seats", "tightest"];

  function seatsPicture(model, state) {
    const ordered = orderedSeats(model, state.kind, state);
    return {
      title: zmd.text("view_seats_of", { stage: stageName(state.stage), year: state.year }),
      about: zmd.text("view_seats_about"),
      story: seatsStory(model, ordered, state),
      isArea: true,
      isBorn: ordered.every((entry) => entry.isBorn),
      items: ordered.map((entry) => seatsItem(model, entry)),
      styles: supplyStyles(model),
      columns: zmd.numberColumns(state.kind, seatColumns(state)),
      rows: seatsRows(model, ordered, state),
      inner: state.kind === "county" ? innerSeats(model, state) : null,
    };
  }

  function seatColumns(state) {
    return state.stage === null ? OVERVIEW_COLUMNS : SEAT_COLUMNS;
  }

  function orderedSeats(model, kind, state) {
    return zmd
      .seatBalance(model, { ...state, kind })
      .sort(
        (a, b) =>
          Number(b.isKnown) - Number(a.isKnown) ||
          b.lacking - a.lacking ||
          b.use - a.use ||
          a.unit - b.unit,
      );
  }

  /* Children ÷ seats, in the same classes for every stage, year and unit: a bound is of the lower. */
  function supplyClass({ uses }, entry) {
    if (!entry.isKnown) return "unknown";
    return Object.keys(uses).find((name) => entry.use <= uses[name]) || VERY_SHORT;
  }

  function seatsItem(model, entry) {
    const lacking = entry.lacking > 0 ? `−${zmd.number(zmd.about(entry.lacking))}` : "";
    return {
      unit: entry.unit,
      style: supplyClass(model.payload, entry),
      label: entry.isKnown ? lacking : "?",
      rank: entry.isKnown ? entry.lacking : -1,
    };
  }

  function supplyStyles(model) {
    const { supply, short, uses } = model.payload;
    const fills = { ...supply, short0: short[0], short1: short[1], [VERY_SHORT]: short[2] };
    const ends = Object.fromEntries(Object.entries(uses).map(([name, end]) => [name, Math.round(100 * end)]));
    const styles = {};
    Object.keys(fills).forEach((key, i) => {
      styles[key] = { fill: fills[key], text: zmd.text(`supply_${key}`, ends), rank: 1 + i };
    });
    styles.unknown = unknownStyle(model, zmd.text("mark_not_assessable"));
    return styles;
  }

  function seatsRows(model, ordered, state) {
    const most = ordered.length ? ordered[0].lacking : 0;
    return ordered.map((entry) => {
      const name = zmd.unitName(model, entry.unit);
      if (!entry.isKnown) {
        const cells = [name, zmd.text("unknown"), zmd.number(entry.children), "", ""];
        const values = [name, null, entry.children, null, null];
        return { unit: entry.unit, values, cells, bar: 0 };
      }
      const figures = [entry.lacking, entry.children, entry.seats];
      const share = entry.use === Infinity ? "∞" : `${Math.round(100 * entry.use)}%`;
      const tightest = state.stage === null ? `${zmd.word("stageshort", entry.tightest)} ` : "";
      const use = tightest + share;
      return {
        unit: entry.unit,
        values: [name, ...figures, entry.use],
        cells: [name, ...[zmd.about(entry.lacking), ...figures.slice(1)].map(zmd.number), use],
        bar: most ? entry.lacking / most : 0,
      };
    });
  }

  function innerSeats(model, state) {
    const worst = orderedSeats(model, "township", state).filter((e) => e.isKnown && e.lacking > 0);
    return zmd.innerList(seatsRows(model, worst, state), seatColumns(state));
  }

  function stageName(stage) {
    return stage === null ? zmd.text("summed_stages") : zmd.word("stage", stage);
  }

  function seatsStory(model, ordered, state) {
    const known = ordered.filter((entry) => entry.isKnown);
    const count = ordered.length - known.length;
    const tail = count > 0 ? zmd.text("story_units_unknown", { count: zmd.number(count) }) : "";
    const worst = known.filter((entry) => entry.lacking > 0);
    const values = {
      year: state.year,
      stage: stageName(state.stage),
      total: zmd.number(zmd.about(zmd.sum(known.map((entry) => entry.lacking)))),
      worst: worstThree(model, worst, (entry) => zmd.about(entry.lacking)),
    };
    if (known.length === 0) return zmd.text("story_seats_unknown", values);
    const head = state.after ? zmd.text("story_after") : "";
    const text = zmd.text(worst.length ? "story_seats" : "story_seats_none", values);
    return head + text + (worst.length && !state.after ? untilWhen(model, state) : "") + tail;
  }

  /* Until when units lack seats of a stage, for a shortage that ends is met by other means. */
  function untilWhen(model, { stage, kind, year }) {
    if (stage === null) return "";
    const short = zmd.stageCourse(model, stage, kind).filter(({ lacking }) => lacking > 0);
    const last = Math.max(...short.map((point) => point.year));
    const isToTheEnd = last === model.years[model.years.length - 1];
    if (isToTheEnd || last <= year) return isToTheEnd ? zmd.text("story_seats_on", { last }) : "";
    return zmd.text("story_seats_until", { last, then: last + 1 });
  }
})((window.zmd));
