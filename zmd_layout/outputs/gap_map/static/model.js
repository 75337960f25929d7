/* What the page knows: units, rules, findings, and what follows from them. No drawing. */
(function (zmd) {
  "use strict";

  const WORLD = 256; // pixels of the whole world at zoom 0
  const UNIT = 1e-5; // degrees

  zmd.MARKS = ["shortfall", "reason", "not_assessable", "reported", "pass", "not_applicable"];

  /* Whole 1e-5 degrees → pixels at zoom 0 in Web Mercator. */
  zmd.worldX = function (x) {
    return (WORLD * (x * UNIT + 180)) / 360;
  };
  zmd.worldY = function (y) {
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
  zmd.decodeShape = function (lines) {
    const rings = lines.map(decodeLine);
    const box = { west: Infinity, north: Infinity, east: -Infinity, south: -Infinity };
    rings.forEach(function (ring) {
      for (let i = 0; i < ring.length; i += 2) {
        box.west = Math.min(box.west, ring[i]);
        box.east = Math.max(box.east, ring[i]);
        box.north = Math.min(box.north, ring[i + 1]);
        box.south = Math.max(box.south, ring[i + 1]);
      }
    });
    return { rings: rings, box: box };
  };

  function decodeUnits(encoded) {
    const units = zmd.decodeTable(encoded.table);
    const shapes = encoded.shapes.map(zmd.decodeShape);
    units.shapes = units.shape.map(function (shape) { return shape === null ? null : shapes[shape]; });
    units.wx = units.x.map(function (x) { return x === null ? null : zmd.worldX(x); });
    units.wy = units.y.map(function (y) { return y === null ? null : zmd.worldY(y); });
    return units;
  }

  function groupRows(column, size) {
    const groups = Array.from({ length: size }, function () { return []; });
    column.forEach(function (value, row) { groups[value].push(row); });
    return groups;
  }

  function decodePoints(encoded) {
    const table = zmd.decodeTable(encoded);
    table.wx = table.x.map(zmd.worldX);
    table.wy = table.y.map(zmd.worldY);
    return table;
  }

  zmd.makeModel = function (payload) {
    const units = decodeUnits(payload.units);
    const findings = zmd.decodeTable(payload.findings);
    const byRule = groupRows(findings.rule, payload.rules.length);
    const byUnit = groupRows(findings.unit, units.rows);
    const model = {
      payload: payload,
      units: units,
      rules: payload.rules,
      findings: findings,
      byRule: byRule,
      byUnit: byUnit,
      schools: payload.schools ? decodePoints(payload.schools) : null,
      land: payload.education_land
        ? { facts: zmd.decodeTable(payload.education_land.table), shapes: payload.education_land.shapes.map(zmd.decodeShape) }
        : null,
      population: payload.population
        ? { cell: payload.population.cell, cells: zmd.decodeTable(payload.population.table) }
        : null,
      children: payload.children ? zmd.decodeTable(payload.children) : null,
      sites: payload.suggestions ? decodeSites(payload.suggestions) : null,
    };
    model.closedRows = closedRows(model);
    return model;
  };

  function decodeSites(encoded) {
    const sites = decodePoints(encoded.table);
    sites.closes = encoded.closes;
    sites.catchments = encoded.catchments.map(function (entry) {
      return { site: entry.suggestion, isArea: entry.is_area, shape: zmd.decodeShape(entry.lines) };
    });
    return sites;
  }

  /* The findings that the suggestions would close, with the sites that do. */
  function closedRows(model) {
    const closed = new Map();
    if (!model.sites) return closed;
    model.sites.closes.forEach(function (pairs, site) {
      pairs.forEach(function (pair) {
        model.byRule[pair[0]].forEach(function (row) {
          if (model.findings.unit[row] === pair[1] && !closed.has(row)) closed.set(row, site);
        });
      });
    });
    return closed;
  }

  /* How a finding is drawn, as it is or as it would be with all suggestions carried out. */
  zmd.markOf = function (model, row, after) {
    return after && model.closedRows.has(row) ? "pass" : model.findings.mark[row];
  };

  zmd.countMarks = function (model, rows, after) {
    const counts = {};
    rows.forEach(function (row) {
      const mark = zmd.markOf(model, row, after);
      counts[mark] = (counts[mark] || 0) + 1;
    });
    return counts;
  };

  zmd.kindsOf = function (model, rule) {
    const counts = {};
    model.byRule[rule].forEach(function (row) {
      const kind = model.units.kind[model.findings.unit[row]];
      counts[kind] = (counts[kind] || 0) + 1;
    });
    return Object.keys(counts).sort(function (a, b) { return counts[b] - counts[a]; });
  };

  /* Kinds of unit that can be filled as areas, coarsest first. */
  zmd.areaKinds = function (model) {
    return ["county", "township"].filter(function (kind) {
      return model.units.kind.some(function (k, unit) { return k === kind && model.units.shapes[unit]; });
    });
  };

  /* What is owed under duties in each unit of a kind, the units inside it counted with it. */
  zmd.dutyBalance = function (model, kind, after) {
    const balance = new Map();
    model.units.kind.forEach(function (k, unit) {
      if (k === kind) balance.set(unit, { unit: unit, shortfall: 0, reason: 0, unknown: 0, total: 0 });
    });
    model.findings.rule.forEach(function (_, row) {
      const holder = model.units[kind][model.findings.unit[row]];
      const entry = balance.get(holder);
      if (!entry) return;
      const mark = zmd.markOf(model, row, after);
      const isDuty = model.findings.strength[row] === "duty";
      if (isDuty && mark !== "not_applicable") entry.total += 1;
      if (isDuty && mark === "shortfall") entry.shortfall += 1;
      if (isDuty && mark === "not_assessable") entry.unknown += 1;
      if (mark === "reason") entry.reason += 1;
    });
    return Array.from(balance.values());
  };

  zmd.childrenKeys = function (model, name) {
    const keys = Array.from(new Set(model.children[name]));
    return keys.sort(function (a, b) { return a < b ? -1 : a > b ? 1 : 0; });
  };

  /*
   * Children and seats in a year by unit; one stage, or all (null). A surplus of one stage fills no
   * gap of another: lacking seats are summed over stages. One unknown makes the unit unknown.
   */
  zmd.seatBalance = function (model, kind, stage, year) {
    const table = model.children;
    const balance = new Map();
    for (let row = 0; row < table.rows; row += 1) {
      const unit = table.unit[row];
      const isChosen = table.year[row] === year && (stage === null || table.stage[row] === stage);
      if (!isChosen || model.units.kind[unit] !== kind) continue;
      if (!balance.has(unit)) {
        balance.set(unit, { unit: unit, children: 0, seats: 0, lacking: 0, use: 0, isKnown: true });
      }
      addStage(balance.get(unit), table.children[row], table.seats[row]);
    }
    return Array.from(balance.values());
  };

  function addStage(entry, children, seats) {
    if (children === null || seats === null) {
      entry.isKnown = false;
      return;
    }
    entry.children += children;
    entry.seats += seats;
    entry.lacking += Math.max(0, children - seats);
    const use = seats > 0 ? children / seats : children > 0 ? Infinity : 0;
    entry.use = Math.max(entry.use, use);
  }

  /* Cut positive numbers into at most `steps` classes of about equal number; upper ends. */
  zmd.breaks = function (values, steps) {
    const sorted = values.filter(function (v) { return v > 0; }).sort(function (a, b) { return a - b; });
    const ends = [];
    for (let i = 1; i <= steps; i += 1) {
      const end = sorted[Math.ceil((sorted.length * i) / steps) - 1];
      if (end !== undefined && end !== ends[ends.length - 1]) ends.push(end);
    }
    return ends;
  };

  zmd.isInside = function (shape, x, y) {
    const box = shape.box;
    if (x < box.west || x > box.east || y < box.north || y > box.south) return false;
    let inside = false;
    shape.rings.forEach(function (ring) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        const crosses = ring[i + 1] > y !== ring[j + 1] > y;
        if (crosses && x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]) {
          inside = !inside;
        }
      }
    });
    return inside;
  };
})((window.zmd = window.zmd || {}));
