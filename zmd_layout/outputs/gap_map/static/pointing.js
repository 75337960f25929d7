/* What happens when the reader points at the map. */
(function (zmd) {
  "use strict";

  const TIP_ROOM = { x: 220, y: 60 }; // CSS pixels that a tip needs to the right and below

  zmd.startPointing = (app) => {
    const tip = zmd.byId("zmd-tip");
    app.map.on("click", (event) => act(app, app.layer.hitAt(event.layerPoint)));
    app.map.on("mousemove", (event) => {
      const hit = app.layer.hitAt(event.layerPoint);
      app.map.getContainer().style.cursor = hit ? "pointer" : "";
      tip.hidden = !hit;
      if (!hit) return;
      const size = app.map.getSize();
      tip.textContent = tipText(app, hit);
      tip.style.left = `${Math.min(event.containerPoint.x + 14, size.x - TIP_ROOM.x)}px`;
      tip.style.top = `${Math.min(event.containerPoint.y + 14, size.y - TIP_ROOM.y)}px`;
    });
    app.map.on("mouseout movestart zoomstart", () => {
      tip.hidden = true;
    });
  };

  function act(app, hit) {
    if (!hit) return;
    if (hit.cluster) zmd.flyToGroup(app, hit.cluster);
    else if (hit.site !== undefined) app.selectSite(hit.site);
    else if (typeof hit.unit === "number") app.select(hit.unit);
  }

  function tipText(app, hit) {
    const { model } = app;
    if (hit.cluster) return groupText(app.picture, hit.cluster);
    if (hit.site !== undefined) return zmd.siteName(model, hit.site);
    if (hit.land !== undefined) return landText(model.land.facts, hit.land);
    if (hit.road !== undefined) return roadText(model.roads.facts, hit.road);
    if (hit.school !== undefined) {
      const name = zmd.cell(model.schools, "name", hit.school);
      const verdict = zmd.word("schooltype", model.schools.type[hit.school]);
      return zmd.text("tip_item", { name, verdict });
    }
    const style = app.picture.styles[hit.item.style].text;
    const verdict = app.picture.isRule ? [style, hit.item.label].filter(Boolean).join(" ") : style;
    return zmd.text("tip_item", { name: zmd.unitName(model, hit.unit), verdict });
  }

  function landText(land, parcel) {
    const use = zmd.word("landuse", zmd.cell(land, "current_use", parcel));
    return zmd.text("tip_land", { name: zmd.cell(land, "name", parcel) || "", use });
  }

  function roadText(facts, road) {
    const kind = zmd.cell(facts, "kind", road);
    const metres = zmd.cell(facts, kind === "island" ? "length_m" : "gap_m", road);
    return zmd.text(`tip_${kind}`, { metres: zmd.number(Math.round(metres * 10) / 10) });
  }

  function groupText(picture, items) {
    const counts = zmd.countBy(items, (item) => item.style);
    return zmd
      .legendEntries(picture)
      .filter((name) => counts[name])
      .map((name) => `${picture.styles[name].text} ${counts[name]}`)
      .join(zmd.text("list_comma"));
  }
})((window.zmd));
