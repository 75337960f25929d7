/* What stands beside the map: the choice of a view, the switches, the legend, the list. */
(function (zmd) {
  "use strict";

  const ROWS_AT_FIRST = 100;
  const STAGES = ["kindergarten", "primary", "junior", "compulsory", "senior", "vocational", "special"];

  function lang() {
    return zmd.isZh() ? "zh" : "en";
  }

  /* ---- the choice of a view ---- */

  zmd.renderViews = function (app) {
    const wanted = zmd.byId("zmd-rule-filter").value.trim().toLowerCase();
    const groups = [viewGroup(app)].concat(ruleGroups(app, wanted));
    zmd.fill(zmd.byId("zmd-views"), groups);
    const isEmpty = wanted !== "" && groups.slice(1).every(function (group) { return group === null; });
    zmd.byId("zmd-views-empty").hidden = !isEmpty;
  };

  function viewGroup(app) {
    const views = app.model.children ? ["seats", "duty"] : ["duty"];
    return group(zmd.text("group_overview"), views.map(function (view) {
      return choice(app, view, zmd.text("view_" + view), null);
    }));
  }

  function ruleGroups(app, wanted) {
    const byStage = new Map();
    app.model.rules.forEach(function (rule, number) {
      if (wanted && searchText(rule).indexOf(wanted) < 0) return;
      const stage = STAGES.indexOf(rule.stage) >= 0 ? rule.stage : "several";
      if (!byStage.has(stage)) byStage.set(stage, []);
      byStage.get(stage).push(number);
    });
    return STAGES.concat(["several"]).map(function (stage) {
      if (!byStage.has(stage)) return null;
      const title = stage === "several" ? zmd.text("group_several") : zmd.word("stage", stage);
      return group(title, byStage.get(stage).map(function (number) {
        const counts = zmd.countMarks(app.model, app.model.byRule[number], app.state.after);
        return choice(app, number, app.model.rules[number].title[lang()], counts);
      }));
    });
  }

  function searchText(rule) {
    const clauses = (rule.clauses || []).map(function (clause) { return clause.text; });
    return [rule.id, rule.key || "", rule.title.zh, rule.title.en].concat(clauses).join("\n").toLowerCase();
  }

  function group(title, choices) {
    return zmd.el("fieldset", { class: "group" }, [zmd.el("legend", {}, title)].concat(choices));
  }

  function choice(app, view, title, counts) {
    const input = zmd.el("input", { type: "radio", name: "zmd-view", value: view });
    input.checked = app.state.view === view;
    input.addEventListener("change", function () { app.show(view); });
    const badges = counts ? badgesOf(app, counts) : [];
    return zmd.el("label", { class: "choice" }, [input, zmd.el("span", { class: "choice-title" }, title)].concat(badges));
  }

  /* The gravest mark and how often; the rest is in the legend. */
  function badgesOf(app, counts) {
    const mark = ["shortfall", "reason"].find(function (name) { return counts[name]; });
    if (!mark) {
      const isUnknown = Boolean(counts.not_assessable) && !counts.pass && !counts.reported;
      return isUnknown ? [badge(app, "not_assessable", null)] : [];
    }
    return [badge(app, mark, counts[mark])];
  }

  function badge(app, mark, count) {
    const word = zmd.text("mark_" + mark);
    return zmd.el("span", { class: "badge badge-" + mark, title: word }, [
      zmd.swatch(app.model.payload.styles[mark], false),
      count === null ? null : zmd.number(count),
      zmd.el("span", { class: "unseen" }, word),
    ]);
  }

  /* ---- switches of the view ---- */

  zmd.renderSwitches = function (app) {
    zmd.fill(zmd.byId("zmd-switches"), [
      kindSwitch(app),
      app.state.view === "seats" ? stageSwitch(app) : null,
      app.state.view === "seats" ? yearSwitch(app) : null,
      app.model.sites && app.model.closedRows.size && app.state.view !== "seats" ? afterSwitch(app) : null,
    ]);
  };

  function kindSwitch(app) {
    const kinds = app.kinds();
    if (kinds.length < 2) return null;
    return segments(zmd.text("switch_kind"), kinds.map(function (kind) {
      return { text: zmd.word("unitkind", kind), isOn: kind === app.state.kind, act: function () { app.set({ kind: kind }); } };
    }));
  }

  function stageSwitch(app) {
    const stages = [null].concat(STAGES.filter(function (stage) { return app.model.children.stage.indexOf(stage) >= 0; }));
    const select = zmd.el("select", { id: "zmd-stage" }, stages.map(function (stage) {
      const option = zmd.el("option", { value: stage || "" }, stage === null ? zmd.text("all_stages") : zmd.word("stage", stage));
      option.selected = stage === app.state.stage;
      return option;
    }));
    select.addEventListener("change", function () { app.set({ stage: select.value || null }); });
    return zmd.el("label", { class: "switch" }, [zmd.text("switch_stage"), select]);
  }

  function yearSwitch(app) {
    const years = zmd.childrenKeys(app.model, "year");
    if (years.length < 2) return null;
    const slider = zmd.el("input", {
      type: "range", id: "zmd-year", min: 0, max: years.length - 1, step: 1, "aria-valuetext": app.state.year,
    });
    slider.value = years.indexOf(app.state.year);
    slider.addEventListener("input", function () { app.set({ year: years[Number(slider.value)] }); });
    return zmd.el("label", { class: "switch" }, [
      zmd.text("switch_year"), slider, zmd.el("output", { for: "zmd-year" }, String(app.state.year)),
    ]);
  }

  function afterSwitch(app) {
    return segments(zmd.text("switch_after"), [
      { text: zmd.text("before"), isOn: !app.state.after, act: function () { app.set({ after: false }); } },
      { text: zmd.text("after"), isOn: app.state.after, act: function () { app.set({ after: true }); } },
    ]);
  }

  function segments(title, entries) {
    const buttons = entries.map(function (entry) {
      const button = zmd.el("button", { type: "button", "aria-pressed": String(entry.isOn) }, entry.text);
      button.addEventListener("click", entry.act);
      return button;
    });
    return zmd.el("div", { class: "segments", role: "group", "aria-label": title }, buttons);
  }

  /* ---- legend ---- */

  zmd.renderLegend = function (app) {
    const picture = app.picture;
    const entries = zmd.legendEntries(picture).map(function (name) { return legendEntry(app, name); });
    zmd.fill(zmd.byId("zmd-legend"), [
      zmd.el("h2", {}, picture.title),
      picture.about ? zmd.el("p", { class: "about" }, picture.about) : null,
      zmd.el("ul", {}, entries),
    ].concat(zmd.legendNotes(app).map(function (note) { return zmd.el("p", { class: "note" }, note); })));
  };

  zmd.legendEntries = function (picture) {
    return Object.keys(picture.styles)
      .filter(function (name) { return picture.styles[name].count > 0; })
      .sort(function (a, b) { return picture.styles[b].rank - picture.styles[a].rank; });
  };

  zmd.legendNotes = function (app) {
    const notes = [];
    if (app.state.after) notes.push(zmd.text("note_after"));
    if (app.picture.undrawn) notes.push(zmd.text("note_undrawn", { count: zmd.number(app.picture.undrawn) }));
    if (!app.picture.isArea) notes.push(zmd.text("note_clusters"));
    if (app.state.view === "seats") notes.push(zmd.text("note_supply"));
    return notes;
  };

  function legendEntry(app, name) {
    const style = app.picture.styles[name];
    const isOn = !app.state.hidden.has(name);
    const button = zmd.el("button", { type: "button", "aria-pressed": String(isOn), title: zmd.text("legend_toggle") }, [
      zmd.swatch(style, app.picture.isArea),
      zmd.el("span", { class: "legend-text" }, style.text),
      zmd.el("span", { class: "legend-count" }, zmd.number(style.count)),
    ]);
    button.addEventListener("click", function () {
      const hidden = new Set(app.state.hidden);
      if (isOn) hidden.add(name);
      else hidden.delete(name);
      app.set({ hidden: hidden });
    });
    return zmd.el("li", {}, button);
  }

  /* ---- layers ---- */

  zmd.layersAtHand = function (model) {
    const names = [];
    if (zmd.areaKinds(model).indexOf("township") >= 0) names.push("townships");
    if (model.schools) {
      const found = new Set(model.schools.type.map(function (_, school) { return zmd.schoolLayer(model, school); }));
      ["schools", "teaching_points", "planned", "closed"].forEach(function (name) {
        if (found.has(name)) names.push(name);
      });
    }
    if (model.land) names.push("land");
    if (model.population) names.push("population");
    if (model.sites) names.push("suggestions", "catchments");
    return names;
  };

  zmd.renderLayers = function (app) {
    zmd.fill(zmd.byId("zmd-layers"), zmd.layersAtHand(app.model).map(function (name) {
      const box = zmd.el("input", { type: "checkbox", value: name });
      box.checked = app.state.layers.has(name);
      box.addEventListener("change", function () {
        const layers = new Set(app.state.layers);
        if (box.checked) layers.add(name);
        else layers.delete(name);
        app.set({ layers: layers });
      });
      return zmd.el("label", { class: "choice" }, [box, zmd.el("span", { class: "choice-title" }, zmd.text("map_" + name))]);
    }));
  };

  /* ---- the list ---- */

  zmd.renderList = function (app) {
    zmd.byId("zmd-story").textContent = app.picture.story;
    const rows = sortedRows(app);
    const shown = rows.slice(0, app.state.rows || ROWS_AT_FIRST);
    const table = zmd.el("table", {}, [
      zmd.el("caption", { class: "unseen" }, zmd.text("list_caption", { title: app.picture.title })),
      zmd.el("thead", {}, zmd.el("tr", {}, app.picture.columns.map(function (column, i) { return head(app, column, i); }))),
      zmd.el("tbody", {}, shown.map(function (row) { return line(app, row); })),
    ]);
    const more = rows.length > shown.length ? moreButton(app, rows.length - shown.length) : null;
    zmd.fill(zmd.byId("zmd-list"), [table, more]);
  };

  function sortedRows(app) {
    const sort = app.state.sort;
    if (!sort) return app.picture.rows;
    const direction = sort.isDown ? -1 : 1;
    return app.picture.rows.slice().sort(function (a, b) {
      return compare(a.values[sort.column], b.values[sort.column], direction) || a.unit - b.unit;
    });
  }

  /* Unknown is last, whichever way the list is turned. */
  function compare(a, b, direction) {
    if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
    if (typeof a === "number" && typeof b === "number") return direction * (a - b);
    return direction * String(a).localeCompare(String(b), "zh-CN");
  }

  function head(app, column, i) {
    const sort = app.state.sort;
    const isSorted = Boolean(sort) && sort.column === i;
    const button = zmd.el("button", { type: "button" }, [
      column.title, zmd.el("span", { class: "arrow", "aria-hidden": "true" }, isSorted ? (sort.isDown ? "▼" : "▲") : ""),
    ]);
    button.addEventListener("click", function () {
      app.set({ sort: { column: i, isDown: isSorted ? !sort.isDown : Boolean(column.isNumber) } });
    });
    const direction = isSorted ? (sort.isDown ? "descending" : "ascending") : "none";
    return zmd.el("th", { scope: "col", "aria-sort": direction, class: column.isNumber ? "number" : null }, button);
  }

  function line(app, row) {
    const cells = row.cells.map(function (text, i) {
      const isNumber = app.picture.columns[i].isNumber;
      if (i === 0) return zmd.el("th", { scope: "row" }, unitButton(app, row, text));
      const content = i === 1 && row.mark ? [zmd.swatch(app.picture.styles[row.mark], false), text] : text;
      return zmd.el("td", { class: isNumber ? "number" : "verdict" }, content);
    });
    return zmd.el("tr", { class: app.state.selected === row.unit ? "chosen" : null }, cells);
  }

  function unitButton(app, row, text) {
    const holder = zmd.holderName(app.model, row.unit);
    const isUndrawn = app.model.units.wx[row.unit] === null;
    const button = zmd.el("button", { type: "button", class: "unit" }, [
      text,
      holder ? zmd.el("small", {}, holder) : null,
      isUndrawn ? zmd.el("small", {}, zmd.text("not_drawn")) : null,
    ]);
    button.addEventListener("click", function () { app.select(row.unit, { fly: true }); });
    return button;
  }

  function moreButton(app, rest) {
    const button = zmd.el("button", { type: "button", class: "more" }, zmd.text("list_more", { count: zmd.number(rest) }));
    button.addEventListener("click", function () { app.set({ rows: app.picture.rows.length }); });
    return button;
  }

  /* The county (or township and county) that a unit lies in, to tell apart units of one name. */
  zmd.holderName = function (model, unit) {
    const units = model.units;
    const holders = ["county", "township"].map(function (kind) { return units[kind][unit]; });
    return holders
      .filter(function (holder) { return holder >= 0 && holder !== unit; })
      .map(function (holder) { return units.name[holder]; })
      .join(" ");
  };
})((window.zmd = window.zmd || {}));
