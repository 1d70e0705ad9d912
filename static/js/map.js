// Maps: <div data-map="points"> shows reports as pins and clusters, <div data-map="pin"> takes a place, data-map="one" shows one.
// The base is the vector tiles of our own, the configured raster tiles, or the city's areas.
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
      zoomControl: false,
    });
    L.control.zoom({ zoomInTitle: element.dataset.zoomIn, zoomOutTitle: element.dataset.zoomOut }).addTo(map);
    for (const one of element.querySelectorAll(".leaflet-control-zoom a"))
      one.tabIndex = element.dataset.map === "points" ? -1 : 0;
    map.attributionControl.setPrefix(false);
    map.fitBounds([
      [south, west],
      [north, east],
    ]);
    L.control.scale({ imperial: false }).addTo(map);
    const based = addBase(map, element);
    outlines(map, element, based);
    // The legend has the credit, too: the map stays one stop of the Tab key.
    if (element.dataset.map === "points")
      based.then(() => {
        for (const link of element.querySelectorAll(".leaflet-control-attribution a")) link.tabIndex = -1;
      });
    return map;
  }

  // Whether there is a base, which then has the names of the areas. What draws ours is larger than all else, and comes once
  // the page and its pins are there.
  async function addBase(map, element) {
    const { base, baseScripts, tiles, attribution } = element.dataset;
    if (!base) {
      if (tiles) (window.shiftedTiles ?? L.tileLayer)(tiles, { attribution, maxZoom: 19 }).addTo(map);
      return Boolean(tiles);
    }
    try {
      for (const source of baseScripts.split(" ")) await window.loadScript(source);
      window.drawBaseMap(map, element);
      return true;
    } catch {
      element.classList.remove("based"); // the areas stand for it, with their names
      return false;
    }
  }

  async function outlines(map, element, added) {
    const answer = await fetch("/map/areas.json");
    if (!answer.ok) return;
    const hasBase = await added;
    const pick = (names) => names[element.dataset.lang] || Object.values(names)[0];
    const layer = L.geoJSON(await answer.json(), {
      interactive: false,
      style: (feature) => ({ className: `area-outline ${["city", "district"][feature.properties.level] || "small"}` }),
      onEachFeature: (feature, layer) => {
        if (!hasBase && feature.properties.level === 1)
          layer.bindTooltip(pick(feature.properties.names), {
            permanent: true,
            direction: "center",
            className: "area-name",
          });
      },
    })
      .addTo(map)
      .bringToBack();
    element.addEventListener("colour-areas", ({ detail }) => colourAreas(layer, detail));
    element.dispatchEvent(new CustomEvent("areas-drawn"));
  }

  // The districts by how much of something they have: classes from 0 to 4 by slug; null takes the colours away.
  function colourAreas(outlines, classes) {
    outlines.eachLayer((one) => {
      const { slug } = one.feature.properties;
      for (let n = 0; n <= 4; n++) one.getElement()?.classList.toggle(`heat-${n}`, classes?.[slug] === n);
    });
  }

  // A small card: photo, status, place, support.
  const card = (one, element) => {
    const link = document.createElement("a");
    link.className = "pin-card";
    link.href = one.url || `/reports/${one.id}`;
    if (one.photo) {
      const photo = document.createElement("img");
      Object.assign(photo, { src: `/photos/${one.photo}/320.webp`, alt: "", width: 72, height: 54, loading: "lazy" });
      link.append(photo);
    }
    const words = document.createElement("span");
    const heading = document.createElement("b");
    heading.textContent = one.heading;
    heading.dir = "auto";
    words.append(heading);
    const support = one.supporters ? element.dataset.support?.replace("{n}", one.supporters) : "";
    for (const text of [one.status_label, one.place, support].filter(Boolean)) {
      const part = document.createElement("span");
      part.textContent = text;
      words.append(part);
    }
    link.append(words);
    return link;
  };
  const stackCard = (pins, element) => {
    const list = document.createElement("ul");
    list.className = "plain pin-stack";
    for (const one of pins) {
      const item = document.createElement("li");
      item.append(card(one, element));
      list.append(item);
    }
    return list;
  };
  const count = (element, n) => element.dataset.many.replace("{n}", n);

  // The map is one stop of the Tab key; the arrows go from pin to pin, Enter opens one, Escape closes its card and then
  // leads back to the map.
  const rove = (map, element) => {
    const pins = () => [...element.querySelectorAll(".leaflet-marker-pane [role=button]")];
    element.addEventListener(
      "keydown",
      (event) => {
        const all = pins();
        const at = all.indexOf(document.activeElement);
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (event.key === "Escape" && document.activeElement !== element) {
          if (element.querySelector(".leaflet-popup")) map.closePopup();
          else element.focus();
          return;
        }
        if (!all.length || (at < 0 && !(event.target === element && event.key === "Enter"))) return;
        if (step || at < 0) {
          event.preventDefault();
          event.stopPropagation();
          all[at < 0 ? 0 : (at + step + all.length) % all.length].focus();
        }
      },
      true,
    );
    return () => {
      for (const one of pins()) one.tabIndex = -1;
    };
  };

  const MOVED_PX = 8;
  function points(element) {
    const map = open(element);
    const layer = L.layerGroup().addTo(map);
    const oneStop = rove(map, element);
    const frame = element.closest(".map-frame") ?? element;
    const tell = (words) => {
      const note = frame.querySelector(".map-note");
      if (!note) return;
      note.textContent = words ?? "";
      note.hidden = !words;
    };
    restore(map, element);
    let asked = 0;
    let reading = false; // a popup is open: nothing is taken away from whoever reads it
    let late = false; // the pins are not those of what the map shows now
    const show = async () => {
      late = true;
      if (reading) return;
      const turn = ++asked;
      const query = new URLSearchParams(element.dataset.filters);
      for (const name of ["page", "window"]) query.delete(name);
      // A little more than is seen: a pin whose tip is just below the edge is seen too, and may have the focus.
      const b = map.getBounds().pad(0.05);
      query.set("bbox", [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((n) => n.toFixed(5)).join(","));
      query.set("zoom", Math.floor(map.getZoom())); // rather larger cells than clusters that overlap
      let found = null;
      try {
        const answer = await fetch(`${element.dataset.points}?${query}`);
        found = answer.ok ? await answer.json() : null;
      } catch {
        // No network: said below; the next movement asks again.
      }
      if (reading || turn !== asked) return;
      if (!found) return tell(element.dataset.failed);
      late = false;
      replace(found);
      tell(found.pins.length || found.clusters.length ? "" : element.dataset.empty);
    };
    const replace = ({ pins, clusters }) => {
      const focused = layer.getLayers().find((one) => one.getElement() === document.activeElement);
      layer.clearLayers();
      const stacks = {};
      for (const one of pins) {
        stacks[one.stack] ??= [];
        stacks[one.stack].push(one);
      }
      for (const stack of Object.values(stacks)) addPins(stack, element, layer);
      for (const one of clusters) addCluster(one, element, map, layer);
      oneStop();
      if (focused) (nearest(layer.getLayers(), focused)?.getElement() ?? element).focus({ preventScroll: true });
    };
    // An answer on its way is about where the map was: it lacks a pin that got the focus and that the map moves to.
    map.on("movestart", () => asked++);
    let settled = [map.getCenter(), map.getZoom()];
    map.on("moveend", () => {
      const [centre, zoom] = settled;
      const far = map.project(centre, map.getZoom()).distanceTo(map.project(map.getCenter(), map.getZoom()));
      // A popup that comes into view, and a window that gets another size, move the map a little: nobody did.
      if (reading || (zoom === map.getZoom() && far < MOVED_PX)) return;
      settled = [map.getCenter(), map.getZoom()];
      element.dispatchEvent(new CustomEvent("moved", { detail: where(map) }));
    });
    map.on("moveend", show); // also after a popup moved the map into view, but then once it is closed
    map.on("popupopen", () => {
      reading = true;
    });
    map.on("popupclose", () => {
      reading = false;
      if (late) show();
    });
    // A live map follows its list.
    if (element.dataset.live)
      document.addEventListener("htmx:after:swap", (event) => {
        if (event.target.id === element.dataset.live) show();
      });
    show();
  }

  // Where a map is, as its address says it.
  const where = (map) => {
    const b = map.getBounds();
    const window = [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((n) => n.toFixed(5)).join(",");
    return { window, zoom: map.getZoom() };
  };
  // Begin where the page's address says.
  function restore(map, element) {
    const [west, south, east, north] = (element.dataset.window ?? "").split(",").map(Number);
    if (!Number.isFinite(north)) return;
    const zoom = Number(new URLSearchParams(location.search).get("zoom"));
    if (zoom) map.setView([(south + north) / 2, (west + east) / 2], zoom, { animate: false });
    else
      map.fitBounds(
        [
          [south, west],
          [north, east],
        ],
        { animate: false },
      );
  }

  // A pin may be part of a cluster or a stack now, or be there no more.
  const nearest = (markers, was) => {
    const far = (one) => one.getLatLng().distanceTo(was.getLatLng());
    return markers.reduce((best, one) => (best && far(best) <= far(one) ? best : one), null);
  };

  function addPins(pins, element, layer) {
    const [first] = pins;
    const late = pins.find((one) => one.look === "late");
    const name =
      pins.length > 1 ? count(element, pins.length) : [first.heading, first.status_label].filter(Boolean).join(", ");
    const icon =
      pins.length > 1
        ? L.divIcon({ className: `cluster stack${late ? " late" : ""}`, html: pins.length, iconSize: [28, 28] })
        : pin(first.look, Boolean(first.kind), first.kind);
    const marker = L.marker([first.lat, first.lon], { icon, title: name, alt: name });
    const above = element.closest(".map-side")?.querySelector(".over")?.offsetHeight ?? 0; // what lies over the map
    marker.bindPopup(() => (pins.length > 1 ? stackCard(pins, element) : card(first, element)), {
      minWidth: 180,
      maxWidth: Math.min(300, element.clientWidth - 100),
      maxHeight: element.clientHeight - 80 - above,
      autoPanPaddingTopLeft: [5, 5 + above],
    });
    marker.on("popupopen", ({ popup }) => {
      if (marker.getElement() === document.activeElement) popup.getElement().querySelector(".pin-card")?.focus();
    });
    marker.on("popupclose", ({ popup }) => {
      if (popup.getElement().contains(document.activeElement)) marker.getElement()?.focus();
    });
    marker.addTo(layer);
  }

  const MAX_CLUSTER_ZOOM = 17; // closer up, what lies together lies at one place: its list shows it
  function addCluster(one, element, map, layer) {
    const size = Math.min(44, Math.round(26 + 6 * Math.log10(one.count)));
    const icon = L.divIcon({
      className: `cluster${one.overdue ? " late" : ""}`,
      html: one.count,
      iconSize: [size, size],
    });
    const name = count(element, one.count);
    const marker = L.marker([one.lat, one.lon], { icon, title: name, alt: name });
    const approach = () => {
      if (map.getZoom() < MAX_CLUSTER_ZOOM || !element.dataset.list) map.setView([one.lat, one.lon], map.getZoom() + 2);
      else {
        const query = new URLSearchParams(element.dataset.filters);
        query.delete("window");
        query.set("near", `${one.lat.toFixed(5)},${one.lon.toFixed(5)},50`);
        location.assign(`${element.dataset.list}?${query}`);
      }
    };
    marker.on("click", approach);
    marker.on("keypress", ({ originalEvent }) => originalEvent.key === "Enter" && approach());
    marker.addTo(layer);
  }

  // A pin that can be set by tapping and dragged. Sends "place" with {lat, lon, how} when it moves; listens for "set-place",
  // for "show-place", which tells nobody, and for "clear-place".
  function picker(element) {
    const map = open(element);
    element.leafletMap = map; // for what draws on it
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
    map.on(
      "click",
      (event) => !element.classList.contains("drawing") && set(event.latlng.lat, event.latlng.lng, "pin"),
    );
    element.addEventListener("set-place", ({ detail: { lat, lon, how, stay } }) => set(lat, lon, how, !stay));
    element.addEventListener("look-at", ({ detail: { lat, lon, metres } }) =>
      map.fitBounds(L.latLng(lat, lon).toBounds(2 * metres)),
    );
    element.addEventListener("show-place", ({ detail: { lat, lon } }) => put(lat, lon, true));
    element.addEventListener("clear-place", () => {
      marker?.remove();
      marker = null;
    });
  }

  function one(element) {
    const map = open(element);
    const at = [Number(element.dataset.lat), Number(element.dataset.lon)];
    map.setView(at, element.dataset.tiles || element.dataset.base ? 16 : 12);
    if (element.dataset.shape) {
      const shape = L.geoJSON(JSON.parse(element.dataset.shape), { interactive: false, style: { className: "shape" } });
      map.fitBounds(shape.addTo(map).getBounds().pad(0.2), { maxZoom: 17 });
    }
    L.marker(at, {
      icon: pin(element.dataset.look || "", true, element.dataset.sign),
      interactive: false,
      keyboard: false,
    }).addTo(map);
  }

  for (const element of document.querySelectorAll("[data-map]"))
    ({ points, pin: picker, one })[element.dataset.map](element);
})();
