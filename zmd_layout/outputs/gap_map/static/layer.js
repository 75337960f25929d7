/* The scene as a layer of Leaflet, which gives panning, zooming, touch and keys. */
(function (zmd) {
  "use strict";

  zmd.SceneLayer = L.Renderer.extend({
    options: { padding: 0.25 },

    initialize: function (draw) {
      L.Renderer.prototype.initialize.call(this, {});
      this._draw = draw;
      this.hits = [];
    },

    _initContainer: function () {
      this._container = zmd.el("canvas", { class: "scene", "aria-hidden": "true" });
    },

    _destroyContainer: function () {
      this._container.remove();
      delete this._container;
    },

    _updatePaths: function () {},

    _update: function () {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      this.redraw();
    },

    redraw: function () {
      if (!this._map || !this._bounds) return;
      const corner = this._bounds.min;
      const size = this._bounds.getSize();
      const ratio = window.devicePixelRatio || 1;
      L.DomUtil.setPosition(this._container, corner);
      this._container.width = Math.round(size.x * ratio);
      this._container.height = Math.round(size.y * ratio);
      this._container.style.width = size.x + "px";
      this._container.style.height = size.y + "px";
      const ctx = this._container.getContext("2d");
      ctx.scale(ratio, ratio);
      const origin = this._map.getPixelOrigin();
      this.view = zmd.makeView(
        this._map.getZoom(),
        corner.x + origin.x,
        corner.y + origin.y,
        size.x,
        size.y,
      );
      this.hits = this._draw(ctx, this.view);
    },

    /* What lies under a point of the map layer. */
    hitAt: function (layerPoint) {
      if (!this.view) return null;
      const corner = this._bounds.min;
      return zmd.hitAt(this.hits, this.view, layerPoint.x - corner.x, layerPoint.y - corner.y);
    },
  });
})((window.zmd));
