// The place of a form with a script. What somebody said last wins: a tap, their device, an address. A photo tells the
// place only until somebody has said it, and takes it back when it goes. All of it works without.
(() => {
  const map = document.getElementById("place-map");
  const form = map.closest("form");
  const line = document.getElementById("position");
  const choices = document.getElementById("place-choices");
  const field = (name) => form.elements.namedItem(name);
  const words = field("place_text");
  const note = document.getElementById("address-note");
  const NAMES = ["lat", "lon", "located_by", "placed_address", "accuracy"];
  const DEVICE_MS = 10000; // in which a device finds where it is
  const QUESTION_MS = 15000; // after which it is said that nothing came: a browser waits for ever for who does not answer it
  const MAX_DEVICE_METRES = 200; // from here on a device's place is not taken for where the problem is
  const accuracy = () => Number(field("accuracy").value);
  const metres = (n) => {
    const far = n >= 1000;
    const options = {
      style: "unit",
      unit: far ? "kilometer" : "meter",
      maximumFractionDigits: far && n < 10000 ? 1 : 0,
    };
    return new Intl.NumberFormat(document.documentElement.lang, options).format(far ? n / 1000 : n);
  };
  let turn = 0; // of the latest word about the place: answers to older ones come too late

  // Nothing without a network: then the server finds the place when it gets the report.
  const ask = async (address) => {
    try {
      return await fetch(address);
    } catch (error) {
      console.info("Not looked up:", error.message);
      return null;
    }
  };
  const say = (text, wrong = false) => {
    line.textContent = text;
    line.classList.toggle("error", wrong);
    if (wrong || !text) return;
    for (const error of form.querySelectorAll("#place_text-error")) error.remove(); // the server's word about the last try
    words.closest(".field").classList.remove("wrong");
    words.removeAttribute("aria-invalid");
  };
  const offer = (hits) => {
    const list = choices.querySelector(".chips");
    list.replaceChildren();
    field("asked_address").value = hits.length ? words.value.trim() : "";
    choices.hidden = !hits.length;
    for (const { name, area, lat, lon } of hits) {
      const label = document.createElement("label");
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name: "place_choice", value: `${lat} ${lon} address` });
      label.className = "chip";
      label.append(input, [name, area].filter(Boolean).join(" · "));
      list.append(label);
    }
  };

  map.addEventListener("place", async ({ detail: { lat, lon, how } }) => {
    const mine = ++turn;
    field("lat").value = lat.toFixed(6);
    field("lon").value = lon.toFixed(6);
    field("located_by").value = how;
    if (how !== "device") field("accuracy").value = "";
    const within = field("accuracy").value ? line.dataset.within.replace("{distance}", metres(accuracy())) : "";
    // A pin that is moved away from its address is asked about when the form is sent.
    field("placed_address").value = how === "address" ? words.value.trim() : "";
    // Who goes through the choices by keys takes each on the way: they stay.
    if (!choices.contains(document.activeElement)) offer([]);
    note.textContent = "";
    say(line.dataset.here);
    form.dispatchEvent(new Event("input", { bubbles: true }));
    const answer = await ask(`/places/at?lat=${lat}&lon=${lon}`);
    if (!answer?.ok || mine !== turn) return;
    const { inside, area, place } = await answer.json();
    const where = [area, place].filter(Boolean).join(" · ") || line.dataset.here;
    if (inside) say(`◎ ${[where, within].filter(Boolean).join(" · ")}`);
    else say(line.dataset.outside, true);
  });
  const setPlace = (lat, lon, how) => map.dispatchEvent(new CustomEvent("set-place", { detail: { lat, lon, how } }));
  const clearPlace = (text) => {
    turn++;
    for (const name of NAMES) field(name).value = "";
    map.dispatchEvent(new CustomEvent("clear-place"));
    say(text);
  };

  // A device that knows too little does not say the place: the map shows about where it is, and the person says it.
  const takeDevice = ({ latitude, longitude, accuracy }) => {
    if (accuracy > MAX_DEVICE_METRES) {
      map.dispatchEvent(new CustomEvent("look-at", { detail: { lat: latitude, lon: longitude, metres: accuracy } }));
      return say(line.dataset.inexact.replace("{distance}", metres(accuracy)));
    }
    field("accuracy").value = Math.ceil(accuracy);
    setPlace(latitude, longitude, "device");
  };

  form.querySelector("[data-locate]").addEventListener("click", ({ currentTarget }) => {
    const button = currentTarget;
    const failed = () => say(button.dataset.failed);
    if (!navigator.geolocation) return failed();
    const mine = ++turn; // a tap on the map while the device looks is a later word
    say(line.dataset.looking);
    const unanswered = setTimeout(() => mine === turn && failed(), QUESTION_MS); // what comes later is taken all the same
    const answered = (act) => {
      clearTimeout(unanswered);
      if (mine === turn) act();
    };
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => answered(() => takeDevice(coords)),
      () => answered(failed),
      { enableHighAccuracy: true, timeout: DEVICE_MS },
    );
  });

  let lookedUp = words.value.trim(); // leaving the field after Enter is no other word
  const lookUp = async () => {
    const text = words.value.trim();
    if (text === lookedUp) return;
    lookedUp = text;
    const mine = ++turn;
    if (field("located_by").value === "address" && field("placed_address").value !== text) {
      for (const name of NAMES) field(name).value = "";
      map.dispatchEvent(new CustomEvent("clear-place"));
      say(text ? "" : line.dataset.none);
    }
    offer([]);
    note.textContent = "";
    if (!text) return readPhotos();
    const answer = await ask(`/places?q=${encodeURIComponent(text)}`);
    if (!answer || mine !== turn) return;
    const hits = answer.ok ? await answer.json() : [];
    if (mine !== turn) return;
    if (hits[0]?.sure) setPlace(hits[0].lat, hits[0].lon, "address");
    else if (hits.length) offer(hits);
    else {
      if (!field("lat").value) readPhotos();
      note.textContent = note.dataset.unknown;
    }
  };
  words.addEventListener("change", lookUp);
  // Enter looks the address up; it does not send what is only begun.
  words.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    lookUp();
  });
  choices.addEventListener("change", ({ target }) => {
    const [lat, lon, how] = target.value.split(" ");
    setPlace(Number(lat), Number(lon), how);
  });

  // A numbered thing stands where it stands; a pin that is put elsewhere means another one.
  document.addEventListener("change", ({ target }) => {
    if (target.name === "asset_near") setPlace(Number(target.dataset.lat), Number(target.dataset.lon), "asset");
    if (target.id === "asset") document.getElementById("similar").dispatchEvent(new Event("number"));
  });
  map.addEventListener("place", ({ detail: { how } }) => {
    if (how !== "asset") for (const one of form.querySelectorAll("[name=asset_near]:checked")) one.checked = false;
  });

  // --- photos -------------------------------------------------------------------------------------------------------

  const photos = () => [...form.querySelectorAll("#kept-photos li")];
  const placed = () =>
    photos()
      .filter((one) => one.dataset.place && !("elsewhere" in one.dataset))
      .map((one) => one.dataset.place.split(" ").map(Number));
  let fromPhoto = ""; // the place that a photo gave
  const readPhotos = () => {
    const said = field("lat").value && field("located_by").value !== "photo";
    if (said) return;
    const places = placed();
    const current = places.find((one) => String(one) === fromPhoto);
    if (current && field("lat").value) return;
    if (places.length) {
      fromPhoto = String(places[0]);
      return setPlace(...places[0], "photo");
    }
    const had = fromPhoto || field("located_by").value === "photo";
    fromPhoto = "";
    const text = photos().some((one) => "elsewhere" in one.dataset)
      ? line.dataset.elsewhere
      : photos().length
        ? line.dataset.plain
        : line.dataset.none;
    if (had) clearPlace(photos().length ? text : line.dataset.gone);
    else if (photos().length) say(text);
  };
  form.addEventListener("photos-changed", readPhotos);

  if (field("lat").value) {
    const [lat, lon, how] = [
      Number(field("lat").value),
      Number(field("lon").value),
      field("located_by").value || "pin",
    ];
    const address = field("placed_address").value;
    if (how === "photo") fromPhoto = String(placed().find((one) => Math.abs(one[0] - lat) < 1e-5) ?? "");
    // The server named the place that it found; one of a draft has no name yet.
    if (line.textContent.trim()) map.dispatchEvent(new CustomEvent("show-place", { detail: { lat, lon } }));
    else setPlace(lat, lon, how);
    field("placed_address").value = address;
  }
})();
