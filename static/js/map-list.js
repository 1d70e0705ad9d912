// The page of the map: its list follows its window, by itself where both are seen at once, else by "Search here"; the
// address follows, too. The list can be drawn up over the map, and the districts coloured by how much they have.
(() => {
  const map = document.querySelector(".map-list .map");
  const button = document.querySelector("[data-search-here]");
  const sheet = document.querySelector(".sheet");
  const sideBySide = matchMedia("(min-width: 900px)");
  const PAUSE_MS = 500; // a map that is moved on asks once
  let here = null; // where the map is, since somebody moved it
  let timer = 0;

  const addressOf = ({ window, zoom }) => {
    const address = new URL(location.href);
    address.searchParams.delete("page");
    address.searchParams.set("window", window);
    address.searchParams.set("zoom", zoom);
    return address;
  };
  const search = () => {
    button.hidden = true;
    for (const form of document.querySelectorAll("form.filters")) remember(form, here);
    htmx.ajax("GET", addressOf(here).href, { target: "#results", swap: "outerHTML", source: "#map-results" });
  };
  const remember = (form, { window, zoom }) => {
    for (const [name, value] of Object.entries({ window, zoom })) {
      const field = form.elements.namedItem(name) ?? form.appendChild(document.createElement("input"));
      Object.assign(field, { type: "hidden", name, value });
    }
  };

  map.addEventListener("moved", ({ detail }) => {
    here = detail;
    history.replaceState(history.state, "", addressOf(here)); // so that "back" leads to where somebody was
    clearTimeout(timer);
    if (sideBySide.matches) timer = setTimeout(search, PAUSE_MS);
    else button.hidden = false;
  });
  button.addEventListener("click", () => {
    search();
    toggle(true);
  });

  // --- the list over the map, on a phone ------------------------------------------------------------------------------

  const handle = document.querySelector("[data-sheet]");
  const up = handle.textContent;
  const smooth = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
  const toggle = (open) => {
    if (sideBySide.matches) return;
    const target = open ? sheet : document.querySelector(".map-list");
    target.scrollIntoView({ behavior: smooth(), block: "start" });
  };
  handle.addEventListener("click", () => toggle(handle.getAttribute("aria-expanded") !== "true"));
  // Drawn up by a finger, by the button or by the keyboard: the button says what it does now.
  new IntersectionObserver(
    ([entry]) => {
      handle.setAttribute("aria-expanded", String(entry.isIntersecting));
      handle.textContent = entry.isIntersecting ? handle.dataset.down : up;
    },
    { rootMargin: "0px 0px -60% 0px" },
  ).observe(sheet.querySelector(".grip"));

  document.querySelector("[data-open-filters]").addEventListener("click", () => {
    document.querySelector("form.filters > details").open = true;
  });

  // --- districts by colour --------------------------------------------------------------------------------------------

  const CLASSES = 4;
  const chip = document.querySelector("[data-heat]");
  const legend = document.getElementById("heat-legend");
  chip.setAttribute("role", "button");
  chip.setAttribute("aria-pressed", "false");
  const colour = (classes) => map.dispatchEvent(new CustomEvent("colour-areas", { detail: classes }));
  // A round number, so that the classes are easy to say.
  const roundUp = (n) => {
    const ten = 10 ** Math.floor(Math.log10(Math.max(1, n)));
    return Math.ceil(n / ten) * ten;
  };
  const line = (n, words) => {
    const item = document.createElement("li");
    const swatch = document.createElement("span");
    swatch.className = `swatch heat-${n}`;
    item.append(swatch, ` ${words}`);
    return item;
  };
  const explain = (step) => {
    const lines = [line(0, chip.dataset.none)];
    for (let n = 1; n < CLASSES; n++) lines.push(line(n, step > 1 ? `${(n - 1) * step + 1}–${n * step}` : String(n)));
    lines.push(line(CLASSES, chip.dataset.more.replace("{n}", (CLASSES - 1) * step + 1)));
    legend.replaceChildren(...lines);
  };
  const show = async () => {
    const answer = await fetch(chip.href, { headers: { Accept: "application/json" } });
    if (!answer.ok) return location.assign(chip.href);
    const { areas } = await answer.json();
    const level = areas.some((one) => one.level === 1) ? 1 : 0;
    const shown = areas.filter((one) => one.level === level);
    const step = roundUp(Math.max(1, ...shown.map((one) => one.count)) / CLASSES);
    const classOf = (count) => Math.min(CLASSES, Math.ceil(count / step));
    colour(Object.fromEntries(shown.map((one) => [one.area, classOf(one.count)])));
    explain(step);
    legend.hidden = false;
  };
  chip.addEventListener("click", (event) => {
    event.preventDefault();
    const on = chip.getAttribute("aria-pressed") !== "true";
    chip.setAttribute("aria-pressed", String(on));
    legend.hidden = true;
    if (on) show();
    else colour(null);
  });
  chip.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    chip.click();
  });
})();
