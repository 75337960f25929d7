/* What the page knows: units, rules, findings, and what follows from them. No drawing. */
(function (zmd) {
  "use strict";

  const WORLD = 256; // pixels of the whole world at zoom 0
  const UNIT = 1e-5; // degrees

  zmd.STAGES = ["kindergarten", "primary", "junior", "senior", "vocational", "special"];
  /*
   * Stages whose children all need a seat. Of those of 15 to 17 years many go to vocational schools,
   * so that the senior stage is shown by itself and never summed up with the others.
   */
  zmd.SUMMED_STAGES = ["kindergarten", "primary", "junior"];
  zmd.AREA_KINDS = ["city", "county", "township", "village", "planning_unit"];
  zmd.MARKS = ["shortfall", "reason", "not_assessable", "reported", "pass", "not_applicable"];

  /* Whole 1e-5 degrees → pixels at zoom 0 in Web Mercator. */
  zmd.worldX = (x) => (WORLD * (x * UNIT + 180)) / 360;
  zmd.worldY = (y) => {
    const sine = Math.sin((y * UNIT * Math.PI) / 180);
    return WORLD * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI));
  };

  function decodeLine(steps) {
    const points = new Float64Array(steps.length);
    let x = 0;
    let y = 0;
    for (let i = 0; i < steps.length; i += 2) {
      x += steps[i];
      y += steps[i + 1];
      points[i] = zmd.worldX(x);
      points[i + 1] = zmd.worldY(y);
    }
    return points;
  }

  /* Rings and the box around them. */
  zmd.decodeShape = (lines) => {
    const rings = lines.map(decodeLine);
    const box = { west: Infinity, north: Infinity, east: -Infinity, south: -Infinity };
    rings.forEach((ring) => {
      for (let i = 0; i < ring.length; i += 2) {
        box.west = Math.min(box.west, ring[i]);
        box.east = Math.max(box.east, ring[i]);
        box.north = Math.min(box.north, ring[i + 1]);
        box.south = Math.max(box.south, ring[i + 1]);
      }
    });
    return { rings, box };
  };

  function decodeUnits(encoded) {
    const units = zmd.decodeTable(encoded.table);
    const shapes = encoded.shapes.map(zmd.decodeShape);
    units.shapes = units.shape.map((shape) => (shape === null ? null : shapes[shape]));
    units.wx = units.x.map((x) => (x === null ? null : zmd.worldX(x)));
    units.wy = units.y.map((y) => (y === null ? null : zmd.worldY(y)));
    return units;
  }

  function groupRows(column, size) {
    const groups = Array.from({ length: size }, () => []);
    column.forEach((value, row) => {
      groups[value].push(row);
    });
    return groups;
  }

  function decodePoints(encoded) {
    const table = zmd.decodeTable(encoded);
    table.wx = table.x.map(zmd.worldX);
    table.wy = table.y.map(zmd.worldY);
    return table;
  }

  zmd.makeModel = (payload) => {
    const units = decodeUnits(payload.units);
    const findings = zmd.decodeTable(payload.findings);
    const byRule = groupRows(findings.rule, payload.rules.length);
    const byUnit = groupRows(findings.unit, units.rows);
    const model = {
      payload,
      units,
      rules: payload.rules,
      findings,
      byRule,
      byUnit,
      schools: payload.schools ? decodePoints(payload.schools) : null,
      land: payload.education_land
        ? {
            facts: zmd.decodeTable(payload.education_land.table),
            shapes: payload.education_land.shapes.map(zmd.decodeShape),
          }
        : null,
      roads: payload.road_health
        ? {
            facts: decodePoints(payload.road_health.table),
            shapes: payload.road_health.shapes.map(zmd.decodeShape),
          }
        : null,
      population: payload.population
        ? { cell: payload.population.cell, cells: zmd.decodeTable(payload.population.table) }
        : null,
      children: payload.children ? zmd.decodeTable(payload.children) : null,
      completeness: payload.completeness ? decodeCompleteness(payload.completeness) : null,
      sites: payload.suggestions ? decodeSites(payload.suggestions, units) : null,
    };
    model.years = model.children ? Array.from(new Set(model.children.year)).sort() : [];
    model.closedRows = closedRows(model);
    return model;
  };

  function decodeCompleteness({ table, least }) {
    return { ...zmd.decodeTable(table), least };
  }

  function decodeSites({ table, closes, catchments }, units) {
    const sites = decodePoints(table);
    sites.closes = closes;
    sites.within = {};
    ["county", "township"].forEach((kind) => {
      const areas = units.kind.map((k, unit) => (k === kind && units.shapes[unit] ? unit : -1));
      const known = areas.filter((unit) => unit >= 0);
      const holderOf = (x, i) =>
        known.find((unit) => zmd.isInside(units.shapes[unit], x, sites.wy[i]));
      sites.within[kind] = sites.wx.map(holderOf);
    });
    sites.catchments = catchments.map(({ suggestion, is_area, lines }) => ({
      site: suggestion,
      isArea: is_area,
      shape: zmd.decodeShape(lines),
    }));
    return sites;
  }

  /* The findings that the suggestions would close, with the sites that do. */
  function closedRows({ sites, byRule, findings }) {
    const closed = new Map();
    if (!sites) return closed;
    sites.closes.forEach((pairs, site) => {
      pairs.forEach((pair) => {
        byRule[pair[0]].forEach((row) => {
          if (findings.unit[row] === pair[1] && !closed.has(row)) closed.set(row, site);
        });
      });
    });
    return closed;
  }

  /* How a finding is drawn, as it is or as it would be with all suggestions carried out. */
  zmd.markOf = (model, row, after) =>
    after && model.closedRows.has(row) ? "pass" : model.findings.mark[row];

  /* The kinds of unit of a rule: those that are judged before those only reported on. */
  zmd.kindsOf = (model, rule) => {
    const kindOf = (row) => model.units.kind[model.findings.unit[row]];
    const rows = model.byRule[rule];
    const counts = zmd.countBy(rows, kindOf);
    const judged = new Set(
      rows.filter((row) => model.findings.mark[row] !== "reported").map(kindOf),
    );
    return Object.keys(counts).sort(
      (a, b) => Number(judged.has(b)) - Number(judged.has(a)) || counts[b] - counts[a],
    );
  };

  /* Kinds of unit that can be filled as areas, coarsest first. */
  zmd.areaKinds = ({ units }) =>
    ["county", "township"].filter((kind) =>
      units.kind.some((k, unit) => k === kind && units.shapes[unit]),
    );

  /*
   * What is owed under duties in each unit of a kind, the units inside it counted with it; and
   * `outside`, the shortfalls of units that lie in none (of the whole city, or without a place).
   */
  zmd.dutyBalance = (model, kind, after) => {
    const { units, findings } = model;
    const balance = new Map();
    units.kind.forEach((k, unit) => {
      if (k === kind) balance.set(unit, { unit, shortfall: 0, reason: 0, unknown: 0, total: 0 });
    });
    let outside = 0;
    findings.unit.forEach((unit, row) => {
      const mark = zmd.markOf(model, row, after);
      const isDuty = findings.strength[row] === "duty";
      const entry = balance.get(units[kind][unit]);
      if (entry) count(entry, mark, isDuty);
      else if (isDuty && mark === "shortfall") outside += 1;
    });
    return { entries: Array.from(balance.values()), outside };
  };

  function count(entry, mark, isDuty) {
    if (mark === "reason") entry.reason += 1;
    if (!isDuty) return;
    if (mark !== "not_applicable") entry.total += 1;
    if (mark === "shortfall") entry.shortfall += 1;
    if (mark === "not_assessable") entry.unknown += 1;
  }

  /*
   * Children and seats in a year by unit; one stage, or those of `SUMMED_STAGES` (null). A surplus
   * of one stage fills no gap of another: lacking seats are summed over stages. One unknown makes the
   * unit unknown. `after`: with the seats of the suggested sites that are open by then.
   */
  zmd.seatBalance = (model, { kind, stage, year, after }) => {
    const { units, children: table } = model;
    const stages = stage === null ? zmd.SUMMED_STAGES : [stage];
    const added = after ? addedSeats(model, kind, year) : new Map();
    const balance = new Map();
    for (let row = 0; row < table.rows; row += 1) {
      const unit = table.unit[row];
      const isChosen = table.year[row] === year && stages.includes(table.stage[row]);
      if (!isChosen || units.kind[unit] !== kind) continue;
      if (!balance.has(unit)) balance.set(unit, emptyBalance(unit));
      addStage(balance.get(unit), table, row, added.get(`${unit} ${table.stage[row]}`) || 0);
    }
    return Array.from(balance.values());
  };

  function emptyBalance(unit) {
    const figures = { children: 0, seats: 0, lacking: 0, use: 0, tightest: null };
    return { unit, ...figures, isKnown: true, isBorn: true };
  }

  function addStage(entry, table, row, added) {
    if (zmd.cell(table, "is_born", row) === false) entry.isBorn = false;
    const children = zmd.people(table, row);
    entry.children = children === null || entry.children === null ? null : entry.children + children;
    if (children === null || table.seats[row] === null) {
      entry.isKnown = false;
      return;
    }
    const seats = Math.round(table.seats[row] + added);
    entry.seats += seats;
    entry.lacking += Math.max(0, children - seats);
    const use = seats > 0 ? children / seats : children > 0 ? Infinity : 0;
    if (entry.tightest === null || use > entry.use) {
      entry.use = use;
      entry.tightest = table.stage[row];
    }
  }

  /* The seats of the suggested sites open in a year, by `unit stage`. */
  function addedSeats({ sites }, kind, year) {
    const added = new Map();
    if (!sites) return added;
    (sites.within[kind] || []).forEach((unit, site) => {
      const opens = zmd.cell(sites, "opens_in", site);
      const until = zmd.cell(sites, "until_year", site);
      // shared seats stand already; those of an action that has ended are gone
      const action = zmd.cell(sites, "action", site);
      if (action === "share" || action === "board" || (until && until < year)) return;
      const seats = zmd.cell(sites, "seats", site);
      if (unit === undefined || seats === null || (opens !== null && opens > year)) return;
      const key = `${unit} ${zmd.cell(sites, "stage", site)}`;
      added.set(key, (added.get(key) || 0) + seats);
    });
    return added;
  }

  /*
   * Children of a row as precisely as they are known: those born to ten; scenarios of the unborn to
   * a thousand, or to a hundred where there are few. Unknown is null.
   */
  zmd.people = (table, row) => {
    const value = table.children[row];
    if (value === null) return null;
    const isBorn = zmd.cell(table, "is_born", row) !== false;
    return toStep(value, isBorn ? 10 : value >= 5000 ? 1000 : 100);
  };

  /* Lacking seats as a reader may take them: to ten, from a thousand on to a hundred. */
  zmd.about = (value) => toStep(value, value >= 1000 ? 100 : 10) || value;

  function toStep(value, step) {
    return step * Math.round(value / step);
  }

  /* Up to a number that is easily read: two digits, the rest noughts. */
  function roundedUp(value) {
    const unit = Math.pow(10, Math.max(0, Math.floor(Math.log10(value)) - 1));
    return Math.ceil(value / unit) * unit;
  }

  /*
   * Cut positive numbers into at most `steps` classes {from, to}: each number its own where they
   * are few, else classes of about equal size with rounded ends.
   */
  zmd.classes = (values, steps) => {
    const sorted = values.filter((value) => value > 0).sort((a, b) => a - b);
    const distinct = Array.from(new Set(sorted));
    if (distinct.length <= steps) return distinct.map((value) => ({ from: value, to: value }));
    const ends = new Set();
    for (let i = 1; i <= steps; i += 1) {
      ends.add(roundedUp(sorted[Math.ceil((sorted.length * i) / steps) - 1]));
    }
    const tos = Array.from(ends);
    const step = sorted.every(Number.isInteger) ? 1 : 0; // whole numbers leave a gap between classes
    return tos.map((to, i) => ({ from: i === 0 ? step : tos[i - 1] + step, to }));
  };

  zmd.isInside = (shape, x, y) => {
    const box = shape.box;
    if (x < box.west || x > box.east || y < box.north || y > box.south) return false;
    let inside = false;
    shape.rings.forEach((ring) => {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        const crosses = ring[i + 1] > y !== ring[j + 1] > y;
        if (
          crosses &&
          x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]
        ) {
          inside = !inside;
        }
      }
    });
    return inside;
  };
})((window.zmd));
