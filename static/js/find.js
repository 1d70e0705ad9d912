// The search box of the page's head: a list of the first hits while one types. Without a script it is a plain form.
(() => {
  const form = document.querySelector("[data-find]");
  if (!form) return;
  const input = form.elements.q;
  const list = form.querySelector(".finds");
  const said = form.querySelector("[role=status]");
  const opener = document.querySelector(".find-open");
  let at = -1;

  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
    "aria-expanded": "false",
  }))
    input.setAttribute(name, value);
  list.setAttribute("role", "listbox");

  const options = () => [...list.querySelectorAll("[role=option]")];
  const choose = (index) => {
    const all = options();
    at = index < -1 ? all.length - 1 : index >= all.length ? -1 : index;
    for (const [i, one] of all.entries()) one.setAttribute("aria-selected", String(i === at));
    if (at < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  };
  const show = (open) => {
    open &&= options().length > 0 && input.value.trim() !== "";
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) choose(-1);
  };
  const unfold = (open) => {
    form.classList.toggle("open", open);
    opener?.setAttribute("aria-expanded", String(open));
  };

  list.addEventListener("htmx:after:swap", (event) => event.stopPropagation());
  input.addEventListener("htmx:after:swap", () => {
    at = -1;
    show(document.activeElement === input);
    said.textContent = list.hidden ? "" : (list.querySelector("[data-said]")?.dataset.said ?? "");
  });
  input.addEventListener("input", () => {
    if (!input.value.trim()) {
      list.replaceChildren();
      show(false);
    }
  });
  input.addEventListener("focus", () => show(true));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // an input method takes these keys for itself
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!options().length) return;
      event.preventDefault();
      if (list.hidden) show(true);
      choose(event.key === "ArrowDown" ? at + 1 : at - 1);
    } else if (event.key === "Enter" && at >= 0 && !list.hidden) {
      event.preventDefault();
      options()[at].click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (!list.hidden) return show(false);
      if (!form.classList.contains("open")) return input.blur();
      unfold(false);
      opener.focus();
    }
  });
  // The box keeps the focus while an option is pressed: some browsers give a link none, and the list would be gone.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("mousedown", (event) => event.preventDefault());
  input.addEventListener("blur", () => show(false));
  // A filter was set: say how much is left, and begin at the top of it.
  document.addEventListener("htmx:after:swap", (event) => {
    const results = document.getElementById("results");
    const count = results?.querySelector(".count");
    if (!count || event.target === input) return;
    said.textContent = count.textContent.trim();
    if (results.getBoundingClientRect().top < 0) results.scrollIntoView();
  });
  // An empty box leads nowhere; the button then puts the cursor into it.
  form.addEventListener("submit", (event) => {
    if (input.value.trim()) return;
    event.preventDefault();
    input.focus();
  });
  opener?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    unfold(!form.classList.contains("open"));
    if (form.classList.contains("open")) input.focus();
  });
  opener?.setAttribute("aria-expanded", "false");
})();
