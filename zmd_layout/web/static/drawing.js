/* Draw one polygon: a click sets a corner, the button or a click on the first corner closes it. */
export class Drawing {
  constructor(map, done) {
    this.map = map;
    this.done = done;
    this.corners = [];
    this.line = L.polyline([], { color: "#b2182b", dashArray: "5 4" });
    this.dots = L.layerGroup();
    this.onClick = (event) => this.add(event.latlng);
  }
  start() {
    this.corners = [];
    this.dots.clearLayers().addTo(this.map);
    this.line.setLatLngs([]).addTo(this.map);
    this.map.doubleClickZoom.disable();
    this.map.on("click", this.onClick);
  }
  add(corner) {
    this.corners.push(corner);
    this.line.setLatLngs(this.corners);
    const dot = L.circleMarker(corner, { radius: 6, color: "#b2182b", bubblingMouseEvents: false });
    if (this.corners.length === 1) dot.on("click", () => this.finish());
    dot.addTo(this.dots);
  }
  finish() {
    this.map.off("click", this.onClick);
    this.map.doubleClickZoom.enable();
    this.line.remove();
    this.dots.remove();
    const ring = this.corners.map((c) => [c.lng, c.lat]);
    this.done(ring.length < 3 ? null : { type: "Polygon", coordinates: [[...ring, ring[0]]] });
  }
}
