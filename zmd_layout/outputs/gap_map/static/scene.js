/* Draw a picture on a canvas: the map layer and the exported image use the same strokes. */
(function (zmd) {
  "use strict";

  const CLUSTER_CELL = 46; // CSS pixels
  const NO_CLUSTERS_FROM = 13.5; // zoom
  const AREA_LABEL_SIZE = 12.5;
  const SMALL = 16; // an area narrower than this on screen is drawn as a point
  const SCHOOL_GLYPHS_FROM = 11.5;

  /*
   * view: {scale, left, top, width, height, zoom}: world pixels at zoom 0 times `scale` less the
   * corner are CSS pixels of the canvas. Returns what can be pointed at, topmost last.
   */
  zmd.drawScene = function (ctx, view, model, picture, state) {
    const hits = [];
    const boxes = []; // labels that are already there
    const visible = picture.items.filter(function (item) { return !state.hidden.has(item.style); });
    const split = splitItems(model, picture, visible, view);
    ctx.clearRect(0, 0, view.width, view.height);
    drawGround(ctx, view, model, state);
    drawAreas(ctx, view, model, picture, split.areas, hits);
    drawBorders(ctx, view, model, state);
    if (state.layers.has("population")) drawPopulation(ctx, view, model);
    if (state.layers.has("land")) drawLand(ctx, view, model, hits);
    if (state.layers.has("catchments")) drawCatchments(ctx, view, model, state);
    drawSelectedArea(ctx, view, model, state);
    drawSchools(ctx, view, model, state, hits);
    drawPoints(ctx, view, model, picture, split.points, hits, boxes);
    drawAreaLabels(ctx, view, model, picture, split.areas, boxes);
    drawPlaceNames(ctx, view, model, picture, state, boxes);
    if (state.layers.has("suggestions")) drawSites(ctx, view, model, state, hits, boxes);
    drawSelectedPoint(ctx, view, model, state);
    if (model.payload.isSynthetic) drawWatermark(ctx, view);
    return hits;
  };

  function px(view, wx) {
    return wx * view.scale - view.left;
  }
  function py(view, wy) {
    return wy * view.scale - view.top;
  }

  function isInView(view, box, margin) {
    return (
      px(view, box.east) > -margin && px(view, box.west) < view.width + margin &&
      py(view, box.south) > -margin && py(view, box.north) < view.height + margin
    );
  }

  function isPointInView(view, x, y) {
    return x > -60 && x < view.width + 60 && y > -60 && y < view.height + 60;
  }

  function splitItems(model, picture, items, view) {
    const areas = [];
    const points = [];
    items.forEach(function (item) {
      const shape = model.units.shapes[item.unit];
      if (shape && (picture.isArea || widthOf(view, shape) >= SMALL)) {
        if (isInView(view, shape.box, 0)) areas.push(item);
      } else if (model.units.wx[item.unit] !== null) points.push(item);
    });
    return { areas: areas, points: points };
  }

  function widthOf(view, shape) {
    return Math.max(shape.box.east - shape.box.west, shape.box.south - shape.box.north) * view.scale;
  }

  function trace(ctx, view, shape, isClosed) {
    ctx.beginPath();
    shape.rings.forEach(function (ring) {
      for (let i = 0; i < ring.length; i += 2) {
        const x = px(view, ring[i]);
        const y = py(view, ring[i + 1]);
        if (i === 0) ctx.moveTo(x, y);
        else ctx.lineTo(x, y);
      }
      if (isClosed) ctx.closePath();
    });
  }

  function outline(ctx, view, shape, color, width, dash) {
    trace(ctx, view, shape, true);
    ctx.setLineDash(dash || []);
    ctx.lineJoin = "round";
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    ctx.stroke();
    ctx.setLineDash([]);
  }

  function unitsOfKind(model, kind) {
    const found = [];
    model.units.kind.forEach(function (k, unit) {
      if (k === kind && model.units.shapes[unit]) found.push(unit);
    });
    return found;
  }

  /* The land of the study under everything, so that holes in a picture are seen as such. */
  function drawGround(ctx, view, model) {
    unitsOfKind(model, "county").forEach(function (unit) {
      trace(ctx, view, model.units.shapes[unit], true);
      ctx.fillStyle = "#fbfaf7";
      ctx.fill("evenodd");
    });
  }

  function drawAreas(ctx, view, model, picture, items, hits) {
    items.forEach(function (item) {
      const shape = model.units.shapes[item.unit];
      trace(ctx, view, shape, true);
      ctx.fillStyle = zmd.paint(ctx, picture.styles[item.style]);
      ctx.fill("evenodd");
      const isWide = widthOf(view, shape) > 40;
      ctx.strokeStyle = isWide ? "#ffffff" : "rgba(255,255,255,0.7)";
      ctx.lineWidth = isWide ? 1.4 : 0.6;
      ctx.lineJoin = "round";
      ctx.stroke();
      hits.push({ shape: shape, unit: item.unit, item: item });
    });
  }

  function drawBorders(ctx, view, model, state) {
    if (state.layers.has("townships") || state.kind === "township") {
      unitsOfKind(model, "township").forEach(function (unit) {
        const shape = model.units.shapes[unit];
        if (isInView(view, shape.box, 0)) outline(ctx, view, shape, "rgba(70,85,95,0.45)", 0.7);
      });
    }
    unitsOfKind(model, "county").forEach(function (unit) {
      const shape = model.units.shapes[unit];
      outline(ctx, view, shape, "rgba(255,255,255,0.85)", 3);
      outline(ctx, view, shape, "#4b5a66", 1.3);
    });
  }

  function drawSelectedArea(ctx, view, model, state) {
    const shape = state.selected === null ? null : model.units.shapes[state.selected];
    if (!shape) return;
    outline(ctx, view, shape, "#ffffff", 6);
    outline(ctx, view, shape, "#111111", 3);
  }

  function drawSelectedPoint(ctx, view, model, state) {
    const unit = state.selected;
    if (unit === null || model.units.wx[unit] === null || model.units.shapes[unit]) return;
    const x = px(view, model.units.wx[unit]);
    const y = py(view, model.units.wy[unit]);
    [[6, "#ffffff"], [3, "#111111"]].forEach(function (stroke) {
      ctx.beginPath();
      ctx.arc(x, y, 15, 0, 2 * Math.PI);
      ctx.lineWidth = stroke[0];
      ctx.strokeStyle = stroke[1];
      ctx.stroke();
    });
  }

  /* ---- points and clusters ---- */

  function gather(model, items, view) {
    const cells = new Map();
    const isApart = view.zoom >= NO_CLUSTERS_FROM;
    items.forEach(function (item, i) {
      const x = model.units.wx[item.unit] * view.scale;
      const y = model.units.wy[item.unit] * view.scale;
      if (!isPointInView(view, x - view.left, y - view.top)) return;
      const key = isApart ? i : Math.floor(x / CLUSTER_CELL) + "/" + Math.floor(y / CLUSTER_CELL);
      if (!cells.has(key)) cells.set(key, { items: [], x: 0, y: 0 });
      const cell = cells.get(key);
      cell.items.push(item);
      cell.x += x - view.left;
      cell.y += y - view.top;
    });
    return Array.from(cells.values()).map(function (cell) {
      return { items: cell.items, x: cell.x / cell.items.length, y: cell.y / cell.items.length };
    });
  }

  function drawPoints(ctx, view, model, picture, items, hits, boxes) {
    const groups = gather(model, items, view);
    groups.filter(function (g) { return g.items.length > 1; }).forEach(function (group) {
      const radius = drawCluster(ctx, picture, group);
      hits.push({ x: group.x, y: group.y, radius: radius, cluster: group.items });
      boxes.push([group.x - radius, group.y - radius, group.x + radius, group.y + radius]);
    });
    groups.filter(function (g) { return g.items.length === 1; }).forEach(function (group) {
      const item = group.items[0];
      zmd.drawSymbol(ctx, picture.styles[item.style], group.x, group.y, 6.5);
      hits.push({ x: group.x, y: group.y, radius: 11, unit: item.unit, item: item });
      if (view.zoom >= NO_CLUSTERS_FROM) {
        label(ctx, boxes, model.units.name[item.unit], group.x, group.y + 15, { size: 11.5 });
      }
    });
  }

  /* A ring told off by verdicts; inside, how many fall short, or else how many there are. */
  function drawCluster(ctx, picture, group) {
    const counts = {};
    group.items.forEach(function (item) { counts[item.style] = (counts[item.style] || 0) + 1; });
    const total = group.items.length;
    const radius = Math.min(21, 10.5 + 2.6 * Math.log10(total) * 1.6);
    let angle = -Math.PI / 2;
    ctx.beginPath();
    ctx.arc(group.x, group.y, radius + 1.5, 0, 2 * Math.PI);
    ctx.fillStyle = "#ffffff";
    ctx.fill();
    Object.keys(picture.styles).filter(function (name) { return counts[name]; }).forEach(function (name) {
      const sweep = (2 * Math.PI * counts[name]) / total;
      ctx.beginPath();
      ctx.moveTo(group.x, group.y);
      ctx.arc(group.x, group.y, radius, angle, angle + sweep);
      ctx.closePath();
      ctx.fillStyle = zmd.paint(ctx, picture.styles[name]);
      ctx.fill();
      angle += sweep;
    });
    ctx.beginPath();
    ctx.arc(group.x, group.y, radius, 0, 2 * Math.PI);
    ctx.strokeStyle = "rgba(40,50,60,0.7)";
    ctx.lineWidth = 0.8;
    ctx.stroke();
    ctx.beginPath();
    ctx.arc(group.x, group.y, radius * 0.66, 0, 2 * Math.PI);
    ctx.fillStyle = "#ffffff";
    ctx.fill();
    const short = (counts.shortfall || 0) + (counts.reason || 0);
    zmd.drawText(ctx, zmd.number(short || total), group.x, group.y + 0.5, {
      size: radius > 15 ? 11.5 : 10, weight: short ? "700" : "400", halo: null,
      color: counts.shortfall ? "#9c3500" : counts.reason ? "#7a5100" : "#45525c",
    });
    return radius;
  }

  /* ---- labels ---- */

  function label(ctx, boxes, text, x, y, options) {
    const lines = String(text).split("\n");
    ctx.font = (options.weight || "400") + " " + options.size + "px " + zmd.FONT;
    const half = Math.max.apply(null, lines.map(function (line) { return ctx.measureText(line).width; })) / 2 + 2;
    const height = (lines.length * options.size * 1.25) / 2 + 1;
    const box = [x - half, y - height, x + half, y + height];
    const isTaken = boxes.some(function (other) {
      return box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1];
    });
    if (isTaken) return false;
    boxes.push(box);
    lines.forEach(function (line, i) {
      const shift = (i - (lines.length - 1) / 2) * options.size * 1.25;
      zmd.drawText(ctx, line, x, y + shift, i === 0 ? options : Object.assign({}, options, options.second));
    });
    return true;
  }

  /* Name and figure of each area, the worst first; what does not fit is left to the list. */
  function drawAreaLabels(ctx, view, model, picture, items, boxes) {
    items.slice().sort(function (a, b) { return b.rank - a.rank; }).forEach(function (item) {
      const shape = model.units.shapes[item.unit];
      const width = (shape.box.east - shape.box.west) * view.scale;
      if (width < 26) return;
      const x = px(view, model.units.wx[item.unit]);
      const y = py(view, model.units.wy[item.unit]);
      const style = picture.styles[item.style];
      const hasSymbol = Boolean(style.shape);
      const name = model.units.name[item.unit] || "";
      const isRoomy = width > Math.max(52, name.length * AREA_LABEL_SIZE * 0.8);
      if (isRoomy) drawNamed(ctx, boxes, style, item, name, x, y);
      else if (hasSymbol) {
        zmd.drawSymbol(ctx, style, x, y, 5);
        boxes.push([x - 6, y - 6, x + 6, y + 6]);
      } else if (item.label) label(ctx, boxes, item.label, x, y, { size: 11, weight: "700" });
    });
  }

  function drawNamed(ctx, boxes, style, item, name, x, y) {
    const hasSymbol = Boolean(style.shape);
    const text = item.label ? name + "\n" + item.label : name;
    const options = { size: AREA_LABEL_SIZE, weight: "600", second: { size: 14, weight: "700" } };
    const drawn = label(ctx, boxes, text, x, y, options);
    if (hasSymbol) {
      const lift = drawn ? (item.label ? 26 : 18) : 0;
      zmd.drawSymbol(ctx, style, x, y - lift, 6);
    }
  }

  /* Names of the counties where the picture itself does not print them. */
  function drawPlaceNames(ctx, view, model, picture, state, boxes) {
    if (picture.isArea && state.kind === "county") return;
    unitsOfKind(model, "county").forEach(function (unit) {
      const x = px(view, model.units.wx[unit]);
      const y = py(view, model.units.wy[unit]);
      if (isPointInView(view, x, y)) {
        label(ctx, boxes, model.units.name[unit], x, y, { size: 14, weight: "600", color: "#3c4a55" });
      }
    });
  }

  /* ---- context ---- */

  function drawPopulation(ctx, view, model) {
    const cells = model.population.cells;
    const cell = model.population.cell;
    const most = cells.residents.reduce(function (a, b) { return Math.max(a, b); }, 1);
    const side = (zmd.worldX(cell) - zmd.worldX(0)) * view.scale;
    const largest = Math.max(2.2, side * 0.62);
    ctx.fillStyle = "rgba(60,50,90,0.45)";
    for (let i = 0; i < cells.rows; i += 1) {
      const x = px(view, zmd.worldX((cells.column[i] + 0.5) * cell));
      const y = py(view, zmd.worldY((cells.row[i] + 0.5) * cell));
      if (!isPointInView(view, x, y)) continue;
      ctx.beginPath();
      ctx.arc(x, y, Math.max(0.5, largest * Math.sqrt(cells.residents[i] / most)), 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  function drawLand(ctx, view, model, hits) {
    model.land.shapes.forEach(function (shape, i) {
      if (!isInView(view, shape.box, 0)) return;
      const use = zmd.cell(model.land.facts, "current_use", i);
      trace(ctx, view, shape, true);
      ctx.fillStyle = use === "other" ? "rgba(213,94,0,0.35)" : "rgba(150,110,40,0.2)";
      ctx.fill("evenodd");
      outline(ctx, view, shape, "#7a5410", 1.6, [5, 3]);
      hits.push({ shape: shape, land: i });
    });
  }

  const SCHOOL_LAYERS = {
    schools: function (status) { return status === null || status === "operating"; },
    planned: function (status) { return status === "planned" || status === "under_construction"; },
    closed: function (status) { return status === "closed"; },
  };

  zmd.schoolLayer = function (model, school) {
    const status = zmd.cell(model.schools, "status", school);
    const isOpen = SCHOOL_LAYERS.schools(status);
    if (isOpen && model.schools.type[school] === "teaching_point") return "teaching_points";
    return Object.keys(SCHOOL_LAYERS).find(function (name) { return SCHOOL_LAYERS[name](status); }) || "schools";
  };

  function drawSchools(ctx, view, model, state, hits) {
    if (!model.schools) return;
    const isLarge = view.zoom >= SCHOOL_GLYPHS_FROM;
    for (let i = 0; i < model.schools.rows; i += 1) {
      const layer = zmd.schoolLayer(model, i);
      const x = px(view, model.schools.wx[i]);
      const y = py(view, model.schools.wy[i]);
      if (!state.layers.has(layer) || !isPointInView(view, x, y)) continue;
      if (isLarge) drawSchool(ctx, model, i, x, y, layer);
      else drawDot(ctx, x, y, layer);
      hits.push({ x: x, y: y, radius: isLarge ? 9 : 4, school: i, unit: zmd.cell(model.schools, "unit", i) });
    }
  }

  const SCHOOL_COLORS = { schools: "#27475c", planned: "#00609c", closed: "#777777", teaching_points: "#5a6b3c" };

  function drawDot(ctx, x, y, layer) {
    ctx.beginPath();
    ctx.arc(x, y, 1.9, 0, 2 * Math.PI);
    ctx.fillStyle = SCHOOL_COLORS[layer];
    ctx.fill();
  }

  const DASHES = { inclusive_private: [3, 2], private: [1, 2], for_profit: [1, 2] };

  function drawSchool(ctx, model, school, x, y, layer) {
    ctx.beginPath();
    ctx.arc(x, y, 8.5, 0, 2 * Math.PI);
    ctx.fillStyle = layer === "planned" ? "#e4f0fa" : "#ffffff";
    ctx.fill();
    ctx.setLineDash(DASHES[zmd.cell(model.schools, "ownership", school)] || []);
    ctx.strokeStyle = SCHOOL_COLORS[layer];
    ctx.lineWidth = 1.6;
    ctx.stroke();
    ctx.setLineDash([]);
    zmd.drawText(ctx, zmd.text("glyph_" + model.schools.type[school]), x, y + 0.5, {
      size: 10, color: SCHOOL_COLORS[layer], halo: null,
    });
  }

  /* ---- suggestions ---- */

  function drawSites(ctx, view, model, state, hits, boxes) {
    const sites = model.sites;
    for (let i = sites.rows - 1; i >= 0; i -= 1) {
      const x = px(view, sites.wx[i]);
      const y = py(view, sites.wy[i]);
      if (!isPointInView(view, x, y)) continue;
      const radius = state.site === i ? 12 : 9.5;
      ctx.beginPath();
      ctx.moveTo(x, y + radius * 0.3 + 9);
      ctx.arc(x, y - 5, radius, Math.PI * 0.8, Math.PI * 0.2);
      ctx.closePath();
      ctx.fillStyle = zmd.SITE;
      ctx.strokeStyle = "#ffffff";
      ctx.lineWidth = 2;
      ctx.fill();
      ctx.stroke();
      zmd.drawText(ctx, String(zmd.cell(sites, "rank", i) || i + 1), x, y - 4.5, {
        size: 10.5, weight: "700", color: "#ffffff", halo: null,
      });
      hits.push({ x: x, y: y - 5, radius: radius + 2, site: i });
      boxes.push([x - radius, y - radius - 5, x + radius, y + 10]);
    }
  }

  function drawCatchments(ctx, view, model, state) {
    const sites = model.sites;
    sites.catchments.forEach(function (entry) {
      if (!isInView(view, entry.shape.box, 0)) return;
      trace(ctx, view, entry.shape, entry.isArea);
      const isChosen = state.site === entry.site;
      ctx.strokeStyle = zmd.SITE;
      ctx.globalAlpha = isChosen ? 0.95 : 0.45;
      ctx.lineWidth = isChosen ? 1.8 : 1;
      ctx.setLineDash(entry.isArea ? [6, 4] : []);
      ctx.stroke();
    });
    sites.closes.forEach(function (pairs, site) {
      pairs.forEach(function (pair) { drawClosing(ctx, view, model, site, pair[1], state.site === site); });
    });
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  }

  function drawClosing(ctx, view, model, site, unit, isChosen) {
    if (model.units.wx[unit] === null) return;
    ctx.beginPath();
    ctx.moveTo(px(view, model.sites.wx[site]), py(view, model.sites.wy[site]));
    ctx.lineTo(px(view, model.units.wx[unit]), py(view, model.units.wy[unit]));
    ctx.setLineDash([2, 4]);
    ctx.strokeStyle = zmd.SITE;
    ctx.globalAlpha = isChosen ? 1 : 0.6;
    ctx.lineWidth = isChosen ? 2.4 : 1.4;
    ctx.stroke();
  }

  /* Made-up data is marked on the map itself, so that no cut-out passes for the real thing. */
  function drawWatermark(ctx, view) {
    ctx.save();
    ctx.globalAlpha = 0.1;
    ctx.translate(view.width / 2, view.height / 2);
    ctx.rotate(-Math.PI / 7);
    const step = 230;
    for (let y = -view.height; y < view.height; y += step) {
      for (let x = -view.width; x < view.width; x += step * 1.6) {
        zmd.drawText(ctx, zmd.text("watermark"), x, y, { size: 30, weight: "700", halo: null, color: "#000000" });
      }
    }
    ctx.restore();
  }

  /* What lies under a place of the canvas: symbols first, then the smallest area. */
  zmd.hitAt = function (hits, view, x, y) {
    for (let i = hits.length - 1; i >= 0; i -= 1) {
      const hit = hits[i];
      if (!hit.shape && Math.hypot(hit.x - x, hit.y - y) <= hit.radius + 2) return hit;
    }
    const wx = (x + view.left) / view.scale;
    const wy = (y + view.top) / view.scale;
    for (let i = hits.length - 1; i >= 0; i -= 1) {
      if (hits[i].shape && zmd.isInside(hits[i].shape, wx, wy)) return hits[i];
    }
    return null;
  };
})((window.zmd = window.zmd || {}));
