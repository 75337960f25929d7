/* One state, one way to change it. */
(function (zmd) {
  "use strict";

  const PLAIN_LAYERS = ["suggestions", "catchments"];
  const CLOSEST = 15;

  /* Called by the page: the map is there at once, so that folium's children find it; data follow. */
  zmd.start = function (mapId, icons) {
    Object.assign(L.Icon.Default, { imagePath: "" });
    L.Icon.Default.mergeOptions(icons);
    const map = L.map(mapId, {
      center: [33, 114], zoom: 9, zoomSnap: 0.25, minZoom: 4, maxZoom: 17, attributionControl: false,
      zoomControl: false, fadeAnimation: false,
    });
    zmd.ready = zmd.unpack(zmd.byId("zmd-data").textContent).then(function (payload) {
      zmd.app = makeApp(map, payload);
      document.body.dataset.ready = "true";
    }, function () {
      zmd.byId("zmd-failure").hidden = false;
    });
    return map;
  };

  function makeApp(map, payload) {
    zmd.setWords(payload.words[payload.lang]);
    const model = zmd.makeModel(payload);
    const app = { map: map, model: model, state: firstState(model) };
    app.kinds = function () { return kindsOf(model, app.state.view); };
    app.set = function (changes) { change(app, changes); };
    app.show = function (view) { show(app, view); };
    app.select = function (unit, options) { select(app, unit, options || {}); };
    app.setLang = function (lang) { setLang(app, lang); };
    app.layer = new zmd.SceneLayer(function (ctx, view) {
      return zmd.drawScene(ctx, view, model, app.picture, app.state);
    });
    app.picture = zmd.picture(model, app.state);
    fitBounds(app);
    app.layer.addTo(map);
    app.zoom = L.control.zoom({ position: "topleft", zoomInTitle: zmd.text("zoom_in"), zoomOutTitle: zmd.text("zoom_out") }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
    wire(app);
    renderAll(app);
    return app;
  }

  function fitBounds(app) {
    const b = app.model.payload.bounds;
    if (b) app.map.fitBounds([[b[1], b[0]], [b[3], b[2]]], { padding: [14, 14], animate: false });
    else app.map.setView([33, 114], 9, { animate: false });
  }

  function kindsOf(model, view) {
    if (view === "duty") return dutyKinds(model);
    if (view !== "seats") return zmd.kindsOf(model, view);
    const kinds = new Set(model.children.unit.map(function (unit) { return model.units.kind[unit]; }));
    return ["county", "township", "village"].filter(function (kind) { return kinds.has(kind); });
  }

  function dutyKinds(model) {
    const areas = zmd.areaKinds(model);
    return areas.length ? areas : ["county"];
  }

  /* The story at first sight: children without a seat; else where duties are not met; else, where
     nothing can be judged, the duty that is owed in most places. */
  function firstState(model) {
    const years = model.children ? zmd.childrenKeys(model, "year") : [];
    const view = model.children ? "seats" : firstDuty(model);
    return {
      view: view,
      kind: kindsOf(model, view)[0],
      stage: null,
      year: years.length ? years[0] : null,
      after: false,
      hidden: new Set(),
      layers: new Set(zmd.layersAtHand(model).filter(function (name) { return PLAIN_LAYERS.indexOf(name) >= 0; })),
      selected: null,
      site: null,
      sort: null,
      rows: null,
    };
  }

  function firstDuty(model) {
    const findings = model.findings;
    const hasGap = findings.mark.some(function (mark, row) { return mark === "shortfall" && findings.strength[row] === "duty"; });
    if (hasGap) return "duty";
    const owed = model.byRule.map(function (rows) {
      return rows.filter(function (row) {
        const isCounty = model.units.kind[findings.unit[row]] === "county";
        return isCounty && findings.strength[row] === "duty" && (zmd.cell(findings, "required", row) || 0) > 0;
      }).length;
    });
    const most = Math.max.apply(null, owed);
    return most > 0 ? owed.indexOf(most) : "duty";
  }

  /* ---- changes ---- */

  function change(app, changes) {
    Object.assign(app.state, changes);
    if ("view" in changes || "kind" in changes) Object.assign(app.state, { hidden: new Set(), sort: null, rows: null });
    app.picture = zmd.picture(app.model, app.state);
    renderAll(app);
  }

  function show(app, view) {
    const kinds = kindsOf(app.model, view);
    const kind = kinds.indexOf(app.state.kind) >= 0 && view !== app.state.view ? app.state.kind : kinds[0];
    change(app, { view: view, kind: kind, site: null });
  }

  function select(app, unit, options) {
    change(app, { selected: unit, site: null });
    showPane("side");
    if (options.fly) flyTo(app, unit);
    focusPanel();
  }

  function selectSite(app, site) {
    change(app, { site: site, selected: null });
    showPane("side");
    focusPanel();
  }

  function focusPanel() {
    const heading = zmd.byId("zmd-unit-name");
    if (heading) heading.focus({ preventScroll: true });
    zmd.byId("zmd-side").scrollTop = 0;
  }

  function latLng(app, wx, wy) {
    return app.map.unproject(L.point(wx, wy), 0);
  }

  function flyTo(app, unit) {
    const units = app.model.units;
    const shape = units.shapes[unit];
    if (units.wx[unit] === null) return;
    if (shape) {
      const corners = L.latLngBounds(latLng(app, shape.box.west, shape.box.south), latLng(app, shape.box.east, shape.box.north));
      app.map.flyToBounds(corners, { maxZoom: CLOSEST, padding: [40, 40], duration: 0.6 });
    } else app.map.flyTo(latLng(app, units.wx[unit], units.wy[unit]), CLOSEST, { duration: 0.6 });
  }

  function zoomToCluster(app, items) {
    const units = app.model.units;
    const bounds = L.latLngBounds(items.map(function (item) { return latLng(app, units.wx[item.unit], units.wy[item.unit]); }));
    app.map.flyToBounds(bounds, { padding: [60, 60], maxZoom: CLOSEST, duration: 0.5 });
  }

  function setLang(app, lang) {
    document.documentElement.lang = lang === "zh" ? "zh-Hans" : "en";
    zmd.setWords(app.model.payload.words[lang]);
    document.title = app.model.payload.title[lang];
    zmd.byId("zmd-title").textContent = app.model.payload.title[lang];
    zmd.byId("zmd-subtitle").textContent = app.model.payload.subtitle[lang];
    zmd.fill(zmd.byId("zmd-warnings"), app.model.payload.warnings.map(function (warning) { return zmd.el("p", {}, warning[lang]); }));
    zmd.byId("zmd-notes").textContent = app.model.payload.notes.map(function (note) { return note[lang]; }).join(" ");
    document.querySelectorAll("[data-text]").forEach(function (element) { element.textContent = zmd.text(element.dataset.text); });
    document.querySelectorAll("[data-label]").forEach(function (element) {
      element.setAttribute("aria-label", zmd.text(element.dataset.label));
      if (element.hasAttribute("placeholder")) element.setAttribute("placeholder", zmd.text(element.dataset.label));
    });
    change(app, {});
  }

  function renderAll(app) {
    zmd.renderViews(app);
    zmd.renderSwitches(app);
    zmd.renderLegend(app);
    zmd.renderLayers(app);
    zmd.renderList(app);
    zmd.renderPanel(app);
    app.layer.redraw();
  }

  /* ---- wires ---- */

  function showPane(pane) {
    zmd.byId("zmd").dataset.pane = pane;
    document.querySelectorAll("#zmd-tabs button").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.pane === pane));
    });
  }

  function wire(app) {
    zmd.byId("zmd-rule-filter").addEventListener("input", function () { zmd.renderViews(app); });
    zmd.byId("zmd-lang").addEventListener("click", function () { app.setLang(zmd.isZh() ? "en" : "zh"); });
    zmd.byId("zmd-png").addEventListener("click", function () { zmd.savePng(app); });
    zmd.byId("zmd-print").addEventListener("click", function () { window.print(); });
    zmd.byId("zmd-home").addEventListener("click", function () { fitBounds(app); });
    document.querySelectorAll("#zmd-tabs button").forEach(function (button) {
      button.addEventListener("click", function () {
        showPane(button.dataset.pane);
        app.map.invalidateSize();
      });
    });
    zmd.startSearch(app);
    zmd.startPrinting(app);
    wireMap(app);
  }

  function wireMap(app) {
    const tip = zmd.byId("zmd-tip");
    app.map.on("click", function (event) {
      const hit = app.layer.hitAt(event.layerPoint);
      if (!hit) return;
      if (hit.cluster) zoomToCluster(app, hit.cluster);
      else if (hit.site !== undefined) selectSite(app, hit.site);
      else if (hit.unit !== undefined && hit.unit !== null) app.select(hit.unit);
    });
    app.map.on("mousemove", function (event) {
      const hit = app.layer.hitAt(event.layerPoint);
      app.map.getContainer().style.cursor = hit ? "pointer" : "";
      tip.hidden = !hit;
      if (!hit) return;
      tip.textContent = tipText(app, hit);
      const size = app.map.getSize();
      tip.style.left = Math.min(event.containerPoint.x + 14, size.x - 220) + "px";
      tip.style.top = Math.min(event.containerPoint.y + 14, size.y - 60) + "px";
    });
    app.map.on("mouseout movestart zoomstart", function () { tip.hidden = true; });
  }

  function tipText(app, hit) {
    const model = app.model;
    if (hit.cluster) return clusterText(app, hit.cluster);
    if (hit.site !== undefined) return zmd.cell(model.sites, "name", hit.site) || zmd.cell(model.sites, "id", hit.site);
    if (hit.land !== undefined) {
      return zmd.text("tip_land", {
        name: zmd.cell(model.land.facts, "name", hit.land) || "",
        use: zmd.word("landuse", zmd.cell(model.land.facts, "current_use", hit.land)),
      });
    }
    if (hit.school !== undefined) {
      return zmd.text("tip_item", {
        name: zmd.cell(model.schools, "name", hit.school), verdict: zmd.word("schooltype", model.schools.type[hit.school]),
      });
    }
    const style = app.picture.styles[hit.item.style];
    const figure = hit.item.row === undefined ? style.text : [style.text, hit.item.label].filter(Boolean).join(" ");
    return zmd.text("tip_item", { name: model.units.name[hit.unit], verdict: figure });
  }

  function clusterText(app, items) {
    const counts = {};
    items.forEach(function (item) { counts[item.style] = (counts[item.style] || 0) + 1; });
    return zmd.legendEntries(app.picture).filter(function (name) { return counts[name]; }).map(function (name) {
      return app.picture.styles[name].text + " " + counts[name];
    }).join(zmd.text("list_comma"));
  }
})((window.zmd = window.zmd || {}));
