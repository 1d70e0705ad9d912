// The search box of the page's head: a list of the first hits while one types. Without a script it is a plain form.
(async () => {
  const form = document.querySelector("[data-find]");
  if (!form) return;
  const input = form.elements.q;
  const list = form.querySelector("[role=listbox]");
  const status = form.querySelector("[role=status]");
  const opener = document.querySelector(".find-open");

  const unfold = (open) => {
    form.classList.toggle("open", open);
    opener?.setAttribute("aria-expanded", String(open));
  };
  opener?.setAttribute("aria-expanded", "false");
  opener?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    unfold(!form.classList.contains("open"));
    if (form.classList.contains("open")) input.focus();
  });
  // An empty box leads nowhere; the button then puts the cursor into it.
  form.addEventListener("submit", (event) => {
    if (input.value.trim()) return;
    event.preventDefault();
    input.focus();
  });
  // A filter was set: say how much is left, and begin at the top of it.
  document.addEventListener("htmx:after:swap", (event) => {
    const results = document.getElementById("results");
    const count = results?.querySelector(".count");
    if (!count || event.target === input) return;
    status.textContent = count.textContent.trim();
    if (results.getBoundingClientRect().top < 0) results.scrollIntoView();
  });

  // The list and its component come once somebody turns to the box.
  if (document.activeElement !== input)
    await new Promise((done) => input.addEventListener("focus", done, { once: true }));

  // The keys within the list, and what a screen reader is told of it, are the component's.
  const { default: Combobox } = await import(form.dataset.find);
  const combobox = new Combobox(input, list, { tabInsertsSuggestions: false });
  const show = (open) => {
    list.hidden = !open || !input.value.trim() || !list.querySelector("[role=option]");
    if (list.hidden) combobox.stop();
    else combobox.start();
  };
  list.addEventListener("htmx:after:swap", (event) => event.stopPropagation());
  input.addEventListener("htmx:after:swap", () => {
    show(document.activeElement === input);
    status.textContent = list.hidden ? "" : (list.querySelector("[data-said]")?.dataset.said ?? "");
  });
  input.addEventListener("input", () => {
    if (input.value.trim()) return;
    list.replaceChildren();
    show(false);
  });
  input.addEventListener("focus", () => show(true));
  input.addEventListener("blur", () => show(false));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // an input method takes these keys for itself
    if (list.hidden && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      show(true);
      if (list.hidden) return;
      event.preventDefault();
      combobox.navigate(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (!list.hidden) return show(false);
      if (!form.classList.contains("open")) return input.blur();
      unfold(false);
      opener.focus();
    }
  });
  // The box keeps the focus while an option is pressed: some browsers give a link none, and the list would be gone.
  for (const press of ["pointerdown", "mousedown"]) list.addEventListener(press, (event) => event.preventDefault());
  show(document.activeElement === input);
})();
