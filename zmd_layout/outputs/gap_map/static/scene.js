/* Draw a picture on a canvas: the map layer and the exported image use the same strokes. */
(function (zmd) {
  "use strict";

  const LABEL_SIZE = 12.5;
  // CSS pixels right and down by which a label may evade another
  /** @type {[number, number][]} */
  const LABEL_SHIFTS = [
    [0, 0],
    [0, 26],
    [0, -26],
    [30, 0],
    [-30, 0],
    [0, 48],
  ];
  const SMALL = 16; // an area narrower than this on screen is drawn as a point
  const CROWDED_BELOW = 8.5; // zoom at which names matter more than pins

  /* Give back what can be pointed at. */
  zmd.drawScene = (ctx, view, model, picture, state) => {
    const scene = { ctx, view, model, picture, state, hits: [], boxes: [] };
    const { areas, points } = splitItems(scene);
    ctx.clearRect(0, 0, view.width, view.height);
    drawGround(scene);
    areas.forEach((item) => drawArea(scene, item));
    drawBorders(scene);
    zmd.drawAround(scene);
    drawSelectedArea(scene);
    zmd.drawSchools(scene);
    const hasSites = state.layers.has("suggestions");
    const isCrowded = view.zoom < CROWDED_BELOW || zmd.areSitesDots(scene);
    if (hasSites && isCrowded) zmd.drawSites(scene);
    if (hasSites && !isCrowded) scene.boxes.push(...zmd.siteBoxes(scene));
    zmd.drawPoints(scene, points);
    drawAreaLabels(scene, areas);
    drawPlaceNames(scene);
    if (hasSites && !isCrowded) zmd.drawSites(scene);
    drawSelectedPoint(scene);
    if (model.payload.isSynthetic) drawWatermark(scene);
    return scene.hits;
  };

  /* Areas, and what is too small on screen to be one or has no extent. */
  function splitItems(scene) {
    const { model, picture, state, view } = scene;
    const areas = [];
    const points = [];
    picture.items.forEach((item) => {
      if (state.hidden.has(item.style)) return;
      const shape = model.units.shapes[item.unit];
      if (shape && (picture.isArea || zmd.extentOf(view, shape) >= SMALL)) {
        if (zmd.isInView(view, shape.box)) areas.push(item);
      } else if (model.units.wx[item.unit] !== null) points.push(item);
    });
    return { areas, points };
  }

  /* The land of the study under everything, so that holes in a picture are seen as such. */
  function drawGround(scene) {
    zmd.unitsOfKind(scene.model, "county").forEach((unit) => {
      zmd.fillShape(scene, scene.model.units.shapes[unit], "#fbfaf7");
    });
  }

  function drawArea(scene, item) {
    const { ctx, view, model, picture } = scene;
    const shape = model.units.shapes[item.unit];
    zmd.fillShape(scene, shape, zmd.paint(ctx, picture.styles[item.style]));
    const isWide = zmd.extentOf(view, shape) > 40;
    zmd.outlineShape(
      scene,
      shape,
      isWide ? "#ffffff" : "rgba(255,255,255,0.7)",
      isWide ? 1.4 : 0.6,
    );
    scene.hits.push({ shape, unit: item.unit, item });
  }

  function drawBorders(scene) {
    const { view, model, state } = scene;
    if (state.layers.has("townships") || state.kind === "township") {
      zmd.unitsOfKind(model, "township").forEach((unit) => {
        const shape = model.units.shapes[unit];
        if (zmd.isInView(view, shape.box)) {
          zmd.outlineShape(scene, shape, "rgba(70,85,95,0.45)", 0.7);
        }
      });
    }
    zmd.unitsOfKind(model, "county").forEach((unit) => {
      zmd.outlineShape(scene, model.units.shapes[unit], "rgba(255,255,255,0.85)", 3);
      zmd.outlineShape(scene, model.units.shapes[unit], "#4b5a66", 1.3);
    });
  }

  function drawSelectedArea(scene) {
    const { model, state } = scene;
    const shape = state.selected === null ? null : model.units.shapes[state.selected];
    if (!shape) return;
    zmd.outlineShape(scene, shape, "#ffffff", 6);
    zmd.outlineShape(scene, shape, "#111111", 3);
  }

  function drawSelectedPoint(scene) {
    const { ctx, view, model, state } = scene;
    const unit = state.selected;
    if (unit === null || model.units.wx[unit] === null || model.units.shapes[unit]) return;
    const x = zmd.px(view, model.units.wx[unit]);
    const y = zmd.py(view, model.units.wy[unit]);
    zmd.circle(ctx, x, y, 15, "#ffffff", 6);
    zmd.circle(ctx, x, y, 15, "#111111", 3);
  }

  /* ---- labels ---- */

  /* Name and figure of each area, the worst first; what does not fit is left to the list. */
  function drawAreaLabels(scene, items) {
    const { view, model, picture } = scene;
    const ordered = items.slice().sort((a, b) => b.rank - a.rank);
    ordered.forEach((item) => {
      const shape = model.units.shapes[item.unit];
      const width = (shape.box.east - shape.box.west) * view.scale;
      const name = model.units.name[item.unit] || "";
      const x = zmd.px(view, model.units.wx[item.unit]);
      const y = zmd.py(view, model.units.wy[item.unit]);
      const place = { item, name, shape, style: picture.styles[item.style], x, y };
      if (width > Math.max(52, name.length * LABEL_SIZE * 0.8)) drawNamed(scene, place);
      else if (width >= 26) drawUnnamed(scene, place);
    });
  }

  function drawUnnamed(scene, place) {
    const { item, style, x, y } = place;
    if (style.shape) {
      zmd.drawSymbol(scene.ctx, style, x, y, 5);
      scene.boxes.push([x - 6, y - 6, x + 6, y + 6]);
    } else if (item.label) zmd.label(scene, item.label, x, y, inkOn(style, 11, "700"));
  }

  function inkOn(style, size, weight) {
    const color = zmd.isDark(style.fill) ? "#ffffff" : zmd.INK;
    return { size, weight, color, halo: style.fill };
  }

  /* A label may move inside its area, and gives up its figure before its name. */
  function drawNamed(scene, place) {
    const { item, name, style, x, y } = place;
    const options = { ...inkOn(style, LABEL_SIZE, "600"), second: { size: 14, weight: "700" } };
    const texts = item.label ? [`${name}\n${item.label}`, name] : [name];
    const shifts = LABEL_SHIFTS.filter((shift) => isOver(scene.view, place, shift));
    const symbol = { x, y };
    texts.some((text) => {
      const shift = shifts.find(([dx, dy]) => zmd.label(scene, text, x + dx, y + dy, options));
      if (!shift) return false;
      symbol.x = x + shift[0];
      symbol.y = y + shift[1] - (text.includes("\n") ? 26 : 18);
      return true;
    });
    if (style.shape) zmd.drawSymbol(scene.ctx, style, symbol.x, symbol.y, 6);
  }

  function isOver(view, place, [dx, dy]) {
    const wx = (place.x + dx + view.left) / view.scale;
    return zmd.isInside(place.shape, wx, (place.y + dy + view.top) / view.scale);
  }

  /* Names of the counties where the picture itself does not print them. */
  function drawPlaceNames(scene) {
    const { view, model, picture, state } = scene;
    if (picture.isArea && state.kind === "county") return;
    zmd.unitsOfKind(model, "county").forEach((unit) => {
      const x = zmd.px(view, model.units.wx[unit]);
      const y = zmd.py(view, model.units.wy[unit]);
      if (!zmd.isPointInView(view, x, y)) return;
      zmd.label(scene, model.units.name[unit], x, y, { size: 14, weight: "600", color: "#3c4a55" });
    });
  }

  /* Made-up data is marked on the map itself, so that no cut-out passes for the real thing. */
  function drawWatermark(scene) {
    const { ctx, view } = scene;
    const options = { size: 30, weight: "700", halo: null, color: "#000000" };
    const step = 230;
    ctx.save();
    ctx.globalAlpha = 0.1;
    ctx.translate(view.width / 2, view.height / 2);
    ctx.rotate(-Math.PI / 7);
    for (let y = -view.height; y < view.height; y += step) {
      for (let x = -view.width; x < view.width; x += step * 1.6) {
        zmd.drawText(ctx, zmd.text("watermark"), x, y, options);
      }
    }
    ctx.restore();
  }
})((window.zmd));
