// Tiles of maps published in China lie up to 700 m from where GPS says. They are moved to their place while they are drawn;
// positions stay in WGS-84. The shift is the one of civic/geo/gcj02.py, for a map inside of China.
window.shiftedTiles = (() => {
  const AXIS_METRES = 6378245; // Krasovsky 1940
  const ECCENTRICITY_SQUARED = 0.006693421622965943;
  const { PI, abs, cos, sin, sqrt } = Math;
  const waves = (x) => ((20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2) / 3;
  const row = (v, ...terms) => terms.reduce((sum, [size, length]) => sum + (size * sin((v / length) * PI) * 2) / 3, 0);

  const toGcj02 = ({ lat, lng }) => {
    const x = lng - 105;
    const y = lat - 35;
    let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves(x);
    north += row(y, [20, 1], [40, 3]) + row(y, [160, 12], [320, 30]);
    let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves(x);
    east += row(x, [20, 1], [40, 3]) + row(x, [150, 12], [300, 30]);
    const radians = (lat / 180) * PI;
    const root = sqrt(1 - ECCENTRICITY_SQUARED * sin(radians) ** 2);
    const meridian = (AXIS_METRES * (1 - ECCENTRICITY_SQUARED)) / root ** 3;
    const parallel = (AXIS_METRES / root) * cos(radians);
    return L.latLng(lat + ((north / meridian) * 180) / PI, lng + ((east / parallel) * 180) / PI);
  };

  // Leaflet asks these two where the middle of the map lies among the tiles.
  const Shifted = L.TileLayer.extend({
    _setZoomTransform(level, centre, zoom) {
      L.TileLayer.prototype._setZoomTransform.call(this, level, toGcj02(centre), zoom);
    },
    _getTiledPixelBounds(centre) {
      return L.TileLayer.prototype._getTiledPixelBounds.call(this, toGcj02(centre));
    },
    _onMoveEnd() {
      // The shift is another one at the other end of a city.
      if (!this._map._animatingZoom) this._setZoomTransforms(this._map.getCenter(), this._map.getZoom());
      L.TileLayer.prototype._onMoveEnd.call(this);
    },
  });
  return (address, options) => new Shifted(address, options);
})();
