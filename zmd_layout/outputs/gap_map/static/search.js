/* Find a unit by name, initials or pinyin, or a suggested place: a combobox after the ARIA pattern. */
(function (zmd) {
  "use strict";

  const MOST = 12;

  /* The better match first: a whole key, its beginning, its middle; then the shorter name. */
  zmd.findUnits = (model, text) => {
    const wanted = text.trim().toLowerCase().replace(/\s+/g, "");
    if (!wanted) return [];
    const { units } = model;
    const found = [];
    units.keys.forEach((keys, unit) => {
      const rank = units.id[unit] === wanted ? 0 : rankOf(keys, wanted);
      if (rank < Infinity) found.push({ unit, rank, length: zmd.unitName(model, unit).length });
    });
    found.sort((a, b) => a.rank - b.rank || a.length - b.length || a.unit - b.unit);
    return found.slice(0, MOST).map((entry) => entry.unit);
  };

  function rankOf(keys, wanted) {
    const ranks = keys.split("|").map((key) => {
      if (key === wanted) return 0;
      if (key.startsWith(wanted)) return 1;
      return key.includes(wanted) ? 2 : Infinity;
    });
    return Math.min(...ranks);
  }

  /* Suggested places by name, id, stage or action, the better ranked first. */
  zmd.findSites = (model, text) => {
    const wanted = text.trim().toLowerCase();
    if (!wanted || !model.sites) return [];
    const spoken = (site) =>
      [zmd.siteName(model, site), zmd.cell(model.sites, "id", site), aboutSite(model, site)]
        .join(" ")
        .toLowerCase();
    const sites = Array.from(model.sites.wx.keys());
    return sites.filter((site) => spoken(site).includes(wanted)).slice(0, MOST);
  };

  function aboutSite(model, site) {
    const cell = (name) => zmd.cell(model.sites, name, site);
    const words = [zmd.word("stage", cell("stage")), zmd.word("action", cell("action"))];
    return [zmd.text("search_site"), ...words].join(" · ");
  }

  zmd.startSearch = (app) => {
    const input = zmd.byId("zmd-search");
    const box = zmd.byId("zmd-search-found");
    let found = [];
    let active = -1;

    function close() {
      active = -1;
      box.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function choose({ unit, site }) {
      close();
      input.value = "";
      if (site === undefined) app.select(unit, { fly: true });
      else showSite(site);
    }

    function showSite(site) {
      app.set({ layers: new Set(app.state.layers).add("suggestions") });
      app.selectSite(site);
    }

    function move(step) {
      active = Math.max(0, Math.min(active + step, found.length - 1));
      show();
    }

    function show() {
      const isEmpty = input.value.trim() === "";
      const units = zmd.findUnits(app.model, input.value).map((unit) => ({ unit }));
      const sites = zmd.findSites(app.model, input.value).map((site) => ({ site }));
      found = [...units, ...sites].slice(0, MOST);
      zmd.fill(box, found.length ? found.map(option) : [nothing()]);
      box.hidden = isEmpty;
      input.setAttribute("aria-expanded", String(!isEmpty));
      if (active >= 0) input.setAttribute("aria-activedescendant", `zmd-found-${active}`);
    }

    function nothing() {
      const attributes = { class: "none", role: "option", "aria-disabled": true };
      return zmd.el("div", { ...attributes, "aria-selected": false }, zmd.text("search_none"));
    }

    function aboutUnit(unit) {
      const kind = zmd.word("unitkind", app.model.units.kind[unit]);
      return [kind, zmd.holderName(app.model, unit)].filter(Boolean).join(" · ");
    }

    function option(entry, i) {
      const { unit, site } = entry;
      const isUnit = site === undefined;
      const attributes = { role: "option", id: `zmd-found-${i}`, "aria-selected": i === active };
      const element = zmd.el("div", attributes, [
        isUnit ? zmd.unitName(app.model, unit) : zmd.siteName(app.model, site),
        zmd.el("small", {}, isUnit ? aboutUnit(unit) : aboutSite(app.model, site)),
      ]);
      element.addEventListener("mousedown", (event) => {
        event.preventDefault(); // keep the focus in the field until the choice is made
        choose(entry);
      });
      return element;
    }

    const keys = {
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      Enter: () => found.length && choose(found[Math.max(active, 0)]),
      Escape: close,
    };
    input.addEventListener("input", () => {
      active = -1;
      show();
    });
    input.addEventListener("focus", show);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.isComposing) return; // an input method has its own keys
      event.preventDefault();
      keys[event.key]();
    });
  };
})((window.zmd));
