// Maps: <div data-map="points"> shows reports as pins and clusters, <div data-map="pin"> takes a place, data-map="one" shows one.
// The base is the configured raster tiles, else the city's own areas.
(() => {
  // `sign` is the name of an icon that the page brings along (<symbol id="icon-…">).
  const pin = (look, big, sign) => {
    const size = big ? 26 : 18;
    const inside = sign ? `<svg class="icon"><use href="#icon-${sign}"/></svg>` : "";
    return L.divIcon({
      className: "",
      html: `<div class="pin ${look}${big ? " big" : ""}">${inside}</div>`,
      iconSize: [size, size],
      iconAnchor: [size / 2, size + size / 5],
    });
  };

  function open(element) {
    const [west, south, east, north] = element.dataset.bbox.split(",").map(Number);
    const map = L.map(element, {
      scrollWheelZoom: element.dataset.map !== "points" || element.classList.contains("tall"),
      zoomSnap: 0.5,
    });
    map.attributionControl.setPrefix(false);
    map.fitBounds([
      [south, west],
      [north, east],
    ]);
    if (element.dataset.tiles)
      L.tileLayer(element.dataset.tiles, { attribution: element.dataset.attribution, maxZoom: 19 }).addTo(map);
    outlines(map, element);
    return map;
  }

  async function outlines(map, element) {
    const answer = await fetch("/map/areas.json");
    if (!answer.ok) return;
    const pick = (names) => names[element.dataset.lang] || Object.values(names)[0];
    L.geoJSON(await answer.json(), {
      interactive: false,
      style: (feature) => ({ className: `area-outline ${["city", "district"][feature.properties.level] || "small"}` }),
      onEachFeature: (feature, layer) => {
        if (!element.dataset.tiles && feature.properties.level === 1)
          layer.bindTooltip(pick(feature.properties.names), {
            permanent: true,
            direction: "center",
            className: "area-name",
          });
      },
    })
      .addTo(map)
      .bringToBack();
  }

  function points(element) {
    const map = open(element);
    const layer = L.layerGroup().addTo(map);
    let asked = 0;
    async function show() {
      const turn = ++asked;
      const b = map.getBounds();
      const query = new URLSearchParams(element.dataset.filters);
      query.delete("page");
      query.set("bbox", [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((n) => n.toFixed(5)).join(","));
      query.set("zoom", Math.floor(map.getZoom())); // rather larger cells than clusters that overlap
      const answer = await fetch(`${element.dataset.points}?${query}`);
      if (!answer.ok || turn !== asked) return;
      const { pins, clusters } = await answer.json();
      layer.clearLayers();
      for (const one of pins) {
        const link = document.createElement("a");
        link.href = one.url || `/reports/${one.id}`;
        link.textContent = (one.overdue ? `${element.dataset.overdue}: ` : "") + one.heading;
        L.marker([one.lat, one.lon], {
          icon: pin(one.look, Boolean(one.kind), one.kind),
          title: one.heading,
          alt: one.heading,
        })
          .bindPopup(link)
          .addTo(layer);
      }
      for (const one of clusters) {
        const size = Math.min(44, Math.round(26 + 6 * Math.log10(one.count)));
        const icon = L.divIcon({
          className: `cluster${one.overdue ? " late" : ""}`,
          html: one.count,
          iconSize: [size, size],
        });
        L.marker([one.lat, one.lon], { icon, title: element.dataset.many.replace("{n}", one.count) })
          .on("click", () => map.setView([one.lat, one.lon], map.getZoom() + 2))
          .addTo(layer);
      }
    }
    map.on("moveend", show);
    // A live map follows its list, but never takes away what somebody is reading.
    if (element.dataset.live)
      document.addEventListener("htmx:after:swap", (event) => {
        if (event.target.id === element.dataset.live && !element.querySelector(".leaflet-popup")) show();
      });
    show();
  }

  // A pin that can be set by tapping and dragged. Sends "place" with {lat, lon, how} when it moves; listens for "set-place",
  // for "show-place", which tells nobody, and for "clear-place".
  function picker(element) {
    const map = open(element);
    let marker = null;
    const put = (lat, lon, zoom) => {
      if (marker) marker.setLatLng([lat, lon]);
      else {
        marker = L.marker([lat, lon], {
          icon: pin("", true),
          draggable: true,
          autoPan: true,
          title: element.getAttribute("aria-label"),
        }).addTo(map);
        marker.on("dragend", () => set(marker.getLatLng().lat, marker.getLatLng().lng, "pin"));
      }
      if (zoom) map.setView([lat, lon], Math.max(map.getZoom(), 16));
    };
    const set = (lat, lon, how, zoom) => {
      put(lat, lon, zoom);
      element.dispatchEvent(new CustomEvent("place", { detail: { lat, lon, how } }));
    };
    map.on("click", (event) => set(event.latlng.lat, event.latlng.lng, "pin"));
    element.addEventListener("set-place", ({ detail: { lat, lon, how } }) => set(lat, lon, how, true));
    element.addEventListener("show-place", ({ detail: { lat, lon } }) => put(lat, lon, true));
    element.addEventListener("clear-place", () => {
      marker?.remove();
      marker = null;
    });
  }

  function one(element) {
    const map = open(element);
    const at = [Number(element.dataset.lat), Number(element.dataset.lon)];
    map.setView(at, element.dataset.tiles ? 16 : 12);
    L.marker(at, {
      icon: pin(element.dataset.look || "", true, element.dataset.sign),
      interactive: false,
      keyboard: false,
    }).addTo(map);
  }

  for (const element of document.querySelectorAll("[data-map]"))
    ({ points, pin: picker, one })[element.dataset.map](element);
})();
