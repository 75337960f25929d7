/* The map itself and where it looks. */
(function (zmd) {
  "use strict";

  const CLOSEST = 15; // zoom
  const EDGE = 14; // CSS pixels that stay free around the whole area
  const LEAST_WIDE = 420; // CSS pixels beside the legend, from which on the map goes there
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

  /*
   * What the legend and, on a narrow screen, the story leave free of the map, in CSS pixels from its
   * edges.
   */
  zmd.coveredEdges = (app) => {
    const map = app.map.getContainer().getBoundingClientRect();
    const legend = zmd.byId("zmd-legend").getBoundingClientRect();
    if (window.matchMedia("(max-width: 900px)").matches) {
      const { bottom } = zmd.byId("zmd-switches").getBoundingClientRect();
      return { left: 0, top: bottom - map.top, bottom: map.bottom - legend.top };
    }
    const isRoom = map.right - legend.right > LEAST_WIDE;
    return { left: isRoom ? legend.right - map.left : 0, top: 0, bottom: 0 };
  };

  /* Show the whole study in what is free of the map. */
  zmd.showAll = (app) => {
    const { bounds } = app.model.payload;
    if (!bounds) return;
    const { left, top, bottom } = zmd.coveredEdges(app);
    const [west, south, east, north] = bounds;
    app.map.fitBounds(L.latLngBounds([south, west], [north, east]), {
      paddingTopLeft: [EDGE + left, EDGE + top],
      paddingBottomRight: [EDGE, EDGE + bottom],
      animate: false,
    });
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
})((window.zmd));
