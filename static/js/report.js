// The forms of reports and traffic updates with a script: photos go ahead and tell the place, the map takes and shows it. All of it works without.
(() => {
  const form = document.querySelector("[data-posting]");
  const map = document.getElementById("place-map");
  const field = (name) => form.elements.namedItem(name);
  const line = document.getElementById("position");

  map.addEventListener("place", async ({ detail: { lat, lon, how } }) => {
    field("lat").value = lat.toFixed(6);
    field("lon").value = lon.toFixed(6);
    field("located_by").value = how;
    const answer = await fetch(`/places/at?lat=${lat}&lon=${lon}`);
    if (!answer.ok) return;
    const { inside, area, place } = await answer.json();
    line.textContent = inside
      ? `◎ ${[area, place].filter(Boolean).join(" · ") || `${lat.toFixed(5)}, ${lon.toFixed(5)}`}`
      : line.dataset.outside;
    line.classList.toggle("error", !inside);
  });
  const setPlace = (lat, lon, how) => map.dispatchEvent(new CustomEvent("set-place", { detail: { lat, lon, how } }));

  const device = (button) =>
    navigator.geolocation?.getCurrentPosition(
      ({ coords }) => setPlace(coords.latitude, coords.longitude, "device"),
      () => {
        if (button) line.textContent = button.dataset.failed;
      },
      { enableHighAccuracy: true, timeout: 10000 },
    );
  form.querySelector("[data-locate]").addEventListener("click", (event) => device(event.currentTarget));

  field("address").addEventListener("change", async () => {
    if (!field("address").value.trim() || ["photo", "pin"].includes(field("located_by").value)) return;
    const answer = await fetch(`/places?q=${encodeURIComponent(field("address").value)}`);
    const [hit] = answer.ok ? await answer.json() : [];
    if (hit) setPlace(hit.lat, hit.lon, "address");
  });

  // What is similar is told by the first words; a whole text does not fit into an address.
  const similar = document.getElementById("similar");
  similar?.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    ctx.request.body.set("text", ctx.request.body.get("text").slice(0, 300));
  });
  similar?.addEventListener("htmx:after:swap", () => {
    document.getElementById("similar-said").textContent = similar.querySelector("[data-said]")?.dataset.said ?? "";
  });

  // Photos go ahead (htmx), so that sending is quick and an error loses nothing. Until the answer says that they are
  // kept, they stay in the field and go with the form.
  form.addEventListener("photos-kept", ({ detail: { lat, lon } }) => {
    field("photos").value = "";
    if (lat !== undefined && !field("lat").value) setPlace(lat, lon, "photo");
  });

  if (field("lat").value)
    setPlace(Number(field("lat").value), Number(field("lon").value), field("located_by").value || "pin");
})();
