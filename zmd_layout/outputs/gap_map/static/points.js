/* Draw units that are points, gathered in a grid where they are dense. */
(function (zmd) {
  "use strict";

  const CELL = 46; // CSS pixels
  const APART_FROM = 13.5; // zoom

  zmd.drawPoints = (scene, items) => {
    const groups = gather(scene, items);
    groups.filter((group) => group.items.length > 1).forEach((group) => drawGroup(scene, group));
    groups.filter((group) => group.items.length === 1).forEach((group) => drawOne(scene, group));
  };

  /* The cells are fixed to the world, so that groups do not change when the map is moved. */
  function gather(scene, items) {
    const { view, model } = scene;
    const isApart = view.zoom >= APART_FROM;
    const cells = new Map();
    items.forEach((item, i) => {
      const x = model.units.wx[item.unit] * view.scale;
      const y = model.units.wy[item.unit] * view.scale;
      if (!zmd.isPointInView(view, x - view.left, y - view.top)) return;
      const key = isApart ? i : `${Math.floor(x / CELL)}/${Math.floor(y / CELL)}`;
      if (!cells.has(key)) cells.set(key, { items: [], x: 0, y: 0 });
      const cell = cells.get(key);
      cell.items.push(item);
      cell.x += x - view.left;
      cell.y += y - view.top;
    });
    return Array.from(cells.values(), ({ items: inside, x, y }) => {
      return { items: inside, x: x / inside.length, y: y / inside.length };
    });
  }

  function drawOne(scene, group) {
    const { ctx, view, model, picture } = scene;
    const { x, y } = group;
    const item = group.items[0];
    zmd.drawSymbol(ctx, picture.styles[item.style], x, y, 6.5);
    scene.hits.push({ x, y, radius: 11, unit: item.unit, item });
    if (view.zoom >= APART_FROM) {
      zmd.label(scene, zmd.unitName(model, item.unit), x, y + 20, { size: 11.5 });
    }
  }

  /* A ring told off by verdicts; inside, how many fall short, or else how many there are. */
  function drawGroup(scene, group) {
    const { ctx } = scene;
    const { x, y, items } = group;
    const counts = zmd.countBy(items, (item) => item.style);
    const radius = Math.min(21, 10.5 + 4.2 * Math.log10(items.length));
    zmd.disc(ctx, x, y, radius + 1.5, "#ffffff");
    drawSectors(scene, group, counts, radius);
    zmd.circle(ctx, x, y, radius, "rgba(40,50,60,0.7)", 0.8);
    zmd.disc(ctx, x, y, radius * 0.66, "#ffffff");
    const short = (counts.shortfall || 0) + (counts.reason || 0);
    zmd.drawText(ctx, zmd.number(short || items.length), x, y + 0.5, {
      size: radius > 15 ? 11.5 : 10,
      weight: short ? "700" : "400",
      halo: null,
      color: counts.shortfall ? "#9c3500" : counts.reason ? "#7a5100" : "#45525c",
    });
    scene.hits.push({ x, y, radius, cluster: items });
    scene.boxes.push([x - radius, y - radius, x + radius, y + radius]);
  }

  function drawSectors(scene, group, counts, radius) {
    const { ctx, picture } = scene;
    let angle = -Math.PI / 2;
    Object.keys(picture.styles).forEach((name) => {
      if (!counts[name]) return;
      const sweep = (2 * Math.PI * counts[name]) / group.items.length;
      ctx.beginPath();
      ctx.moveTo(group.x, group.y);
      ctx.arc(group.x, group.y, radius, angle, angle + sweep);
      ctx.closePath();
      ctx.fillStyle = zmd.paint(ctx, picture.styles[name]);
      ctx.fill();
      angle += sweep;
    });
  }
})((window.zmd));
