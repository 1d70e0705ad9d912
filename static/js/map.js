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
    outlines(map, element, addBase(map, element));
    return map;
  }

  // Whether there is a base, which then has the names of the areas. What draws ours is larger than all else, and comes once
  // the page and its pins are there.
  async function addBase(map, element) {
    const { base, baseScripts, tiles, attribution } = element.dataset;
    if (!base) {
      if (tiles) L.tileLayer(tiles, { attribution, maxZoom: 19 }).addTo(map);
      return Boolean(tiles);
    }
    try {
      for (const source of baseScripts.split(" ")) await loadScript(source);
      window.drawBaseMap(map, element);
      return true;
    } catch {
      element.classList.remove("based"); // the areas stand for it, with their names
      return false;
    }
  }
  const scripts = {};
  function loadScript(source) {
    scripts[source] ??= new Promise((done, fail) => {
      const script = document.createElement("script");
      Object.assign(script, { src: source, onload: done, onerror: fail });
      document.head.append(script);
    });
    return scripts[source];
  }

  async function outlines(map, element, added) {
    const answer = await fetch("/map/areas.json");
    if (!answer.ok) return;
    const hasBase = await added;
    const pick = (names) => names[element.dataset.lang] || Object.values(names)[0];
    L.geoJSON(await answer.json(), {
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
  }

  // A small card: photo, status, place.
  const card = (one) => {
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
    for (const text of [one.status_label, one.place].filter(Boolean)) {
      const part = document.createElement("span");
      part.textContent = text;
      words.append(part);
    }
    link.append(words);
    return link;
  };
  const stackCard = (pins) => {
    const list = document.createElement("ul");
    list.className = "plain pin-stack";
    for (const one of pins) {
      const item = document.createElement("li");
      item.append(card(one));
      list.append(item);
    }
    return list;
  };
  const count = (element, n) => element.dataset.many.replace("{n}", n);

  // The map is one stop of the Tab key; the arrows go from pin to pin, Enter opens one, Escape leads back to the map.
  const rove = (element) => {
    const pins = () => [...element.querySelectorAll(".leaflet-marker-pane [role=button]")];
    element.addEventListener(
      "keydown",
      (event) => {
        const all = pins();
        const at = all.indexOf(document.activeElement);
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (event.key === "Escape" && document.activeElement !== element) {
          element.focus();
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

  function points(element) {
    const map = open(element);
    const layer = L.layerGroup().addTo(map);
    const oneStop = rove(element);
    let asked = 0;
    let reading = false; // a popup is open: nothing is taken away from whoever reads it
    let late = false; // the pins are not those of what the map shows now
    const show = async () => {
      late = true;
      if (reading) return;
      const turn = ++asked;
      const query = new URLSearchParams(element.dataset.filters);
      query.delete("page");
      // A little more than is seen: a pin whose tip is just below the edge is seen too, and may have the focus.
      const b = map.getBounds().pad(0.05);
      query.set("bbox", [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((n) => n.toFixed(5)).join(","));
      query.set("zoom", Math.floor(map.getZoom())); // rather larger cells than clusters that overlap
      const answer = await fetch(`${element.dataset.points}?${query}`);
      const found = answer.ok ? await answer.json() : null;
      if (!found || reading || turn !== asked) return;
      late = false;
      replace(found);
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
    marker.bindPopup(() => (pins.length > 1 ? stackCard(pins) : card(first)), {
      minWidth: 180,
      maxWidth: Math.min(300, element.clientWidth - 100),
      maxHeight: element.clientHeight - 80,
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
      else location.assign(`${element.dataset.list}?near=${one.lat.toFixed(5)},${one.lon.toFixed(5)},50`);
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
