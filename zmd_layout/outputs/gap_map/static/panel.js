/* The panel of a chosen unit, school or site: every verdict with its clause and its numbers. */
(function (zmd) {
  "use strict";

  function lang() {
    return zmd.isZh() ? "zh" : "en";
  }

  zmd.renderPanel = function (app) {
    const isSite = app.state.site !== null;
    const isUnit = !isSite && app.state.selected !== null;
    zmd.byId("zmd-unit").hidden = !(isSite || isUnit);
    zmd.byId("zmd-list-pane").hidden = isSite || isUnit;
    if (isSite) zmd.fill(zmd.byId("zmd-unit"), sitePanel(app, app.state.site));
    else if (isUnit) zmd.fill(zmd.byId("zmd-unit"), unitPanel(app, app.state.selected));
  };

  function backButton(app) {
    const button = zmd.el("button", { type: "button", class: "back" }, zmd.text("back_to_list"));
    button.addEventListener("click", function () { app.set({ selected: null, site: null }); });
    return button;
  }

  function pairs(entries) {
    const known = entries.filter(function (entry) { return entry && entry[1] !== null && entry[1] !== ""; });
    return zmd.el("dl", {}, known.reduce(function (all, entry) {
      return all.concat([zmd.el("dt", {}, entry[0]), zmd.el("dd", {}, entry[1])]);
    }, []));
  }

  /* ---- a unit ---- */

  function unitPanel(app, unit) {
    const model = app.model;
    const units = model.units;
    const rows = model.byUnit[unit].slice().sort(function (a, b) {
      return zmd.MARKS.indexOf(zmd.markOf(model, a, app.state.after)) - zmd.MARKS.indexOf(zmd.markOf(model, b, app.state.after)) || a - b;
    });
    const chosen = rows.filter(function (row) { return model.findings.rule[row] === app.state.view; });
    const others = rows.filter(function (row) { return model.findings.rule[row] !== app.state.view; });
    return [
      backButton(app),
      zmd.el("h2", { tabindex: "-1", id: "zmd-unit-name" }, units.name[unit] || units.id[unit]),
      zmd.el("p", { class: "unit-kind" }, [zmd.word("unitkind", units.kind[unit]), units.id[unit], zmd.holderName(model, unit)].filter(Boolean).join(" · ")),
      units.wx[unit] === null ? zmd.el("p", { class: "caution" }, zmd.text("not_drawn_about")) : null,
      schoolFacts(model, unit),
      childrenTable(app, unit),
      summary(app, rows),
    ].concat(chosen.concat(others).map(function (row, i) {
      return verdict(app, row, i === 0 || model.findings.rule[row] === app.state.view);
    })).concat([inside(app, unit)]);
  }

  function summary(app, rows) {
    const counts = zmd.countMarks(app.model, rows, app.state.after);
    return zmd.el("p", { class: "summary" }, zmd.MARKS.filter(function (mark) { return counts[mark]; }).map(function (mark) {
      return zmd.el("span", { class: "mark" }, [zmd.swatch(app.model.payload.styles[mark], false), zmd.text("mark_" + mark) + " " + counts[mark]]);
    }));
  }

  function verdict(app, row, isOpen) {
    const model = app.model;
    const rule = model.rules[model.findings.rule[row]];
    const mark = zmd.markOf(model, row, app.state.after);
    const label = zmd.verdictLabel(model, row, app.state.after);
    const details = zmd.el("details", { class: "verdict-card card-" + mark }, [
      zmd.el("summary", {}, [
        zmd.swatch(model.payload.styles[mark], false),
        zmd.el("span", { class: "card-title" }, rule.title[lang()]),
        label ? zmd.el("b", {}, label) : null,
      ]),
    ].concat(zmd.verdictBody(app, row, mark)));
    details.open = isOpen;
    return details;
  }

  /* In the order in which a reviewer reads: clause, strength, numbers, time, who, data, basis. */
  zmd.verdictBody = function (app, row, mark) {
    const model = app.model;
    const cell = function (name) { return zmd.cell(model.findings, name, row); };
    const rule = model.rules[model.findings.rule[row]];
    const unit = cell("measure_unit");
    const sayings = [zmd.el("p", { class: "saying" }, saying(model, row, mark))];
    if (app.state.after && model.closedRows.has(row)) sayings.push(afterNote(app, row));
    return sayings.concat([
      clauseOf(rule, cell("clause")),
      pairs([
        [zmd.text("field_strength"), zmd.word("strength", cell("strength"))],
        [requiredTitle(cell("relation")), zmd.amount(cell("required"), unit)],
        [zmd.text("field_measured"), zmd.amount(cell("measured"), unit)],
        [zmd.text("field_gap"), cell("gap") === null ? null : zmd.amount(cell("gap"), unit)],
        [zmd.text("field_due"), dueOf(cell)],
        [zmd.text("field_addressee"), cell("addressee") && zmd.word("addressee", cell("addressee"))],
        [zmd.text("field_as_of"), cell("as_of")],
        [zmd.text("field_sources"), cell("sources")],
        [zmd.text("field_basis"), cell("basis") && zmd.word("basis", cell("basis"))],
        [zmd.text("field_stability"), cell("stability") && zmd.word("stability", cell("stability"))],
        [zmd.text("field_flags"), flagsOf(cell("flags"))],
        [zmd.text("field_reading"), rule.reading ? rule.reading[lang()] : null],
        [zmd.text("field_note"), cell("note_" + lang())],
      ]),
      cell("is_synthetic") === true ? zmd.el("p", { class: "synthetic" }, zmd.text("synthetic_finding")) : null,
    ]);
  };

  function saying(model, row, mark) {
    const strength = zmd.cell(model.findings, "strength", row);
    const key = "saying_" + mark + "_" + strength;
    const text = zmd.text(key);
    return text === key ? zmd.text("saying_" + mark) : text;
  }

  function afterNote(app, row) {
    const site = app.model.closedRows.get(row);
    return zmd.el("p", { class: "caution" }, zmd.text("closed_by", {
      name: zmd.cell(app.model.sites, "name", site) || zmd.cell(app.model.sites, "id", site),
    }));
  }

  function requiredTitle(relation) {
    const known = ["at_least", "at_most", "equals"].indexOf(relation) >= 0;
    return zmd.text(known ? "field_required_" + relation : "field_required");
  }

  function dueOf(cell) {
    if (!cell("due_state")) return null;
    const state = zmd.word("duestate", cell("due_state"));
    return cell("due_on") ? zmd.text("due_on", { state: state, day: cell("due_on") }) : state;
  }

  function flagsOf(flags) {
    if (!flags) return null;
    return flags.split(";").map(function (flag) { return zmd.word("flag", flag); }).join(zmd.text("list_semicolon"));
  }

  function clauseOf(rule, clause) {
    if (rule.clauses && rule.clauses.length) {
      return zmd.el("div", {}, rule.clauses.map(function (c) {
        return zmd.el("blockquote", {}, [c.text, zmd.el("cite", {}, c.document + " " + c.article)]);
      }));
    }
    return clause ? zmd.el("blockquote", {}, clause) : null;
  }

  function schoolFacts(model, unit) {
    if (!model.schools || model.units.kind[unit] !== "school") return null;
    const school = model.schools.unit.indexOf(unit);
    if (school < 0) return null;
    const cell = function (name) { return zmd.cell(model.schools, name, school); };
    return pairs([
      [zmd.text("field_type"), zmd.word("schooltype", cell("type"))],
      [zmd.text("field_ownership"), cell("ownership") && zmd.word("ownership", cell("ownership"))],
      [zmd.text("field_school_status"), cell("status") && zmd.word("schoolstatus", cell("status"))],
      [zmd.text("field_construction"), cell("construction") && zmd.word("construction", cell("construction"))],
      [zmd.text("field_seats"), zmd.number(cell("seats"))],
      [zmd.text("field_enrolment"), zmd.number(cell("enrolment"))],
    ]);
  }

  function childrenTable(app, unit) {
    const table = app.model.children;
    if (!table) return null;
    const rows = [];
    for (let row = 0; row < table.rows; row += 1) {
      if (table.unit[row] === unit && table.year[row] === app.state.year) rows.push(row);
    }
    if (!rows.length) return null;
    const show = function (value) { return zmd.number(value === null ? null : Math.round(value)); };
    return zmd.el("table", { class: "small" }, [
      zmd.el("caption", {}, zmd.text("children_caption", { year: app.state.year })),
      zmd.el("thead", {}, zmd.el("tr", {}, ["column_stage", "column_children", "column_seats", "column_balance"].map(function (key, i) {
        return zmd.el("th", { scope: "col", class: i ? "number" : null }, zmd.text(key));
      }))),
      zmd.el("tbody", {}, rows.map(function (row) {
        const children = table.children[row];
        const seats = table.seats[row];
        const balance = children === null || seats === null ? null : seats - children;
        return zmd.el("tr", {}, [
          zmd.el("th", { scope: "row" }, zmd.word("stage", table.stage[row])),
          zmd.el("td", { class: "number" }, show(children)),
          zmd.el("td", { class: "number" }, show(seats)),
          zmd.el("td", { class: "number" + (balance < 0 ? " lacking" : "") }, show(balance)),
        ]);
      })),
    ]);
  }

  /* Of a county or township: the units inside it that fall short of a duty. */
  function inside(app, unit) {
    const model = app.model;
    const kind = model.units.kind[unit];
    if (kind !== "county" && kind !== "township") return null;
    const found = new Map();
    model.units[kind].forEach(function (holder, inner) {
      if (holder !== unit || inner === unit) return;
      const count = model.byUnit[inner].filter(function (row) {
        return model.findings.strength[row] === "duty" && zmd.markOf(model, row, app.state.after) === "shortfall";
      }).length;
      if (count) found.set(inner, count);
    });
    if (!found.size) return null;
    const worst = Array.from(found).sort(function (a, b) { return b[1] - a[1] || a[0] - b[0]; }).slice(0, 12);
    return zmd.el("section", {}, [
      zmd.el("h3", {}, zmd.text("inside_title", { count: zmd.number(found.size) })),
      zmd.el("ul", { class: "inside" }, worst.map(function (entry) {
        const button = zmd.el("button", { type: "button", class: "unit" }, zmd.text("story_item", { name: model.units.name[entry[0]], value: entry[1] }));
        button.addEventListener("click", function () { app.select(entry[0], { fly: true }); });
        return zmd.el("li", {}, button);
      })),
    ]);
  }

  /* ---- a suggested site ---- */

  function sitePanel(app, site) {
    const model = app.model;
    const cell = function (name) { return zmd.cell(model.sites, name, site); };
    const stage = cell("stage");
    return [
      backButton(app),
      zmd.el("h2", { tabindex: "-1", id: "zmd-unit-name" }, cell("name") || cell("id")),
      zmd.el("p", { class: "unit-kind" }, zmd.text("site_about")),
      pairs([
        [zmd.text("field_rank"), zmd.number(cell("rank"))],
        [zmd.text("field_stage"), stage && zmd.word("stage", stage)],
        [zmd.text("field_action"), cell("action") && zmd.word("action", cell("action"))],
        [zmd.text("field_seats"), cell("seats") === null ? null : zmd.number(cell("seats"))],
        [zmd.text("field_classes"), cell("classes") === null ? null : zmd.number(cell("classes"))],
        [zmd.text("field_opens_in"), cell("opens_in")],
        [zmd.text("field_children_served"), cell("children_served") === null ? null : zmd.number(cell("children_served"))],
        [zmd.text("field_residents_served"), cell("residents_served") === null ? null : zmd.number(cell("residents_served"))],
        [zmd.text("field_distance"), distanceOf(cell)],
        [zmd.text("field_proof"), proofOf(cell)],
        [zmd.text("field_flags"), flagsOf(cell("flags"))],
        [zmd.text("field_note"), cell("note_" + lang())],
      ]),
      closesList(app, site),
      zmd.el("p", { class: "caution" }, zmd.text("catchment_caution")),
      cell("is_synthetic") === true ? zmd.el("p", { class: "synthetic" }, zmd.text("synthetic_finding")) : null,
    ];
  }

  function distanceOf(cell) {
    const before = cell("mean_distance_before_m");
    const after = cell("mean_distance_after_m");
    if (before === null || after === null) return null;
    return zmd.text("distance_change", { before: zmd.number(Math.round(before)), after: zmd.number(Math.round(after)) });
  }

  function proofOf(cell) {
    if (cell("solve_status") === "optimal") return zmd.text("proof_optimal");
    return cell("gap_percent") === null ? null : zmd.text("proof_gap", { percent: zmd.number(cell("gap_percent")) });
  }

  function closesList(app, site) {
    const model = app.model;
    const closes = model.sites.closes[site];
    if (!closes.length) return null;
    return zmd.el("section", {}, [
      zmd.el("h3", {}, zmd.text("closes_title")),
      zmd.el("ul", { class: "inside" }, closes.map(function (pair) {
        const text = zmd.text("closes_item", { unit: model.units.name[pair[1]], rule: model.rules[pair[0]].title[lang()] });
        const button = zmd.el("button", { type: "button", class: "unit" }, text);
        button.addEventListener("click", function () { app.select(pair[1], { fly: true }); });
        return zmd.el("li", {}, button);
      })),
    ]);
  }
})((window.zmd = window.zmd || {}));
