// Draws the vector tiles of the base map below the pins: map.js loads this, and protomaps-leaflet, after the page. The colours
// are those of map.css; what a layer means is told for the layout of Protomaps and for that of OpenMapTiles.
const GREEN =
  "park garden nature_reserve national_park protected_area dog_park common forest wood grass meadow village_green recreation_ground " +
  "allotments scrub grassland heath cemetery golf_course pitch playground stadium zoo orchard vineyard";
const PAVED = "pedestrian pier beach sand industrial railway aerodrome institution school hospital university college";
const is = (names) => {
  const known = new Set(names.split(" "));
  return (one) => known.has(one.props.kind ?? one.props.class);
};
const LAYOUTS = {
  protomaps: {
    areas: ["landuse"],
    roads: "roads",
    names: "roads",
    water: ["water"],
    waterNames: "water",
    buildings: "buildings",
    places: "places",
    pois: "pois",
    road: ({ kind, kind_detail }) =>
      kind === "minor_road" ? (kind_detail === "service" ? "service" : "minor") : kind?.replace("_road", ""),
    place: ({ kind, kind_detail }) => (kind === "locality" ? kind_detail || "town" : kind_detail || kind),
  },
  openmaptiles: {
    areas: ["landcover", "landuse", "park"],
    roads: "transportation",
    names: "transportation_name",
    water: ["water", "waterway"],
    waterNames: "water_name",
    buildings: "building",
    places: "place",
    pois: "poi",
    road: (props) =>
      ({
        motorway: "highway",
        trunk: "major",
        primary: "major",
        secondary: "major",
        tertiary: "major",
        track: "path",
        transit: "rail",
      })[props.class] ?? props.class,
    place: (props) => props.class,
  },
};
// First zoom, then widths at zooms 12 and 18, of each kind of road; the last ones lie on top.
const ROADS = [
  ["path", 15, 0.6, 4],
  ["service", 15, 0.5, 7],
  ["minor", 12, 0.8, 15],
  ["major", 9, 1.6, 20],
  ["highway", 6, 2.4, 24],
];
// First zoom and size of the letters of each kind of place; the first ones win where two would lie on one another.
const PLACES = [
  ["city", 5, 16],
  ["town", 8, 14],
  ["district", 11, 13],
  ["borough suburb", 11, 13],
  ["village quarter island", 12, 12],
  ["neighbourhood hamlet locality", 14, 12],
  ["square", 16, 11],
];

// What the reader calls it, and what the signs in the street say where that differs.
const namesIn = (lang) => (props) => {
  const own = props[`name:${lang}`] || props[`name_${lang}`] || props[`name:${lang}-Hans`] || props.name;
  return [own, props.name].filter((name, at, all) => name && all.indexOf(name) === at);
};

// A name in the middle of its point, the local one below it in smaller letters.
class PointLabel {
  constructor(names, { size, weight = 500, fill, halo, family }) {
    Object.assign(this, { names, size, weight, fill, halo, family });
  }
  place(layout, [[at]], feature) {
    const lines = this.names(feature.props);
    if (!lines.length) return undefined;
    const sizes = lines.map((_, line) => (line ? this.size * 0.85 : this.size));
    const fonts = sizes.map((size, line) => `${line ? 400 : this.weight} ${size}px ${this.family}`);
    const widths = lines.map((line, n) => {
      layout.scratch.font = fonts[n];
      return layout.scratch.measureText(line).width;
    });
    const half = Math.max(...widths) / 2 + 3;
    const height = sizes.reduce((sum, size) => sum + size * 1.2, 0);
    const draw = (ctx) => {
      ctx.globalAlpha = 1;
      ctx.lineJoin = "round";
      let y = -height / 2;
      for (const [n, line] of lines.entries()) {
        y += sizes[n];
        Object.assign(ctx, { font: fonts[n], lineWidth: 3, strokeStyle: this.halo, fillStyle: this.fill });
        ctx.strokeText(line, -widths[n] / 2, y);
        ctx.fillText(line, -widths[n] / 2, y);
        y += sizes[n] * 0.2;
      }
    };
    const box = { minX: at.x - half, maxX: at.x + half, minY: at.y - height / 2 - 2, maxY: at.y + height / 2 + 2 };
    return [{ anchor: at, bboxes: [box], draw }];
  }
}

// Both names along the line where they fit, else the reader's alone.
class StreetLabel {
  constructor(names, options) {
    this.names = names;
    this.line = new protomapsL.LineLabelSymbolizer({ ...options, labelProps: ["label"] });
  }
  place(layout, geom, feature) {
    const all = this.names(feature.props);
    for (const label of new Set([all.join(" / "), all[0]])) {
      if (!label) return undefined;
      feature.props.label = label;
      const placed = this.line.place(layout, geom, feature);
      if (placed) return placed;
    }
    return undefined;
  }
}

const isUnder = ({ props }) => Boolean(props.is_tunnel) || props.brunnel === "tunnel";
const isOver = ({ props }) => Boolean(props.is_bridge) || props.brunnel === "bridge";

function paintRules(layout, colour) {
  const { PolygonSymbolizer, LineSymbolizer, exp } = protomapsL;
  const rules = [];
  const fill = (dataLayer, name, filter, minzoom) =>
    rules.push({ dataLayer, minzoom, filter, symbolizer: new PolygonSymbolizer({ fill: colour(name) }) });
  const line = (dataLayer, name, width, filter, minzoom, options) =>
    rules.push({
      dataLayer,
      minzoom,
      filter,
      symbolizer: new LineSymbolizer({ color: colour(name), width, lineCap: "round", lineJoin: "round", ...options }),
    });
  const isPolygon = (feature) => feature.geomType === 3;
  const [green, paved] = [is(GREEN), is(PAVED)];
  for (const layer of layout.areas) {
    fill(layer, "paved", (_, one) => isPolygon(one) && paved(one));
    fill(layer, "green", (_, one) => isPolygon(one) && green(one));
  }
  for (const layer of layout.water) {
    fill(layer, "water", (_, one) => isPolygon(one));
    const river = is("river canal");
    line(
      layer,
      "water",
      exp(1.5, [
        [10, 0.8],
        [18, 10],
      ]),
      (_, one) => one.geomType === 2 && river(one),
    );
    line(
      layer,
      "water",
      exp(1.5, [
        [13, 0.5],
        [18, 3],
      ]),
      (_, one) => one.geomType === 2 && !river(one),
      13,
    );
  }
  fill(layout.areas[0], "paved", (_, one) => is("pier")(one) && isPolygon(one));
  fill(layout.buildings, "building", (_, one) => isPolygon(one), 15);
  const kindOf = (one) => layout.road(one.props);
  const width =
    (low, high, more = 0) =>
    (zoom) =>
      exp(1.6, [
        [12, low],
        [18, high],
      ])(zoom) + (zoom < 13 ? more / 2 : more);
  for (const level of [(one) => isUnder(one), (one) => !isUnder(one) && !isOver(one), (one) => isOver(one)]) {
    const of = (kind) => (_, one) => one.geomType === 2 && kindOf(one) === kind && level(one);
    const under = level({ props: { is_tunnel: true } });
    for (const [kind, zoom, low, high] of ROADS)
      if (kind !== "path" && !under) line(layout.roads, "casing", width(low, high, 2), of(kind), Math.max(zoom, 11));
    for (const [kind, zoom, low, high] of ROADS) {
      const open = ["highway", "major"].includes(kind) ? kind : "road";
      const look = kind === "path" ? "path" : under ? "tunnel" : open;
      const dash = kind === "path" ? { dash: [3, 3], dashColor: colour("path"), dashWidth: 1.2 } : {};
      line(layout.roads, look, width(low, high), of(kind), zoom, { lineCap: under ? "butt" : "round", ...dash });
    }
    if (!under) line(layout.roads, "rail", width(0.6, 2.5), of("rail"), 11);
  }
  return rules;
}

function labelRules(layout, colour, names, scale, family) {
  const rules = [];
  const text = (fill, size, weight) => ({
    fill: colour(fill),
    halo: colour("halo"),
    size: size * scale,
    weight,
    family,
  });
  for (const [kinds, minzoom, size] of PLACES) {
    const known = new Set(kinds.split(" "));
    rules.push({
      dataLayer: layout.places,
      minzoom,
      filter: (zoom, one) => known.has(layout.place(one.props)) && !(zoom > 15 && kinds === "city"),
      symbolizer: new PointLabel(names, text("place", size, 650)),
    });
  }
  for (const [kind, zoom] of ROADS.toReversed())
    rules.push({
      dataLayer: layout.names,
      minzoom: Math.max(zoom, kind === "minor" ? 14 : 12),
      filter: (_, one) => one.geomType === 2 && layout.road(one.props) === kind,
      symbolizer: new StreetLabel(names, {
        fill: colour("label"),
        stroke: colour("halo"),
        width: 3,
        position: 2,
        fontFamily: family,
        fontWeight: 500,
        fontSize: (kind === "major" || kind === "highway" ? 12.5 : 11.5) * scale,
        repeatDistance: 320,
      }),
    });
  const points = (dataLayer, kinds, look, minzoom) =>
    rules.push({
      dataLayer,
      minzoom,
      filter: (_, one) => one.geomType === 1 && is(kinds)(one),
      symbolizer: new PointLabel(names, text(look, 11.5)),
    });
  points(layout.pois, "station railway", "place", 14);
  for (const layer of [layout.pois, layout.waterNames])
    points(layer, "water lake river ocean sea bay reservoir swimming_pool", "water-label", 13);
  points(layout.pois, GREEN, "green-label", 15);
  points(layout.pois, "landmark institution aerodrome school hospital university", "label", 16);
  return rules;
}

// Adds the base map to a map, and draws it again when the reader's system turns dark or light.
window.drawBaseMap = (map, element) => {
  const { base, baseZoom, baseLayout, baseAttribution, lang } = element.dataset;
  const probe = document.createElement("span"); // takes colours as the browser reads them: light-dark() and all
  probe.hidden = true;
  element.append(probe);
  const colour = (name) => {
    probe.style.color = `var(--map-${name})`;
    return getComputedStyle(probe).color;
  };
  const credit = document.createElement("a");
  credit.textContent = baseAttribution;
  credit.href = "https://www.openstreetmap.org/copyright";
  const attribution = baseAttribution.includes("OpenStreetMap") ? credit.outerHTML : credit.innerHTML;
  const layout = LAYOUTS[baseLayout];
  const style = getComputedStyle(document.documentElement);
  const scale = Number.parseFloat(style.fontSize) / 16;
  const family = getComputedStyle(document.body).fontFamily;
  let layer = null;
  const draw = () => {
    layer?.remove();
    layer = protomapsL.leafletLayer({
      url: base,
      maxDataZoom: Number(baseZoom),
      maxZoom: 20,
      attribution,
      lang,
      backgroundColor: colour("land"),
      paintRules: paintRules(layout, colour),
      labelRules: labelRules(layout, colour, namesIn(lang), scale, family),
    });
    layer.addTo(map);
  };
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
};
