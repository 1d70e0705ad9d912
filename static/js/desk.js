// Keys of the desk. On a list: j k move, Enter opens, / searches; in triage 1 2 3 take a suggestion. On a case: a letter
// opens its form, u goes back, j goes on to the next case. Never while typing, but Ctrl or Cmd with Enter sends.
(() => {
  let at = -1;
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    for (const [i, row] of all.entries()) row.classList.toggle("here", i === at);
    all[at].querySelector("[data-open]").focus();
  };
  // Whoever reaches a row by Tab or by pointing goes on from there.
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (row) at = rows().indexOf(row);
  });
  document.addEventListener("htmx:after:swap", () => {
    at = -1;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
      event.preventDefault();
      return void event.target.form.requestSubmit();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    const next = document.querySelector("[data-next]");
    if (event.key === "j" && next) return void next.click();
    if (event.key === "j" || event.key === "k") return void move(event.key === "j" ? 1 : -1);
    if (event.key === "u") return void document.querySelector("[data-back]")?.click();
    const found =
      event.key === "/"
        ? document.querySelector("[data-search]")
        : /^[1-9]$/.test(event.key)
          ? rows()[at]?.querySelector(`[data-choice="${event.key}"]`)
          : document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found) return;
    event.preventDefault();
    if (found.matches("[data-choice]")) return void found.click();
    if (found.matches("details")) found.open = true;
    (found.matches("details") ? found.querySelector("textarea, select, form button") : found).focus();
  });
})();
