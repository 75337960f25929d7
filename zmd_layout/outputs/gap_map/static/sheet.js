/* The view as a sheet with everything a printed map must carry: for PNG and for paper. */
(function (zmd) {
  "use strict";

  const MARGIN = 28;
  const LEGEND_WIDTH = 250;
  const SHEET_EDGE = 12; // CSS pixels around the study
  const SOFT = "#56626c";
  const NICE = [1, 2, 5];
  const EQUATOR_M = 40075016.686; // of the sphere of Web Mercator
  const SCALE_LENGTH = 150; // CSS pixels that a scale bar may take at most

  /* ---- text ---- */

  /* Break a text into lines that fit; Chinese may break anywhere, words stay whole. */
  function wrap(ctx, text, width) {
    const pieces = String(text).match(/[\x21-\x7e]+|\s+|[^]/g) || [];
    const lines = [""];
    pieces.forEach((piece) => {
      const last = lines[lines.length - 1];
      const isFull = last !== "" && ctx.measureText(last + piece).width > width;
      if (isFull) lines.push(piece.trim());
      else lines[lines.length - 1] = last + piece;
    });
    return lines;
  }

  /* Write a text into a column and give the y where it ends. */
  function write(ctx, text, column, options) {
    const height = options.size * 1.4;
    ctx.font = `${options.weight || "400"} ${options.size}px ${zmd.FONT}`;
    const lines = wrap(ctx, text, column.width);
    const style = { align: "left", baseline: "top", halo: null, ...options };
    lines.forEach((line, i) => zmd.drawText(ctx, line, column.x, column.y + i * height, style));
    return column.y + lines.length * height;
  }

  /* ---- parts of the sheet ---- */

  function drawHead(ctx, app, width) {
    const { payload } = app.model;
    const lang = zmd.lang();
    const column = { x: MARGIN, y: 20, width: width - 2 * MARGIN };
    const add = (text, gap, options) => {
      column.y = write(ctx, text, { ...column, y: column.y + gap }, options);
    };
    add(payload.title[lang], 0, { size: 27, weight: "700" });
    add(app.picture.title, 2, { size: 18, weight: "600", color: "#9c3500" });
    add(app.picture.story, 4, { size: 15 });
    add(payload.subtitle[lang], 4, { size: 12.5, color: SOFT });
    return payload.warnings.reduce(
      (y, text) => drawBanner(ctx, text[lang], y, width),
      column.y + 8,
    );
  }

  function drawBanner(ctx, text, y, width) {
    const column = { x: MARGIN, y: y + 9, width: width - 2 * MARGIN };
    const options = { size: 15, weight: "600", color: "#5c2600" };
    const height = write(ctx, text, column, options) + 4 - y; // once to learn the height
    ctx.fillStyle = "#fff0c2";
    ctx.fillRect(0, y, width, height);
    ctx.fillStyle = "#8a3b00";
    ctx.fillRect(0, y, 6, height);
    write(ctx, text, column, options);
    return y + height;
  }

  function drawLegend(ctx, app, x, top) {
    const { picture, state } = app;
    const column = { x, y: top, width: LEGEND_WIDTH };
    column.y = write(ctx, zmd.text("legend"), column, { size: 15, weight: "700" }) + 6;
    zmd
      .legendEntries(picture)
      .filter((name) => !state.hidden.has(name))
      .forEach((name) => {
        const style = picture.styles[name];
        const text = zmd.text("legend_line", { text: style.text, count: zmd.number(style.count) });
        const beside = { x: x + 34, y: column.y + 1, width: LEGEND_WIDTH - 34 };
        zmd.drawSwatch(ctx, style, picture.isArea, x, column.y);
        column.y = Math.max(column.y + 24, write(ctx, text, beside, { size: 13 }) + 5);
      });
    zmd
      .layersAtHand(app.model)
      .filter((name) => state.layers.has(name))
      .forEach((name) => {
        zmd.drawLayerSwatch(ctx, name, x, column.y);
        const beside = { x: x + 34, y: column.y + 1, width: LEGEND_WIDTH - 34 };
        const end = write(ctx, zmd.text(`map_${name}`), beside, { size: 13 });
        column.y = Math.max(column.y + 24, end + 5);
      });
    const notes = [picture.about, ...zmd.legendNotes(app)].filter(Boolean);
    notes.forEach((note) => {
      column.y = write(ctx, note, { ...column, y: column.y + 6 }, { size: 12.5, color: SOFT });
    });
    return column.y;
  }

  function drawNorth(ctx, x, y) {
    zmd.disc(ctx, x, y + 3, 31, "rgba(255,255,255,0.85)");
    ctx.beginPath();
    ctx.moveTo(x, y - 20);
    ctx.lineTo(x + 9, y + 12);
    ctx.lineTo(x, y + 5);
    ctx.lineTo(x - 9, y + 12);
    ctx.closePath();
    ctx.fillStyle = zmd.INK;
    ctx.fill();
    zmd.drawText(ctx, zmd.text("north"), x, y + 24, { size: 13, weight: "700" });
  }

  /* Metres of a CSS pixel in the middle of the view; Mercator stretches with latitude. */
  zmd.metresPerPixel = (view) => {
    const y = (view.top + view.height / 2) / view.scale;
    const latitude = 2 * Math.atan(Math.exp(Math.PI * (1 - y / 128))) - Math.PI / 2;
    return (EQUATOR_M * Math.cos(latitude)) / (256 * view.scale);
  };

  function drawScale(ctx, view, x, y) {
    const longest = zmd.metresPerPixel(view) * SCALE_LENGTH;
    const power = Math.pow(10, Math.floor(Math.log10(longest)));
    const length = power * Math.max(...NICE.filter((n) => n * power <= longest));
    const width = length / zmd.metresPerPixel(view);
    ctx.fillStyle = "rgba(255,255,255,0.85)";
    ctx.fillRect(x - 6, y - 20, width + 12, 27);
    ctx.fillStyle = zmd.INK;
    ctx.fillRect(x, y - 1, width, 3);
    ctx.fillRect(x, y - 6, 1.5, 8);
    ctx.fillRect(x + width - 1.5, y - 6, 1.5, 8);
    const text = length >= 1000 ? `${length / 1000} km` : `${length} m`;
    zmd.drawText(ctx, text, x + width / 2, y - 10, { size: 12, halo: null });
  }

  /* What a reader looks at: the whole study where all of it is in view, else what is free. */
  function windowOf({ map, model }, { left, top, bottom }) {
    const size = map.getSize();
    const free = L.bounds([left, top], [size.x, size.y - bottom]);
    if (!model.payload.bounds) return free;
    const [west, south, east, north] = model.payload.bounds;
    const corners = [
      [north, west],
      [south, east],
    ].map((corner) => map.latLngToContainerPoint(corner));
    const study = L.bounds(corners[0].subtract([SHEET_EDGE, SHEET_EDGE]), corners[1]);
    study.extend(corners[1].add([SHEET_EDGE, SHEET_EDGE]));
    return L.bounds([0, 0], size).contains(study) ? study : free;
  }

  /* What a reader looks at, larger where it is smaller than the frame. */
  function drawMapInto(ctx, app, frame, ratio) {
    const { map, model, picture, state } = app;
    const seen = windowOf(app, zmd.coveredEdges(app));
    const grown = Math.min(frame.width / seen.getSize().x, frame.height / seen.getSize().y);
    const zoom = map.getZoom() + Math.log2(Math.max(1, grown));
    const center = map.project(map.containerPointToLatLng(seen.getCenter()), zoom);
    const { x, y, width, height } = frame;
    const view = zmd.makeView(zoom, center.x - width / 2, center.y - height / 2, width, height);
    const inner = document.createElement("canvas"); // cuts off what lies outside the frame
    inner.width = Math.round(width * ratio);
    inner.height = Math.round(height * ratio);
    const innerCtx = inner.getContext("2d");
    innerCtx.scale(ratio, ratio);
    zmd.drawScene(innerCtx, view, model, picture, state);
    ctx.fillStyle = "#eef1f2";
    ctx.fillRect(x, y, width, height);
    ctx.drawImage(inner, x, y, width, height);
    ctx.strokeStyle = "#4b5a66";
    ctx.lineWidth = 1;
    ctx.strokeRect(x, y, width, height);
    drawNorth(ctx, x + width - 40, y + 42);
    drawScale(ctx, view, x + 20, y + height - 18);
  }

  function drawFoot(ctx, app, y, width) {
    const column = { x: MARGIN, y, width: width - 2 * MARGIN };
    const notes = app.model.payload.notes.map((note) => note[zmd.lang()]).join(" ");
    const end = write(ctx, notes, column, { size: 12.5, color: SOFT });
    write(ctx, zmd.text("made_by"), { ...column, y: end + 2 }, { size: 12, color: SOFT });
  }

  /* Draw the sheet on a canvas; `ratio` device pixels to each of its pixels. */
  zmd.drawSheet = (app, canvas, ratio) => {
    const size = app.map.getSize();
    const { left } = zmd.coveredEdges(app);
    const mapWidth = Math.max(820, size.x - left);
    const mapHeight = Math.min(Math.max(560, size.y), 0.8 * mapWidth);
    const width = mapWidth + LEGEND_WIDTH + 3 * MARGIN;
    const probe = document.createElement("canvas").getContext("2d"); // measures text, no more
    const top = drawHead(probe, app, width) + 14;
    const legendEnd = drawLegend(probe, app, 0, top);
    const height = Math.max(top + mapHeight, legendEnd) + 86;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    ctx.fillStyle = "#ffffff";
    ctx.fillRect(0, 0, width, height);
    drawHead(ctx, app, width);
    drawMapInto(ctx, app, { x: MARGIN, y: top, width: mapWidth, height: mapHeight }, ratio);
    drawLegend(ctx, app, mapWidth + 2 * MARGIN, top);
    drawFoot(ctx, app, height - 62, width);
    return canvas;
  };

  /* ---- out of the page ---- */

  zmd.savePng = (app) => {
    const canvas = zmd.drawSheet(app, document.createElement("canvas"), 2);
    canvas.toBlob((blob) => {
      const link = zmd.el("a", { href: URL.createObjectURL(blob), download: fileName(app) });
      document.body.appendChild(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000); // a slow disk is still reading
    }, "image/png");
  };

  function fileName(app) {
    const name = `${app.model.payload.title[zmd.lang()]}-${app.picture.title}`;
    return `${name.replace(/[\\/:*?"<>|\s]+/g, "_").slice(0, 80)}.png`;
  }

  /* Printing shows the sheet in place of the live map, whose size the paper would cut. */
  zmd.startPrinting = (app) => {
    window.addEventListener("beforeprint", () => zmd.drawSheet(app, zmd.byId("zmd-sheet"), 2));
  };
})((window.zmd));
