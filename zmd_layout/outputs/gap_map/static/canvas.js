/*
 * Strokes that all painters share. A `scene` is what one drawing needs:
 *
 *   ctx, view, model, picture, state   what to draw where
 *   hits    what can be pointed at, topmost last
 *   boxes   the places that labels have taken
 *
 * A view is {zoom, scale, left, top, width, height}: pixels of the world at zoom 0 times `scale`,
 * less the corner, are CSS pixels of the canvas.
 */
(function (zmd) {
  "use strict";

  zmd.makeView = (zoom, left, top, width, height) => {
    return { zoom, scale: Math.pow(2, zoom), left, top, width, height };
  };

  zmd.px = (view, wx) => wx * view.scale - view.left;
  zmd.py = (view, wy) => wy * view.scale - view.top;

  zmd.isInView = (view, box) =>
    zmd.px(view, box.east) > 0 &&
    zmd.px(view, box.west) < view.width &&
    zmd.py(view, box.south) > 0 &&
    zmd.py(view, box.north) < view.height;

  zmd.isPointInView = (view, x, y) =>
    x > -60 && x < view.width + 60 && y > -60 && y < view.height + 60;

  /* The longer side of a shape on screen. */
  zmd.extentOf = (view, shape) => {
    const box = shape.box;
    return Math.max(box.east - box.west, box.south - box.north) * view.scale;
  };

  zmd.trace = (scene, shape, isClosed) => {
    const { ctx, view } = scene;
    ctx.beginPath();
    shape.rings.forEach((ring) => {
      for (let i = 0; i < ring.length; i += 2) {
        const x = zmd.px(view, ring[i]);
        const y = zmd.py(view, ring[i + 1]);
        if (i === 0) ctx.moveTo(x, y);
        else ctx.lineTo(x, y);
      }
      if (isClosed) ctx.closePath();
    });
  };

  zmd.fillShape = (scene, shape, paint) => {
    zmd.trace(scene, shape, true);
    scene.ctx.fillStyle = paint;
    scene.ctx.fill("evenodd");
  };

  zmd.outlineShape = (scene, shape, color, width, dash) => {
    const ctx = scene.ctx;
    zmd.trace(scene, shape, true);
    ctx.setLineDash(dash || []);
    ctx.lineJoin = "round";
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    ctx.stroke();
    ctx.setLineDash([]);
  };

  zmd.disc = (ctx, x, y, radius, paint) => {
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.fillStyle = paint;
    ctx.fill();
  };

  zmd.circle = (ctx, x, y, radius, color, width) => {
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    ctx.stroke();
  };

  zmd.unitsOfKind = (model, kind) =>
    model.units.shapes.reduce((found, shape, unit) => {
      if (shape && model.units.kind[unit] === kind) found.push(unit);
      return found;
    }, []);

  /* Write a label of one or two lines unless its place is taken; tell whether it was written. */
  zmd.label = (scene, text, x, y, options) => {
    const { ctx, boxes } = scene;
    const lines = String(text).split("\n");
    ctx.font = `${options.weight || "400"} ${options.size}px ${zmd.FONT}`;
    const half = Math.max(...lines.map((line) => ctx.measureText(line).width)) / 2 + 2;
    const height = (lines.length * options.size * 1.25) / 2 + 1;
    const box = [x - half, y - height, x + half, y + height];
    if (boxes.some((other) => overlaps(box, other))) return false;
    boxes.push(box);
    lines.forEach((line, i) => {
      const shift = (i - (lines.length - 1) / 2) * options.size * 1.25;
      zmd.drawText(ctx, line, x, y + shift, i === 0 ? options : { ...options, ...options.second });
    });
    return true;
  };

  function overlaps(a, b) {
    return a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
  }

  /* What lies under a place of the canvas: symbols first, then the topmost area. */
  zmd.hitAt = (hits, view, x, y) => {
    const wx = (x + view.left) / view.scale;
    const wy = (y + view.top) / view.scale;
    const isOn = (hit) => Math.hypot(hit.x - x, hit.y - y) <= hit.radius + 2;
    const upper = hits.slice().reverse();
    return (
      upper.find((hit) => !hit.shape && isOn(hit)) ||
      upper.find((hit) => hit.shape && zmd.isInside(hit.shape, wx, wy)) ||
      null
    );
  };
})((window.zmd));
