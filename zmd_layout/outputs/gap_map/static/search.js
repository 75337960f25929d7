/* Find a unit by name, initials or pinyin: a combobox after the ARIA pattern. */
(function (zmd) {
  "use strict";

  const MOST = 12;

  /* Better matches first: whole name, beginning of a key, anywhere in a key; shorter before longer. */
  zmd.findUnits = function (model, text) {
    const wanted = text.trim().toLowerCase().replace(/\s+/g, "");
    if (!wanted) return [];
    const found = [];
    model.units.keys.forEach(function (keys, unit) {
      const best = Math.min.apply(null, keys.split("|").map(function (key) {
        const at = key.indexOf(wanted);
        if (at < 0) return Infinity;
        return key === wanted ? 0 : at === 0 ? 1 : 2;
      }));
      const isById = model.units.id[unit] === wanted;
      if (best < Infinity || isById) found.push({ unit: unit, rank: isById ? 0 : best });
    });
    const length = function (unit) { return (model.units.name[unit] || "").length; };
    found.sort(function (a, b) { return a.rank - b.rank || length(a.unit) - length(b.unit) || a.unit - b.unit; });
    return found.slice(0, MOST).map(function (entry) { return entry.unit; });
  };

  zmd.startSearch = function (app) {
    const input = zmd.byId("zmd-search");
    const box = zmd.byId("zmd-search-found");
    let found = [];
    let active = -1;

    function choose(unit) {
      close();
      input.value = "";
      app.select(unit, { fly: true });
    }

    function close() {
      box.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function show() {
      found = zmd.findUnits(app.model, input.value);
      const options = found.map(function (unit, i) { return option(unit, i); });
      const none = input.value.trim() && !found.length;
      zmd.fill(box, none ? [zmd.el("div", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, zmd.text("search_none"))] : options);
      box.hidden = !input.value.trim();
      input.setAttribute("aria-expanded", String(!box.hidden));
      if (active >= 0 && found.length) input.setAttribute("aria-activedescendant", "zmd-found-" + active);
    }

    function option(unit, i) {
      const units = app.model.units;
      const element = zmd.el("div", { role: "option", id: "zmd-found-" + i, "aria-selected": String(i === active) }, [
        units.name[unit] || units.id[unit],
        zmd.el("small", {}, [zmd.word("unitkind", units.kind[unit]), zmd.holderName(app.model, unit)].filter(Boolean).join(" · ")),
      ]);
      element.addEventListener("mousedown", function (event) {
        event.preventDefault(); // keep the focus in the field until the choice is made
        choose(unit);
      });
      return element;
    }

    const keys = {
      ArrowDown: function () { active = Math.min(active + 1, found.length - 1); show(); },
      ArrowUp: function () { active = Math.max(active - 1, 0); show(); },
      Enter: function () { if (found.length) choose(found[Math.max(active, 0)]); },
      Escape: close,
    };
    input.addEventListener("input", function () { active = -1; show(); });
    input.addEventListener("focus", show);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", function (event) {
      if (!keys[event.key] || event.isComposing) return; // the letters of a Chinese input method are not keys
      event.preventDefault();
      keys[event.key]();
    });
  };
})((window.zmd = window.zmd || {}));
