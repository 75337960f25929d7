/* The view as a picture with everything a printed map must carry. */
(function (zmd) {
  "use strict";

  const MARGIN = 28;
  const LEGEND_WIDTH = 250;
  const NICE = [1, 2, 5];

  /* Break a text into lines that fit; Chinese may break anywhere, words stay whole. */
  function wrap(ctx, text, width) {
    const pieces = String(text).match(/[\x21-\x7e]+|\s+|[^]/g) || [];
    const lines = [""];
    pieces.forEach(function (piece) {
      const line = lines[lines.length - 1] + piece;
      if (ctx.measureText(line).width > width && lines[lines.length - 1]) lines.push(piece.trim());
      else lines[lines.length - 1] = line;
    });
    return lines;
  }

  function write(ctx, text, x, y, width, options) {
    ctx.font = (options.weight || "400") + " " + options.size + "px " + zmd.FONT;
    const height = options.size * 1.4;
    wrap(ctx, text, width).forEach(function (line, i) {
      zmd.drawText(ctx, line, x, y + i * height, Object.assign({ align: "left", baseline: "top", halo: null }, options));
      options.end = y + (i + 1) * height;
    });
    return options.end;
  }

  function drawBanner(ctx, text, y, width) {
    ctx.font = "600 15px " + zmd.FONT;
    const lines = wrap(ctx, text, width - 2 * MARGIN);
    const height = lines.length * 22 + 12;
    ctx.fillStyle = "#fff0c2";
    ctx.fillRect(0, y, width, height);
    ctx.fillStyle = "#8a3b00";
    ctx.fillRect(0, y, 6, height);
    write(ctx, text, MARGIN, y + 9, width - 2 * MARGIN, { size: 15, weight: "600", color: "#5c2600" });
    return y + height;
  }

  function drawHead(ctx, app, width) {
    const payload = app.model.payload;
    const lang = zmd.isZh() ? "zh" : "en";
    let y = write(ctx, payload.title[lang], MARGIN, 20, width - 2 * MARGIN, { size: 27, weight: "700" });
    y = write(ctx, app.picture.title, MARGIN, y + 2, width - 2 * MARGIN, { size: 18, weight: "600", color: "#9c3500" });
    y = write(ctx, app.picture.story, MARGIN, y + 4, width - 2 * MARGIN, { size: 15 });
    y = write(ctx, payload.subtitle[lang], MARGIN, y + 4, width - 2 * MARGIN, { size: 12.5, color: "#56626c" }) + 8;
    payload.warnings.forEach(function (warning) { y = drawBanner(ctx, warning[lang], y, width); });
    return y;
  }

  function drawLegend(ctx, app, x, top) {
    const picture = app.picture;
    let y = write(ctx, zmd.text("legend"), x, top, LEGEND_WIDTH, { size: 15, weight: "700" }) + 6;
    zmd.legendEntries(picture).forEach(function (name) {
      const style = picture.styles[name];
      if (app.state.hidden.has(name)) return;
      zmd.drawSwatch(ctx, style, picture.isArea, x, y);
      const text = zmd.text("legend_line", { text: style.text, count: zmd.number(style.count) });
      y = Math.max(y + 24, write(ctx, text, x + 34, y + 1, LEGEND_WIDTH - 34, { size: 13 }) + 5);
    });
    if (picture.about) y = write(ctx, picture.about, x, y + 6, LEGEND_WIDTH, { size: 12.5, color: "#56626c" });
    zmd.legendNotes(app).forEach(function (note) {
      y = write(ctx, note, x, y + 6, LEGEND_WIDTH, { size: 12.5, color: "#56626c" });
    });
    return y;
  }

  function drawNorth(ctx, x, y) {
    ctx.beginPath();
    [[0, -20], [9, 12], [0, 5], [-9, 12]].forEach(function (point, i) {
      if (i === 0) ctx.moveTo(x + point[0], y + point[1]);
      else ctx.lineTo(x + point[0], y + point[1]);
    });
    ctx.closePath();
    ctx.fillStyle = zmd.INK;
    ctx.fill();
    zmd.drawText(ctx, zmd.text("north"), x, y + 24, { size: 13, weight: "700" });
  }

  /* Metres of a CSS pixel in the middle of the view; Mercator stretches with latitude. */
  zmd.metresPerPixel = function (view) {
    const y = (view.top + view.height / 2) / view.scale;
    const latitude = 2 * Math.atan(Math.exp(Math.PI * (1 - y / 128))) - Math.PI / 2;
    return (40075016.686 * Math.cos(latitude)) / (256 * view.scale);
  };

  function drawScale(ctx, view, x, y) {
    const metres = zmd.metresPerPixel(view) * 150;
    const power = Math.pow(10, Math.floor(Math.log10(metres)));
    const length = power * NICE.filter(function (n) { return n * power <= metres; }).pop();
    const width = length / zmd.metresPerPixel(view);
    ctx.fillStyle = "rgba(255,255,255,0.85)";
    ctx.fillRect(x - 6, y - 20, width + 12, 27);
    ctx.fillStyle = zmd.INK;
    ctx.fillRect(x, y - 1, width, 3);
    ctx.fillRect(x, y - 6, 1.5, 8);
    ctx.fillRect(x + width - 1.5, y - 6, 1.5, 8);
    const text = length >= 1000 ? length / 1000 + " km" : length + " m";
    zmd.drawText(ctx, text, x + width / 2, y - 10, { size: 12, halo: null });
  }

  /* Draw the sheet on a canvas; `ratio` device pixels to each of its pixels. */
  zmd.drawSheet = function (app, canvas, ratio) {
    const size = app.map.getSize();
    const mapWidth = Math.max(760, size.x);
    const mapHeight = Math.max(560, size.y);
    const width = mapWidth + LEGEND_WIDTH + 3 * MARGIN;
    const probe = document.createElement("canvas").getContext("2d");
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

  function drawMapInto(ctx, app, frame, ratio) {
    const center = app.map.project(app.map.getCenter(), app.map.getZoom());
    const view = zmd.makeView(
      app.map.getZoom(), center.x - frame.width / 2, center.y - frame.height / 2, frame.width, frame.height
    );
    const inner = document.createElement("canvas");
    inner.width = Math.round(frame.width * ratio);
    inner.height = Math.round(frame.height * ratio);
    const innerCtx = inner.getContext("2d");
    innerCtx.scale(ratio, ratio);
    zmd.drawScene(innerCtx, view, app.model, app.picture, app.state);
    ctx.fillStyle = "#eef1f2";
    ctx.fillRect(frame.x, frame.y, frame.width, frame.height);
    ctx.drawImage(inner, frame.x, frame.y, frame.width, frame.height);
    ctx.strokeStyle = "#4b5a66";
    ctx.lineWidth = 1;
    ctx.strokeRect(frame.x, frame.y, frame.width, frame.height);
    drawNorth(ctx, frame.x + frame.width - 30, frame.y + 38);
    drawScale(ctx, view, frame.x + 20, frame.y + frame.height - 18);
  }

  function drawFoot(ctx, app, y, width) {
    const lang = zmd.isZh() ? "zh" : "en";
    const notes = app.model.payload.notes.map(function (note) { return note[lang]; }).join(" ");
    const end = write(ctx, notes, MARGIN, y, width - 2 * MARGIN, { size: 12.5, color: "#56626c" });
    write(ctx, zmd.text("made_by"), MARGIN, end + 2, width - 2 * MARGIN, { size: 12, color: "#56626c" });
  }

  zmd.savePng = function (app) {
    const canvas = zmd.drawSheet(app, document.createElement("canvas"), 2);
    canvas.toBlob(function (blob) {
      const link = zmd.el("a", { href: URL.createObjectURL(blob), download: fileName(app) });
      document.body.appendChild(link);
      link.click();
      link.remove();
      setTimeout(function () { URL.revokeObjectURL(link.href); }, 60000); // slow disks are still reading
    }, "image/png");
  };

  function fileName(app) {
    const lang = zmd.isZh() ? "zh" : "en";
    const name = app.model.payload.title[lang] + "-" + app.picture.title;
    return name.replace(/[\\/:*?"<>|\s]+/g, "_").slice(0, 80) + ".png";
  }

  /* Printing shows the sheet in place of the live map, whose size the paper would cut. */
  zmd.startPrinting = function (app) {
    window.addEventListener("beforeprint", function () {
      zmd.drawSheet(app, zmd.byId("zmd-sheet"), 2);
    });
  };
})((window.zmd = window.zmd || {}));
