/* One state, one way to change it. */
(function (zmd) {
  "use strict";

  const LAYERS_AT_FIRST = ["suggestions", "catchments"];

  /* Called by the page: the map is there at once, so that folium's children find it; data follow. */
  zmd.start = (mapId, icons) => {
    L.Icon.Default.imagePath = ""; // the images are data and need no path
    L.Icon.Default.mergeOptions(icons);
    const map = zmd.makeMap(mapId);
    zmd.ready = zmd.unpack(zmd.byId("zmd-data").textContent).then(
      (payload) => startApp(map, payload),
      () => {
        zmd.byId("zmd-failure").hidden = false;
      },
    );
    return map;
  };

  function startApp(map, payload) {
    zmd.setWords(payload.words[payload.lang]);
    const model = zmd.makeModel(payload);
    const app = { map, model, state: firstState(model) };
    app.kinds = () => kindsOf(model, app.state.view);
    app.set = (changes) => change(app, changes);
    app.show = (view) => show(app, view);
    app.select = (unit, options) => select(app, unit, options || {});
    app.showStage = (stage) => showStage(app, stage);
    app.selectSite = (site) => open(app, { site, selected: null });
    app.setLang = (lang) => setLang(app, lang);
    app.picture = zmd.picture(model, app.state);
    app.layer = new zmd.SceneLayer((ctx, view) =>
      zmd.drawScene(ctx, view, model, app.picture, app.state),
    );
    zmd.showAll(app);
    app.layer.addTo(map);
    wire(app);
    renderAll(app);
    zmd.showAll(app); // again: now the legend has its size
    zmd.app = app;
    document.body.dataset.ready = "true";
  }

  /* ---- the first state ---- */

  /* The story at first sight: children without a seat; else where duties are not met; else, where
     nothing can be judged, the duty of which the counties owe most, or what can be drawn at all. */
  function firstState(model) {
    const hasSeats = model.children && model.children.seats.some((seats) => seats !== null);
    const view = hasSeats ? "seats" : firstDuty(model);
    const kind = kindsOf(model, view)[0];
    // without seats the schools that are known are what there is to see
    const shown = hasSeats ? LAYERS_AT_FIRST : [...LAYERS_AT_FIRST, "schools"];
    const names = zmd.layersAtHand(model).filter((name) => shown.includes(name));
    return {
      view,
      kind,
      stage: firstStage(model, kind),
      year: firstYear(model),
      after: false,
      hidden: hiddenAtFirst({ kind }),
      layers: new Set(names),
      selected: null,
      site: null,
      sort: null,
      rows: null,
    };
  }

  /* The stage that lacks most seats in the years to come; else all summed up, or the only one. */
  function firstStage(model, kind) {
    const { children } = model;
    if (!children) return null;
    const isSummed = zmd.SUMMED_STAGES.some((stage) => children.stage.includes(stage));
    return isSummed ? zmd.shortestStage(model, kind, firstYear(model)) : children.stage[0];
  }

  /* The year of the assessment, or the last before it, or the first there is. */
  function firstYear(model) {
    const { year } = model.payload;
    const past = model.years.filter((other) => year === null || other <= year);
    const [first] = model.years;
    return past.length ? past[past.length - 1] : first === undefined ? null : first;
  }

  function firstDuty(model) {
    const { findings, units } = model;
    const isDuty = (row) => findings.strength[row] === "duty";
    const gaps = model.byRule.map(
      (rows) => rows.filter((row) => isDuty(row) && findings.mark[row] === "shortfall").length,
    );
    const owed = model.byRule.map((rows) => {
      const isCounty = (row) => units.kind[findings.unit[row]] === "county";
      const required = (row) => zmd.cell(findings, "required", row) || 0;
      return zmd.sum(rows.filter((row) => isDuty(row) && isCounty(row)).map(required));
    });
    const hasGaps = Math.max(...gaps) > 0;
    if (hasGaps && zmd.areaKinds(model).length) return "duty";
    const drawn = model.byRule.map(
      (rows) => rows.filter((row) => units.wx[findings.unit[row]] !== null).length,
    );
    const worst = [gaps, owed].find((counts) => Math.max(...counts) > 0) || drawn;
    return worst.indexOf(Math.max(...worst));
  }

  /* The kinds of unit that a view can show. */
  function kindsOf(model, view) {
    if (view === "duty") return zmd.areaKinds(model);
    if (view === "completeness") return zmd.completenessKinds(model);
    if (view === "stability") return zmd.stabilityKinds(model);
    if (view !== "seats") return zmd.kindsOf(model, view);
    const kinds = new Set(model.children.unit.map((unit) => model.units.kind[unit]));
    return ["county", "township", "village"].filter((kind) => kinds.has(kind));
  }

  /* ---- changes ---- */

  function change(app, changes) {
    Object.assign(app.state, changes);
    if ("view" in changes || "kind" in changes) {
      Object.assign(app.state, { hidden: hiddenAtFirst(app.state), sort: null, rows: null });
    }
    app.picture = zmd.picture(app.model, app.state);
    renderAll(app);
  }

  /* Of thousands of schools most are not concerned by a rule: they wait in the legend. */
  function hiddenAtFirst(state) {
    return new Set(zmd.AREA_KINDS.includes(state.kind) ? [] : ["not_applicable"]);
  }

  function show(app, view) {
    const kinds = kindsOf(app.model, view);
    const isOverview = typeof view === "string"; // a rule begins with the units that it judges
    const kind = isOverview && kinds.includes(app.state.kind) ? app.state.kind : kinds[0];
    const { model, state } = app;
    const after = state.after && zmd.hasAfter({ model, state: { ...state, view, kind } });
    change(app, { view, kind, after, site: null });
  }

  function showStage(app, stage) {
    const kind = app.state.view === "seats" ? app.state.kind : kindsOf(app.model, "seats")[0];
    change(app, { view: "seats", kind, stage, site: null });
  }

  function select(app, unit, options) {
    open(app, { selected: unit, site: null });
    if (options.fly) zmd.flyTo(app, unit);
  }

  function open(app, choice) {
    change(app, choice);
    showPane(app, "side");
    zmd.byId("zmd-side").scrollTop = 0;
    zmd.byId("zmd-unit-name").focus({ preventScroll: true });
  }

  function showPane(app, pane) {
    zmd.byId("zmd-page").dataset.pane = pane;
    zmd.all("#zmd-tabs button").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.pane === pane));
    });
    app.map.invalidateSize();
  }

  function setLang(app, lang) {
    const { payload } = app.model;
    const inLang = (texts) => texts.map((text) => text[lang]);
    document.documentElement.lang = lang === "zh" ? "zh-Hans" : lang;
    zmd.setWords(payload.words[lang]);
    document.title = payload.title[lang];
    zmd.byId("zmd-title").textContent = payload.title[lang];
    zmd.byId("zmd-subtitle").textContent = payload.subtitle[lang];
    zmd.byId("zmd-subtitle").title = payload.subtitle[lang];
    zmd.byId("zmd-notes").textContent = inLang(payload.notes).join(" ");
    const warnings = inLang(payload.warnings).map((warning) => zmd.el("p", {}, warning));
    zmd.fill(zmd.byId("zmd-warnings"), warnings);
    zmd.all("[data-text]").forEach((element) => {
      element.textContent = zmd.text(element.dataset.text);
    });
    zmd.all("[data-label]").forEach(relabel);
    change(app, {});
  }

  function relabel(element) {
    const label = zmd.text(element.dataset.label);
    element.setAttribute("aria-label", label);
    ["placeholder", "title"].forEach((name) => {
      if (element.hasAttribute(name)) element.setAttribute(name, label);
    });
  }

  function renderAll(app) {
    zmd.renderViews(app);
    zmd.renderStrip(app);
    zmd.renderSwitches(app);
    zmd.renderLegend(app);
    zmd.renderLayers(app);
    zmd.renderList(app);
    zmd.renderPanel(app);
    app.layer.redraw();
  }

  /* ---- wires ---- */

  function wire(app) {
    const onClick = (id, act) => zmd.byId(id).addEventListener("click", act);
    onClick("zmd-lang", () => app.setLang(zmd.lang() === "zh" ? "en" : "zh"));
    onClick("zmd-png", () => zmd.savePng(app));
    onClick("zmd-print", () => window.print());
    onClick("zmd-home", () => zmd.showAll(app));
    zmd.byId("zmd-rule-filter").addEventListener("input", () => zmd.renderViews(app));
    zmd.all("#zmd-tabs button").forEach((button) => {
      button.addEventListener("click", () => showPane(app, button.dataset.pane));
    });
    zmd.startSearch(app);
    zmd.startPrinting(app);
    zmd.startPointing(app);
  }
})((window.zmd));
