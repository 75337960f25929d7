/* Draw what stands around the findings: people, land, schools, suggested sites. */
(function (zmd) {
  "use strict";

  const LARGEST_DISC = 16; // CSS pixels
  const PEOPLE_COLOR = "rgba(60,50,90,0.45)";
  const LAND_COLORS = {
    lost: "rgba(213,94,0,0.35)",
    kept: "rgba(150,110,40,0.2)",
    line: "#7a5410",
  };
  const ROAD_COLOR = "#00796b";
  const GLYPHS_FROM = 11.5; // zoom from which schools show what they are
  const NEAR_FROM = 10; // zoom from which every catchment is drawn, not only the chosen one
  const PINS_FROM = 8.2; // zoom from which suggested places are pins with their ranks
  const SCHOOL_COLORS = {
    schools: "#27475c",
    planned: "#00609c",
    closed: "#777777",
    teaching_points: "#5a6b3c",
  };
  // public: solid; inclusive private: dashed; other private: dotted
  const OWNER_DASHES = { inclusive_private: [3, 2], private: [1, 2], for_profit: [1, 2] };

  zmd.drawAround = (scene) => {
    const layers = scene.state.layers;
    if (layers.has("population")) drawPopulation(scene);
    if (layers.has("land")) drawLand(scene);
    if (layers.has("road_health")) drawRoadFaults(scene);
    if (layers.has("catchments")) drawCatchments(scene);
  };

  /* A disc a square, its area in proportion to the residents. */
  function drawPopulation(scene) {
    const { ctx, view, model } = scene;
    const { cells, cell } = model.population;
    const most = cells.residents.reduce((a, b) => Math.max(a, b), 1);
    const side = (zmd.worldX(cell) - zmd.worldX(0)) * view.scale;
    const largest = Math.min(LARGEST_DISC, Math.max(2.2, side * 0.62));
    for (let i = 0; i < cells.rows; i += 1) {
      const x = zmd.px(view, zmd.worldX((cells.column[i] + 0.5) * cell));
      const y = zmd.py(view, zmd.worldY((cells.row[i] + 0.5) * cell));
      if (!zmd.isPointInView(view, x, y)) continue;
      const radius = Math.max(0.5, largest * Math.sqrt(cells.residents[i] / most));
      zmd.disc(ctx, x, y, radius, PEOPLE_COLOR);
    }
  }

  function drawLand(scene) {
    const { view, model } = scene;
    model.land.shapes.forEach((shape, i) => {
      if (!zmd.isInView(view, shape.box)) return;
      const isLost = zmd.cell(model.land.facts, "current_use", i) === "other";
      zmd.fillShape(scene, shape, isLost ? LAND_COLORS.lost : LAND_COLORS.kept);
      zmd.outlineShape(scene, shape, LAND_COLORS.line, 1.6, [5, 3]);
      scene.hits.push({ shape, land: i });
    });
  }

  /* Roads that hang on nothing as lines; ends that were joined as rings, loose ones as discs. */
  function drawRoadFaults(scene) {
    const { ctx, view, model } = scene;
    const { facts, shapes } = model.roads;
    for (let i = 0; i < facts.rows; i += 1) {
      const isIsland = shapes[i].rings.length > 0;
      const x = zmd.px(view, facts.wx[i]);
      const y = zmd.py(view, facts.wy[i]);
      if (isIsland && zmd.isInView(view, shapes[i].box)) {
        zmd.trace(scene, shapes[i], false);
        ctx.strokeStyle = ROAD_COLOR;
        ctx.lineWidth = 2.2;
        ctx.stroke();
      }
      if (!zmd.isPointInView(view, x, y)) continue;
      if (zmd.cell(facts, "kind", i) === "joined_end") zmd.circle(ctx, x, y, 3.6, ROAD_COLOR, 1.6);
      else zmd.disc(ctx, x, y, 3.2, ROAD_COLOR);
      scene.hits.push({ x, y, radius: 5, road: i });
    }
  }

  /* ---- schools ---- */

  /* The layer in which a school is shown, by its state. */
  zmd.schoolLayer = (model, school) => {
    const status = zmd.cell(model.schools, "status", school);
    if (status === "closed") return "closed";
    if (status === "planned" || status === "under_construction") return "planned";
    return model.schools.type[school] === "teaching_point" ? "teaching_points" : "schools";
  };

  zmd.drawSchools = (scene) => {
    const { view, model, state } = scene;
    if (!model.schools) return;
    const isLarge = view.zoom >= GLYPHS_FROM;
    for (let i = 0; i < model.schools.rows; i += 1) {
      const layer = zmd.schoolLayer(model, i);
      const x = zmd.px(view, model.schools.wx[i]);
      const y = zmd.py(view, model.schools.wy[i]);
      if (!state.layers.has(layer) || !zmd.isPointInView(view, x, y)) continue;
      if (isLarge) drawSchool(scene, i, x, y);
      else zmd.disc(scene.ctx, x, y, 1.9, SCHOOL_COLORS[layer]);
      const unit = zmd.cell(model.schools, "unit", i);
      scene.hits.push({ x, y, radius: isLarge ? 9 : 4, school: i, unit });
    }
  };

  function drawSchool(scene, school, x, y) {
    const { ctx, model } = scene;
    const layer = zmd.schoolLayer(model, school);
    const owner = zmd.cell(model.schools, "ownership", school);
    const color = SCHOOL_COLORS[layer];
    zmd.disc(ctx, x, y, 8.5, layer === "planned" ? "#e4f0fa" : "#ffffff");
    ctx.setLineDash(OWNER_DASHES[owner] || []);
    zmd.circle(ctx, x, y, 8.5, color, 1.6);
    ctx.setLineDash([]);
    const glyph = zmd.text(`glyph_${model.schools.type[school]}`);
    zmd.drawText(ctx, glyph, x, y + 0.5, { size: 10, color, halo: null });
  }

  /* ---- suggested sites ---- */

  /* The sites that go with the view: those of its stage, and those that close its rule. */
  function sitesOf(scene) {
    const { model, state } = scene;
    const rule = model.rules[state.view];
    const stage = rule ? rule.stage : state.view === "seats" ? state.stage : null;
    const isShown = (site) =>
      !stage ||
      site === state.site ||
      zmd.cell(model.sites, "stage", site) === stage ||
      model.sites.closes[site].some((pair) => pair[0] === state.view);
    return Array.from(model.sites.wx.keys()).filter(isShown);
  }

  function placeOf(scene, site) {
    const { view, model } = scene;
    return [zmd.px(view, model.sites.wx[site]), zmd.py(view, model.sites.wy[site])];
  }

  /* The places of the pins, which labels must leave free. */
  zmd.siteBoxes = (scene) =>
    sitesOf(scene).map((site) => {
      const [x, y] = placeOf(scene, site);
      return [x - 11, y - 16, x + 11, y + 10];
    });

  /* The best ranked last, so that it lies on top. */
  zmd.drawSites = (scene) => {
    sitesOf(scene)
      .reverse()
      .forEach((site) => {
        const [x, y] = placeOf(scene, site);
        if (zmd.isPointInView(scene.view, x, y)) drawPin(scene, site, x, y);
      });
  };

  /* From afar, where pins would hide the map or ranks of several stages meet, a place is a dot. */
  zmd.areSitesDots = ({ view, state }) =>
    view.zoom < PINS_FROM || (view.zoom < NEAR_FROM && !isOneStage(state));

  function isOneStage(state) {
    if (state.view === "seats") return state.stage !== null;
    return typeof state.view !== "string"; // the other overviews are of all stages
  }

  function drawPin(scene, site, x, y) {
    const { ctx, model, state } = scene;
    const isFar = scene.view.zoom < NEAR_FROM;
    if (zmd.areSitesDots(scene) && state.site !== site) {
      zmd.drawStage(ctx, model, zmd.cell(model.sites, "stage", site), x, y, 4.2);
      scene.hits.push({ x, y, radius: 7, site });
      return;
    }
    const radius = state.site === site ? 12 : isFar ? 7.5 : 9.5;
    const rank = zmd.cell(model.sites, "rank", site);
    pin(ctx, x, y, radius, colorOf(model, site));
    const options = { size: isFar ? 9 : 10.5, weight: "700", color: "#ffffff", halo: null };
    zmd.drawText(ctx, String(rank === null ? site + 1 : rank), x, y - 4.5, options);
    scene.hits.push({ x, y: y - 5, radius: radius + 2, site });
  }

  function colorOf(model, site) {
    const known = model.payload.stages[zmd.cell(model.sites, "stage", site)];
    return known ? known.color : zmd.SITE;
  }

  function pin(ctx, x, y, radius, color) {
    ctx.beginPath();
    ctx.moveTo(x, y + radius * 0.3 + 9);
    ctx.arc(x, y - 5, radius, Math.PI * 0.8, Math.PI * 0.2);
    ctx.closePath();
    ctx.fillStyle = color;
    ctx.strokeStyle = "#ffffff";
    ctx.lineWidth = 2;
    ctx.fill();
    ctx.stroke();
  }

  /* Whom each site would serve (solid) and which units' gaps it would close (dotted). */
  function drawCatchments(scene) {
    const { ctx, view, model, state } = scene;
    const sites = sitesOf(scene);
    model.sites.catchments.forEach((entry) => {
      const isNear = view.zoom >= NEAR_FROM || state.site === entry.site;
      if (!isNear || !sites.includes(entry.site) || !zmd.isInView(view, entry.shape.box)) return;
      zmd.trace(scene, entry.shape, entry.isArea);
      stroke(ctx, entry.isArea ? [6, 4] : [], state.site === entry.site);
    });
    sites.forEach((site) => {
      if (view.zoom < NEAR_FROM && state.site !== site && !isOneStage(state)) return;
      model.sites.closes[site].forEach((pair) => drawClosing(scene, site, pair[1]));
    });
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  }

  function drawClosing(scene, site, unit) {
    const { ctx, view, model, state } = scene;
    if (model.units.wx[unit] === null) return;
    ctx.beginPath();
    ctx.moveTo(zmd.px(view, model.sites.wx[site]), zmd.py(view, model.sites.wy[site]));
    ctx.lineTo(zmd.px(view, model.units.wx[unit]), zmd.py(view, model.units.wy[unit]));
    stroke(ctx, [2, 4], state.site === site);
  }

  function stroke(ctx, dash, isChosen) {
    ctx.setLineDash(dash);
    ctx.strokeStyle = zmd.SITE;
    ctx.globalAlpha = isChosen ? 1 : 0.5;
    ctx.lineWidth = isChosen ? 2.2 : 1.1;
    ctx.stroke();
  }

  /* ---- the legend of the layers ---- */

  const LAYER_SWATCHES = {
    townships: (ctx) => line(ctx, "rgba(70,85,95,0.8)", []),
    land: (ctx) => {
      ctx.fillStyle = LAND_COLORS.kept;
      ctx.fillRect(4, 3, 18, 12);
      ctx.strokeStyle = LAND_COLORS.line;
      ctx.setLineDash([5, 3]);
      ctx.strokeRect(4, 3, 18, 12);
    },
    road_health: (ctx) => {
      line(ctx, ROAD_COLOR, []);
      zmd.disc(ctx, 13, 9, 3.2, ROAD_COLOR);
    },
    population: (ctx) => {
      zmd.disc(ctx, 9, 9, 6, PEOPLE_COLOR);
      zmd.disc(ctx, 20, 9, 2.5, PEOPLE_COLOR);
    },
    suggestions: (ctx) => {
      zmd.disc(ctx, 6, 9, 3.6, zmd.SITE);
      pin(ctx, 18, 10, 6, zmd.SITE);
    },
    catchments: (ctx) => line(ctx, zmd.SITE, [2, 3]),
  };

  function line(ctx, color, dash) {
    ctx.beginPath();
    ctx.moveTo(2, 9);
    ctx.lineTo(24, 9);
    ctx.setLineDash(dash);
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.6;
    ctx.stroke();
  }

  /* Draw what stands for a layer into 26 by 18 pixels. */
  zmd.drawLayerSwatch = (ctx, name, x, y) => {
    ctx.save();
    ctx.translate(x, y);
    if (LAYER_SWATCHES[name]) LAYER_SWATCHES[name](ctx);
    else {
      zmd.disc(ctx, 13, 9, 7, "#ffffff");
      zmd.circle(ctx, 13, 9, 7, SCHOOL_COLORS[name], 1.8);
    }
    ctx.restore();
  };
})((window.zmd));
