/* Shapes, fills and hatching; the same on the map, in the legend and in the exported picture. */
(function (zmd) {
  "use strict";

  zmd.FONT = '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC",sans-serif';
  zmd.INK = "#1d2b36";
  zmd.SITE = "#7a1f57";

  const patterns = new Map();

  /* Diagonal lines on a ground, in device pixels so that they are as fine in print. */
  zmd.hatch = (ctx, ground, line) => {
    const ratio = ctx.getTransform().a;
    const key = [ground, line, ratio].join();
    if (!patterns.has(key)) patterns.set(key, hatchTile(ground, line, ratio));
    const pattern = ctx.createPattern(patterns.get(key), "repeat");
    pattern.setTransform(new DOMMatrix([1 / ratio, 0, 0, 1 / ratio, 0, 0]));
    return pattern;
  };

  function hatchTile(ground, line, ratio) {
    const side = Math.round(7 * ratio);
    const tile = document.createElement("canvas");
    tile.width = tile.height = side;
    const ctx = tile.getContext("2d");
    ctx.fillStyle = ground;
    ctx.fillRect(0, 0, side, side);
    ctx.strokeStyle = line;
    ctx.lineWidth = 1.1 * ratio;
    ctx.beginPath();
    for (let shift = -side; shift <= side; shift += side) {
      ctx.moveTo(shift, side);
      ctx.lineTo(shift + side, 0);
    }
    ctx.stroke();
    return tile;
  }

  zmd.paint = (ctx, { hatch, fill }) => (hatch ? zmd.hatch(ctx, fill, hatch) : fill);

  const outlines = {
    triangle: function (ctx, r) {
      polygon(ctx, [
        [0, -r * 1.1],
        [r * 1.1, r * 0.8],
        [-r * 1.1, r * 0.8],
      ]);
    },
    diamond: function (ctx, r) {
      polygon(ctx, [
        [0, -r * 1.2],
        [r * 1.1, 0],
        [0, r * 1.2],
        [-r * 1.1, 0],
      ]);
    },
    square: function (ctx, r) {
      ctx.rect(-r * 0.85, -r * 0.85, r * 1.7, r * 1.7);
    },
    hexagon: function (ctx, r) {
      const corner = (i) => [r * Math.cos((i * Math.PI) / 3), r * Math.sin((i * Math.PI) / 3)];
      polygon(ctx, [0, 1, 2, 3, 4, 5].map(corner));
    },
    cross: function (ctx, r) {
      const [a, b] = [r * 0.38, r];
      const quarter = [[a, -b], [a, -a], [b, -a]];
      const turn = ([x, y]) => [-y, x];
      const sides = [quarter];
      while (sides.length < 4) sides.push(sides[sides.length - 1].map(turn));
      polygon(ctx, [].concat(...sides));
    },
    hatched: function (ctx, r) {
      ctx.rect(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8);
    },
    hourglass: function (ctx, r) {
      polygon(ctx, [
        [-r, -r * 1.1],
        [r, -r * 1.1],
        [-r, r * 1.1],
        [r, r * 1.1],
      ]);
    },
    dash: function (ctx, r) {
      ctx.rect(-r, -r * 0.3, r * 2, r * 0.6);
    },
    disc: function (ctx, r) {
      ctx.arc(0, 0, r * 0.95, 0, 2 * Math.PI);
    },
    ring: function (ctx, r) {
      ctx.arc(0, 0, r * 0.85, 0, 2 * Math.PI);
    },
  };

  function polygon(ctx, points) {
    points.forEach((point, i) => {
      if (i === 0) ctx.moveTo(point[0], point[1]);
      else ctx.lineTo(point[0], point[1]);
    });
    ctx.closePath();
  }

  /* A mark at a place; `radius` in CSS pixels. A white rim sets it off from any ground. */
  zmd.drawSymbol = (ctx, { shape, symbol }, x, y, radius) => {
    ctx.save();
    ctx.translate(x, y);
    ctx.lineJoin = "round";
    ctx.beginPath();
    outlines[shape](ctx, radius);
    ctx.strokeStyle = "#ffffff";
    ctx.lineWidth = Math.max(2, radius * 0.6);
    ctx.stroke();
    if (shape === "ring" || shape === "hatched") {
      ctx.fillStyle = shape === "ring" ? "#ffffff" : zmd.hatch(ctx, "#ffffff", symbol);
      ctx.fill();
      ctx.strokeStyle = symbol;
      ctx.lineWidth = Math.max(1.4, radius * 0.35);
      ctx.stroke();
    } else {
      ctx.fillStyle = symbol;
      ctx.fill();
    }
    ctx.restore();
  };

  /* The sign of a stage; one that is unknown is a disc. */
  zmd.drawStage = (ctx, { payload }, stage, x, y, radius) => {
    const { shape, color } = payload.stages[stage] || { shape: "disc", color: zmd.SITE };
    zmd.drawSymbol(ctx, { shape, symbol: color }, x, y, radius);
  };

  /* A little canvas of 26 by 18 pixels for a legend. */
  zmd.smallCanvas = (draw) => {
    const ratio = Math.max(2, window.devicePixelRatio || 1);
    const canvas = zmd.el("canvas", { class: "swatch", "aria-hidden": "true" });
    canvas.width = 26 * ratio;
    canvas.height = 18 * ratio;
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    draw(ctx);
    return canvas;
  };

  /* An area with its symbol on it, or a symbol alone. */
  zmd.swatch = (style, isArea) =>
    zmd.smallCanvas((ctx) => zmd.drawSwatch(ctx, style, isArea, 0, 0));

  zmd.drawSwatch = (ctx, style, isArea, x, y) => {
    if (isArea) {
      ctx.fillStyle = zmd.paint(ctx, style);
      ctx.fillRect(x + 0.5, y + 1.5, 25, 15);
      ctx.strokeStyle = "#5c6b76";
      ctx.lineWidth = 1;
      ctx.strokeRect(x + 0.5, y + 1.5, 25, 15);
    }
    if (style.shape && !(isArea && style.shape === "hatched"))
      zmd.drawSymbol(ctx, style, x + 13, y + 9, 5);
  };

  /* Whether white reads better on a colour than ink (relative luminance after WCAG). */
  zmd.isDark = (color) => {
    const channels = [1, 3, 5].map((at) => {
      const value = parseInt(color.slice(at, at + 2), 16) / 255;
      return value <= 0.03928 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2] < 0.28;
  };

  /* Text with an edge in the colour of its ground, so that it is read on any fill. */
  zmd.drawText = (ctx, text, x, y, options) => {
    ctx.font = `${options.weight || "400"} ${options.size}px ${zmd.FONT}`;
    ctx.textAlign = options.align || "center";
    ctx.textBaseline = options.baseline || "middle";
    if (options.halo !== null) {
      ctx.lineJoin = "round";
      ctx.strokeStyle = options.halo || "rgba(255,255,255,0.9)";
      ctx.lineWidth = 3.2;
      ctx.strokeText(text, x, y);
    }
    ctx.fillStyle = options.color || zmd.INK;
    ctx.fillText(text, x, y);
  };
})((window.zmd));
