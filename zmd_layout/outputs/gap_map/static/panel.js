/* The panel of a chosen unit: every verdict with its clause and its numbers. */
(function (zmd) {
  "use strict";

  const MOST_INSIDE = 12;

  zmd.renderPanel = (app) => {
    const { site, selected } = app.state;
    const isOpen = site !== null || selected !== null;
    zmd.byId("zmd-unit").hidden = !isOpen;
    zmd.byId("zmd-list-pane").hidden = isOpen;
    if (!isOpen) return;
    const body = site === null ? unitPanel(app, selected) : zmd.sitePanel(app, site);
    zmd.fill(zmd.byId("zmd-unit"), [backButton(app), ...body]);
  };

  function backButton(app) {
    const attributes = { type: "button", class: "back", "data-key": "back" };
    const button = zmd.el("button", attributes, zmd.text("back_to_list"));
    button.addEventListener("click", () => app.set({ selected: null, site: null }));
    return button;
  }

  zmd.panelTitle = (title, kind) => [
    zmd.el("h2", { tabindex: "-1", id: "zmd-unit-name" }, title),
    zmd.el("p", { class: "unit-kind" }, kind),
  ];

  /* Pairs of [name of a field, text]; a field without a text is left out. */
  zmd.fields = (entries) => {
    const known = entries.filter(([, text]) => text !== null && text !== "");
    const parts = known.map(([key, text]) => [
      zmd.el("dt", {}, zmd.text(`field_${key}`)),
      zmd.el("dd", {}, text),
    ]);
    return zmd.el("dl", {}, [].concat(...parts));
  };

  zmd.optionalWord = (list, value) => (value ? zmd.word(list, value) : null);
  zmd.optionalNumber = (value) => (value === null ? null : zmd.number(value));

  zmd.flagsOf = (flags) => {
    if (!flags) return null;
    const words = flags.split(";").map((flag) => zmd.word("flag", flag));
    return words.join(zmd.text("list_semicolon"));
  };

  zmd.caution = (text) => zmd.el("p", { class: "caution" }, text);

  zmd.syntheticNote = (isSynthetic) =>
    isSynthetic === true
      ? zmd.el("p", { class: "synthetic" }, zmd.text("synthetic_finding"))
      : null;

  /* A heading and buttons that lead to units: [[unit, text], …]. */
  zmd.unitLinks = (app, heading, links) => {
    if (links.length === 0) return null;
    const items = links.map(([unit, text]) => {
      const button = zmd.el("button", { type: "button", class: "unit" }, text);
      button.addEventListener("click", () => app.select(unit, { fly: true }));
      return zmd.el("li", {}, button);
    });
    return zmd.el("section", {}, [
      zmd.el("h3", {}, heading),
      zmd.el("ul", { class: "inside" }, items),
    ]);
  };

  /* ---- a unit ---- */

  function unitPanel(app, unit) {
    const { model, state } = app;
    const { units, findings } = model;
    const kind = [
      zmd.word("unitkind", units.kind[unit]),
      units.id[unit],
      zmd.holderName(model, unit),
    ];
    const isChosen = (row) =>
      state.view === "stability" ? zmd.isFragile(model, row) : findings.rule[row] === state.view;
    const gravity = (row) => zmd.MARKS.indexOf(zmd.markOf(model, row, state.after));
    const rows = model.byUnit[unit]
      .slice()
      .sort(
        (a, b) => Number(isChosen(b)) - Number(isChosen(a)) || gravity(a) - gravity(b) || a - b,
      );
    return [
      ...zmd.panelTitle(zmd.unitName(model, unit), kind.filter(Boolean).join(" · ")),
      units.wx[unit] === null ? zmd.caution(zmd.text("not_drawn_about")) : null,
      zmd.fragileInside(app, unit),
      schoolFacts(model, unit),
      childrenTable(app, unit),
      zmd.curves(app, unit),
      summary(app, rows),
      ...rows.map((row, i) => verdictCard(app, row, i === 0)),
      inside(app, unit),
    ];
  }

  function summary(app, rows) {
    const { model, state } = app;
    const counts = zmd.countBy(rows, (row) => zmd.markOf(model, row, state.after));
    const marks = zmd.MARKS.filter((mark) => counts[mark]).map((mark) =>
      zmd.el("span", { class: "mark" }, [
        zmd.swatch(model.payload.styles[mark], false),
        `${zmd.text(`mark_${mark}`)} ${counts[mark]}`,
      ]),
    );
    return zmd.el("p", { class: "summary" }, marks);
  }

  function verdictCard(app, row, isOpen) {
    const { model, state } = app;
    const rule = model.rules[model.findings.rule[row]];
    const mark = zmd.markOf(model, row, state.after);
    const label = zmd.verdictLabel(model, row, state.after);
    const head = zmd.el("summary", {}, [
      zmd.swatch(model.payload.styles[mark], false),
      zmd.el("span", { class: "card-title" }, rule.title[zmd.lang()]),
      label ? zmd.el("b", {}, label) : null,
    ]);
    const body = verdictBody(app, row, mark);
    const card = zmd.el("details", { class: `verdict-card card-${mark}` }, [head, ...body]);
    card.open = isOpen;
    return card;
  }

  function verdictBody(app, row, mark) {
    const { model, state } = app;
    const cell = (name) => zmd.cell(model.findings, name, row);
    const isClosed = state.after && model.closedRows.has(row);
    return [
      zmd.el("p", { class: "saying" }, saying(mark, cell("strength"))),
      isClosed ? zmd.caution(closedBy(model, row)) : null,
      clauses(model.rules[model.findings.rule[row]], cell("clause")),
      verdictFields(model.rules[model.findings.rule[row]], cell),
      zmd.syntheticNote(cell("is_synthetic")),
    ];
  }

  /* In the order in which a reviewer reads: strength, numbers, time, who, data, basis, notes. */
  function verdictFields(rule, cell) {
    const unit = cell("measure_unit");
    const relation = cell("relation");
    const lang = zmd.lang();
    return zmd.fields([
      ["strength", zmd.word("strength", cell("strength"))],
      [relation ? `required_${relation}` : "required", zmd.amount(cell("required"), unit)],
      ["measured", zmd.amount(cell("measured"), unit)],
      ["measured_range", rangeOf(cell, "measured")],
      ["gap", cell("gap") === null ? null : zmd.amount(cell("gap"), unit)],
      ["gap_range", rangeOf(cell, "gap")],
      ["screening", screeningOf(cell)],
      ["due", dueOf(cell)],
      ["addressee", zmd.optionalWord("addressee", cell("addressee"))],
      ["as_of", cell("as_of")],
      ["sources", sourcesOf(cell("sources"))],
      ["basis", zmd.optionalWord("basis", cell("basis"))],
      ["stability", zmd.optionalWord("stability", cell("stability"))],
      ["flags", zmd.flagsOf(cell("flags"))],
      ["note", cell(`note_${lang}`)],
      ["reading", rule.reading ? rule.reading[lang] : null],
    ]);
  }

  /* The ends of what is not known exactly; an open end is said to be open. */
  function rangeOf(cell, name) {
    const [low, high] = [cell(`${name}_low`), cell(`${name}_high`)];
    if (low === null) return null;
    if (high === null) return zmd.text("range_open", { low: zmd.number(low) });
    return zmd.text("range", { low: zmd.number(low), high: zmd.number(high) });
  }

  function screeningOf(cell) {
    if (!cell("screening")) return null;
    const words = [zmd.word("screening", cell("screening"))];
    words.push(zmd.word("screeningbasis", cell("screening_basis")));
    if (cell("short_chance_low") !== null) {
      const percent = (name) => zmd.number(Math.round(100 * cell(name)));
      const ends = { low: percent("short_chance_low"), high: percent("short_chance_high") };
      words.push(zmd.text("short_chance", ends));
    }
    return words.join(zmd.text("list_semicolon"));
  }

  /* The words for a verdict of this strength, or those for the verdict alone. */
  function saying(mark, strength) {
    const key = `saying_${mark}_${strength}`;
    const text = zmd.text(key);
    return text === key ? zmd.text(`saying_${mark}`) : text;
  }

  function closedBy(model, row) {
    return zmd.text("closed_by", { name: zmd.siteName(model, model.closedRows.get(row)) });
  }

  function dueOf(cell) {
    const state = zmd.optionalWord("duestate", cell("due_state"));
    return state && cell("due_on") ? zmd.text("due_on", { state, day: cell("due_on") }) : state;
  }

  /* `layer year;…` with the layers by their names. */
  function sourcesOf(sources) {
    if (!sources) return null;
    const named = sources.split(";").map((source) => {
      const [layer, ...rest] = source.trim().split(" ");
      return [zmd.word("layer", layer), ...rest].join(" ");
    });
    return named.join(zmd.text("list_semicolon"));
  }

  function clauses(rule, clause) {
    if (!rule.clauses) return clause ? zmd.el("blockquote", {}, clause) : null;
    const quotes = rule.clauses.map((entry) => {
      const source = zmd.el("cite", {}, `${entry.document} ${entry.article}`);
      return zmd.el("blockquote", {}, [entry.text, source]);
    });
    return zmd.el("div", {}, quotes);
  }

  function schoolFacts(model, unit) {
    const { schools } = model;
    const isSchool = schools && model.units.kind[unit] === "school";
    const school = isSchool ? schools.unit.indexOf(unit) : -1;
    if (school < 0) return null;
    const cell = (name) => zmd.cell(schools, name, school);
    return zmd.fields([
      ["type", zmd.word("schooltype", cell("type"))],
      ["ownership", zmd.optionalWord("ownership", cell("ownership"))],
      ["school_status", zmd.optionalWord("schoolstatus", cell("status"))],
      ["construction", zmd.optionalWord("construction", cell("construction"))],
      ["seats", zmd.number(cell("seats"))],
      ["enrolment", zmd.number(cell("enrolment"))],
    ]);
  }

  /* Children and seats of the unit in the chosen year, a row a stage. */
  function childrenTable(app, unit) {
    const table = app.model.children;
    const year = app.state.year;
    const rows = [];
    for (let row = 0; table && row < table.rows; row += 1) {
      if (table.unit[row] === unit && table.year[row] === year) rows.push(row);
    }
    if (rows.length === 0) return null;
    const order = (row) => zmd.STAGES.indexOf(table.stage[row]);
    rows.sort((a, b) => order(a) - order(b));
    const heads = ["stage", "children", "seats", "balance"].map((key, i) =>
      zmd.el("th", { scope: "col", class: i ? "number" : null }, zmd.text(`column_${key}`)),
    );
    const hasSenior = rows.some((row) => table.stage[row] === "senior");
    const caption = [zmd.text("children_caption", { year })];
    if (hasSenior) caption.push(zmd.el("small", {}, zmd.text("note_senior")));
    return zmd.el("table", { class: "small" }, [
      zmd.el("caption", {}, caption),
      zmd.el("thead", {}, zmd.el("tr", {}, heads)),
      zmd.el(
        "tbody",
        {},
        rows.map((row) => childrenRow(table, row)),
      ),
    ]);
  }

  function childrenRow(table, row) {
    const children = zmd.people(table, row);
    const seats = table.seats[row];
    const isSenior = table.stage[row] === "senior"; // its children include vocational pupils
    const balance = children === null || seats === null || isSenior ? null : seats - children;
    const figures = [children, seats, balance].map((value, i) => {
      const isLacking = i === 2 && balance < 0;
      const isLeftOut = i === 2 && isSenior;
      const text = isLeftOut ? "—" : zmd.number(value === null ? null : Math.round(value));
      return zmd.el("td", { class: isLacking ? "number lacking" : "number" }, text);
    });
    const stage = zmd.el("th", { scope: "row" }, zmd.word("stage", table.stage[row]));
    return zmd.el("tr", {}, [stage, ...figures]);
  }

  /* Of a county or township: the units inside it that fall short of a duty, the worst first. */
  function inside(app, unit) {
    const { units, byUnit, findings } = app.model;
    const kind = units.kind[unit];
    if (kind !== "county" && kind !== "township") return null;
    const isShort = (row) =>
      findings.strength[row] === "duty" &&
      zmd.markOf(app.model, row, app.state.after) === "shortfall";
    const found = [];
    units[kind].forEach((holder, inner) => {
      if (holder !== unit || inner === unit) return;
      const count = byUnit[inner].filter(isShort).length;
      if (count) found.push([inner, count]);
    });
    found.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    const links = found.slice(0, MOST_INSIDE).map(([inner, value]) => {
      return [inner, zmd.text("story_item", { name: zmd.unitName(app.model, inner), value })];
    });
    return zmd.unitLinks(app, zmd.text("inside_title", { count: zmd.number(found.length) }), links);
  }
})((window.zmd));
