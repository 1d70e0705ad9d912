// The cross of the form's map, under which the map is moved to set the place, with a finger or with the arrow keys; and
// drawing a line or an area where the category asks for one. Without a script there are words for both.
(() => {
  const element = document.getElementById("place-map");
  const map = element.leafletMap;
  const form = element.closest("form");

  // --- the cross ----------------------------------------------------------------------------------------------------

  const aim = form.querySelector("[data-aim]");
  let moving = false; // by a hand, not by what was set
  const setAim = (on) => {
    aim.setAttribute("aria-pressed", String(on));
    element.classList.toggle("aiming", on);
    if (on) element.focus();
  };
  aim.addEventListener("click", () => setAim(aim.getAttribute("aria-pressed") !== "true"));
  const byHand = () => {
    moving = true;
  };
  map.on("dragstart", byHand);
  element.addEventListener("keydown", ({ key }) => key.startsWith("Arrow") && byHand());
  map.on("moveend", () => {
    if (!moving || !element.classList.contains("aiming") || element.classList.contains("drawing")) return;
    moving = false;
    const { lat, lng } = map.getCenter();
    element.dispatchEvent(new CustomEvent("set-place", { detail: { lat, lon: lng, how: "pin", stay: true } }));
  });
  // A device that knows only about where it is leaves the rest to the cross.
  element.addEventListener("look-at", () => setAim(true));

  // --- a line or an area --------------------------------------------------------------------------------------------

  const MAX_VERTICES = 50; // geo/shapes.py
  let drawn = null; // the layer
  let points = []; // [longitude, latitude]
  const part = () => form.querySelector("[data-shape-kind]");
  const isArea = () => part()?.dataset.shapeKind === "area";
  const show = () => {
    drawn?.remove();
    drawn = null;
    const corners = points.map(([lon, lat]) => [lat, lon]);
    if (!corners.length) return;
    const draw = isArea() && corners.length > 2 ? L.polygon : L.polyline;
    drawn = draw(corners, { className: "shape", interactive: false }).addTo(map);
  };
  const keep = () => {
    const enough = points.length >= (isArea() ? 3 : 2);
    const shape = isArea()
      ? { type: "Polygon", coordinates: [[...points, points[0]]] }
      : { type: "LineString", coordinates: points };
    const field = form.elements.namedItem("shape");
    field.value = enough ? JSON.stringify(shape) : "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const said = part().querySelector("[data-points]");
    said.textContent = points.length ? said.dataset.points.replace("{n}", points.length) : "";
    show();
  };
  const add = ({ lat, lng }) => {
    if (points.length >= MAX_VERTICES) return;
    points.push([Number(lng.toFixed(6)), Number(lat.toFixed(6))]);
    if (points.length === 1)
      element.dispatchEvent(new CustomEvent("set-place", { detail: { lat, lon: lng, how: "pin", stay: true } }));
    keep();
  };
  const setDrawing = (on) => {
    element.classList.toggle("drawing", on);
    for (const one of part()?.querySelectorAll("[data-while-drawing]") ?? []) one.hidden = !on;
    part()?.querySelector("[data-draw]").setAttribute("aria-pressed", String(on));
    setAim(on);
    if (on) element.scrollIntoView({ block: "center" });
  };
  map.on("click", ({ latlng }) => element.classList.contains("drawing") && add(latlng));
  form.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-draw], [data-add-point], [data-undo-point]");
    if (!button) return;
    if ("draw" in button.dataset) setDrawing(!element.classList.contains("drawing"));
    else if ("addPoint" in button.dataset) add(map.getCenter());
    else {
      points.pop();
      keep();
    }
  });
  // What a draft or the server gave back; another category has another shape, or none.
  const read = () => {
    const given = form.elements.namedItem("shape")?.value;
    if (!part()) setDrawing(false);
    const { type, coordinates } = given ? JSON.parse(given) : {};
    points = type === "Polygon" ? coordinates[0].slice(0, -1) : (coordinates ?? []);
    show();
  };
  document.addEventListener("htmx:after:swap", ({ target }) => target.id === "questions" && read()); // after a draft filled it
  read();
})();
