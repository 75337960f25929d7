/* The legend, the layers, and the list of units. */
(function (zmd) {
  "use strict";

  const ROWS_AT_FIRST = 100;
  const INNER_ROWS = 10;
  // these explain what is drawn whatever is chosen, and are folded away to leave room for the map
  const LASTING_NOTES = ["note_supply", "note_clusters", "note_schools"];

  /* ---- legend ---- */

  zmd.renderLegend = (app) => {
    const { picture } = app;
    const entries = zmd.legendEntries(picture).map((name) => legendEntry(app, name));
    const paragraph = (note) => zmd.el("p", { class: "note" }, note);
    const notes = zmd.legendNotes(app);
    const lasting = notes.filter((note) => LASTING_NOTES.map((key) => zmd.text(key)).includes(note));
    const folded = zmd.el("details", { class: "legend-more" }, [
      zmd.el("summary", {}, zmd.text("legend_more")),
      ...lasting.map(paragraph),
    ]);
    zmd.byId("zmd-legend-title").textContent = picture.title;
    zmd.fill(zmd.byId("zmd-legend-body"), [
      picture.about ? zmd.el("p", { class: "about" }, picture.about) : null,
      zmd.el("ul", {}, entries),
      sitesEntry(app),
      ...notes.filter((note) => !lasting.includes(note)).map(paragraph),
      lasting.length ? folded : null,
    ]);
  };

  /* The suggested places, where they are drawn: nobody should have to guess what a pin is. */
  function sitesEntry({ model, state }) {
    if (!model.sites || !state.layers.has("suggestions")) return null;
    const swatch = zmd.smallCanvas((ctx) => zmd.drawLayerSwatch(ctx, "suggestions", 0, 0));
    return zmd.el("p", { class: "legend-sites" }, [swatch, zmd.text("map_suggestions")]);
  }

  /* The styles in use, the worst first. */
  zmd.legendEntries = (picture) =>
    Object.keys(picture.styles)
      .filter((name) => picture.styles[name].count > 0)
      .sort((a, b) => picture.styles[b].rank - picture.styles[a].rank);

  zmd.legendNotes = (app) => {
    const { picture, state } = app;
    const notes = [];
    if (state.after) notes.push(zmd.text("note_after"), ...later(app));
    if (picture.undrawn) {
      const key = picture.isGrouped ? "note_grouped" : "note_undrawn";
      notes.push(zmd.text(key, { count: zmd.number(picture.undrawn) }));
    }
    if (!picture.isArea) notes.push(zmd.text("note_clusters"));
    if (state.view === "seats") notes.push(...supplyNotes(app));
    if (state.layers.has("schools")) notes.push(zmd.text("note_schools"));
    return notes;
  };

  /* Before the first suggested place opens, the simulation changes nothing. */
  function later({ model, state }) {
    const known = (model.sites && model.sites.opens_in) || [];
    const first = Math.min(...known.filter((year) => year !== null));
    const isTooEarly = state.view === "seats" && Number.isFinite(first) && state.year < first;
    return isTooEarly ? [zmd.text("note_after_later", { year: first })] : [];
  }

  function supplyNotes({ picture, state }) {
    const notes = [zmd.text("note_supply")];
    if (state.stage === "senior") notes.push(zmd.text("note_senior"));
    if (!picture.isBorn) notes.push(zmd.text("note_unborn"));
    return notes;
  }

  function legendEntry(app, name) {
    const style = app.picture.styles[name];
    const isOn = !app.state.hidden.has(name);
    const attributes = {
      type: "button",
      "aria-pressed": isOn,
      title: zmd.text("legend_toggle"),
      "data-key": `style-${name}`,
    };
    const button = zmd.el("button", attributes, [
      zmd.swatch(style, app.picture.isArea),
      zmd.el("span", { class: "legend-text" }, style.text),
      zmd.el("span", { class: "legend-count" }, zmd.number(style.count)),
    ]);
    button.addEventListener("click", () => app.set({ hidden: toggled(app.state.hidden, name) }));
    return zmd.el("li", {}, button);
  }

  function toggled(names, name) {
    const changed = new Set(names);
    if (!changed.delete(name)) changed.add(name);
    return changed;
  }

  /* ---- layers ---- */

  zmd.layersAtHand = (model) => {
    const names = zmd.areaKinds(model).includes("township") ? ["townships"] : [];
    if (model.schools) {
      const found = new Set(model.schools.type.map((_, school) => zmd.schoolLayer(model, school)));
      const ordered = ["schools", "teaching_points", "planned", "closed"];
      names.push(...ordered.filter((name) => found.has(name)));
    }
    if (model.land) names.push("land");
    if (model.roads) names.push("road_health");
    if (model.population) names.push("population");
    if (model.sites) names.push("suggestions", "catchments");
    return names;
  };

  zmd.renderLayers = (app) => {
    const names = zmd.layersAtHand(app.model);
    zmd.byId("zmd-layers").parentNode.hidden = names.length === 0;
    zmd.fill(
      zmd.byId("zmd-layers"),
      names.map((name) => {
        const box = zmd.el("input", { type: "checkbox", "data-key": `layer-${name}` });
        box.checked = app.state.layers.has(name);
        box.addEventListener("change", () => app.set({ layers: toggled(app.state.layers, name) }));
        const swatch = zmd.smallCanvas((ctx) => zmd.drawLayerSwatch(ctx, name, 0, 0));
        const text = zmd.el("span", { class: "choice-title" }, zmd.text(`map_${name}`));
        return zmd.el("label", { class: "choice" }, [box, text, swatch]);
      }),
    );
  };

  /* ---- the list ---- */

  zmd.renderList = (app) => {
    const { picture, state } = app;
    zmd.byId("zmd-story").textContent = picture.story;
    zmd.byId("zmd-headline").textContent = picture.story;
    const rows = sortedRows(picture.rows, state.sort);
    const shown = rows.slice(0, state.rows || ROWS_AT_FIRST);
    const heads = picture.columns.map((column, i) => sortHead(app, column, i));
    const caption = zmd.text("list_caption", { title: picture.title });
    zmd.fill(zmd.byId("zmd-list"), [
      table(app, { caption, isCaptionSeen: false, heads, columns: picture.columns, rows: shown }),
      rows.length > shown.length ? moreButton(app, rows.length - shown.length) : null,
      picture.inner ? innerTable(app, picture.inner) : null,
    ]);
  };

  /* Below the list: the worst of the smaller units, or what the picture names by a caption. */
  function innerTable(app, inner) {
    const heads = inner.columns.map((column) =>
      zmd.el("th", { scope: "col", class: column.isNumber ? "number" : null }, column.title),
    );
    const rows = inner.rows.slice(0, inner.most || INNER_ROWS);
    const caption = inner.caption || zmd.text("list_inner");
    return table(app, { caption, isCaptionSeen: true, heads, columns: inner.columns, rows });
  }

  function table(app, content) {
    const captionClass = content.isCaptionSeen ? null : "unseen";
    const isTold = content.columns.every((column) => !column.isNumber);
    const innerClass = isTold ? "inner told" : "inner";
    return zmd.el("table", { class: content.isCaptionSeen ? innerClass : null }, [
      zmd.el("caption", { class: captionClass }, content.caption),
      zmd.el("thead", {}, zmd.el("tr", {}, content.heads)),
      paperFoot(app, content.columns.length),
      zmd.el(
        "tbody",
        {},
        content.rows.map((row) => line(app, row, content.columns)),
      ),
    ]);
  }

  /* On paper the foot of a table stands on each page, and with it the warning. */
  function paperFoot(app, width) {
    const texts = app.model.payload.warnings.map((warning) => warning[zmd.lang()]);
    if (texts.length === 0) return null;
    const cell = zmd.el("td", { colspan: width }, texts.join(" "));
    return zmd.el("tfoot", { class: "paper" }, zmd.el("tr", {}, cell));
  }

  function sortedRows(rows, sort) {
    if (!sort) return rows;
    const direction = sort.isDown ? -1 : 1;
    return rows
      .slice()
      .sort(
        (a, b) =>
          compare(a.values[sort.column], b.values[sort.column], direction) || a.unit - b.unit,
      );
  }

  /* Unknown is last, whichever way the list is turned. */
  function compare(a, b, direction) {
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (typeof a === "number" && typeof b === "number") return direction * (a - b);
    return direction * String(a).localeCompare(String(b), "zh-CN");
  }

  function sortHead(app, column, i) {
    const { sort } = app.state;
    const isSorted = Boolean(sort) && sort.column === i;
    const arrow = isSorted ? (sort.isDown ? "▼" : "▲") : "";
    const button = zmd.el("button", { type: "button", "data-key": `column-${i}` }, [
      column.title,
      zmd.el("span", { class: "arrow", "aria-hidden": "true" }, arrow),
    ]);
    button.addEventListener("click", () => {
      const isDown = isSorted ? !sort.isDown : Boolean(column.isNumber);
      app.set({ sort: { column: i, isDown } });
    });
    const direction = isSorted ? (sort.isDown ? "descending" : "ascending") : "none";
    const attributes = { scope: "col", "aria-sort": direction };
    return zmd.el("th", { ...attributes, class: column.isNumber ? "number" : null }, button);
  }

  function line(app, row, columns) {
    const cells = row.cells.map((text, i) => {
      if (i === 0) return zmd.el("th", { scope: "row" }, unitButton(app, row.unit, text));
      if (row.mark && i === 1) return zmd.el("td", {}, markCell(app, row.mark, text));
      const bar = i === 1 && row.bar ? zmd.el("span", barOf(row.bar), null) : null;
      const loose = columns[i].isLoose ? "number loose" : "number";
      return zmd.el("td", { class: columns[i].isNumber ? loose : null }, [text, bar]);
    });
    return zmd.el("tr", { class: app.state.selected === row.unit ? "chosen" : null }, cells);
  }

  function barOf(share) {
    return { class: "bar", style: `width:${Math.round(100 * share)}%`, "aria-hidden": "true" };
  }

  function markCell(app, mark, text) {
    return zmd.el("span", { title: text }, [
      zmd.swatch(app.model.payload.styles[mark], false),
      zmd.el("span", { class: "unseen" }, text),
    ]);
  }

  function unitButton(app, unit, text) {
    const holder = zmd.holderName(app.model, unit);
    const isUndrawn = app.model.units.wx[unit] === null && !app.picture.isGrouped;
    const button = zmd.el("button", { type: "button", class: "unit" }, [
      zmd.el("span", {}, text),
      holder ? zmd.el("small", {}, holder) : null,
      isUndrawn ? zmd.el("small", {}, zmd.text("not_drawn")) : null,
    ]);
    button.addEventListener("click", () => app.select(unit, { fly: true }));
    return button;
  }

  function moreButton(app, rest) {
    const text = zmd.text("list_more", { count: zmd.number(rest) });
    const button = zmd.el("button", { type: "button", class: "more" }, text);
    button.addEventListener("click", () => app.set({ rows: app.picture.rows.length }));
    return button;
  }

  /* The county (or county and township) that a unit lies in, to tell apart units of one name. */
  zmd.holderName = (model, unit) => {
    const { units } = model;
    return ["county", "township"]
      .map((kind) => units[kind][unit])
      .filter((holder) => holder >= 0 && holder !== unit)
      .map((holder) => zmd.unitName(model, holder))
      .join(" ");
  };
})((window.zmd));
