/* The map itself and where it looks. */
(function (zmd) {
  "use strict";

  const CLOSEST = 15; // zoom
  const EDGE = 14; // CSS pixels that stay free around the whole area
  const ROOM = 0.14; // share of the map that stays free around a chosen unit

  zmd.makeMap = (mapId) => {
    const map = L.map(mapId, {
      center: [33, 114],
      zoom: 9,
      zoomSnap: 0.25,
      minZoom: 4,
      maxZoom: 17,
      attributionControl: false,
      zoomControl: false,
      fadeAnimation: false,
    });
    L.control.zoom({ position: "topleft" }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
    [
      ["in", "zoom_in"],
      ["out", "zoom_out"],
    ].forEach(([direction, key]) => {
      const button = map.getContainer().querySelector(`.leaflet-control-zoom-${direction}`);
      button.dataset.label = key;
    });
    return map;
  };

  /* Show the whole study; on a narrow screen, clear of the story and the legend. */
  zmd.showAll = (app) => {
    const { bounds } = app.model.payload;
    if (!bounds) return;
    const top = [EDGE, EDGE];
    const bottom = [EDGE, EDGE];
    if (window.matchMedia("(max-width: 900px)").matches) {
      const map = app.map.getContainer().getBoundingClientRect();
      top[1] += zmd.byId("zmd-switches").getBoundingClientRect().bottom - map.top;
      bottom[1] += map.bottom - zmd.byId("zmd-legend").getBoundingClientRect().top;
    }
    const [west, south, east, north] = bounds;
    const corners = L.latLngBounds([south, west], [north, east]);
    const options = { paddingTopLeft: top, paddingBottomRight: bottom, animate: false };
    app.map.fitBounds(corners, options);
  };

  function latLng(app, wx, wy) {
    return app.map.unproject(L.point(wx, wy), 0);
  }

  zmd.flyTo = (app, unit) => {
    const { units } = app.model;
    const shape = units.shapes[unit];
    if (units.wx[unit] === null) return;
    if (!shape) {
      app.map.flyTo(latLng(app, units.wx[unit], units.wy[unit]), CLOSEST, { duration: 0.6 });
      return;
    }
    const { west, south, east, north } = shape.box;
    const corners = L.latLngBounds(latLng(app, west, south), latLng(app, east, north));
    const padding = app.map.getSize().multiplyBy(ROOM);
    app.map.flyToBounds(corners, { maxZoom: CLOSEST, padding, duration: 0.6 });
  };

  zmd.flyToGroup = (app, items) => {
    const { units } = app.model;
    const places = items.map((item) => latLng(app, units.wx[item.unit], units.wy[item.unit]));
    const padding = app.map.getSize().multiplyBy(ROOM);
    app.map.flyToBounds(L.latLngBounds(places), { maxZoom: CLOSEST, padding, duration: 0.5 });
  };
})((window.zmd = window.zmd || {}));
