// Keys of the desk. On a list: j k move, Enter opens. On a case: a letter opens its form, u goes back. Never while typing.
(() => {
  let at = -1;
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    all.forEach((row, i) => row.setAttribute("aria-selected", String(i === at)));
    all[at].querySelector("[data-open]").focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    if (event.key === "j" || event.key === "k") return void move(event.key === "j" ? 1 : -1);
    if (event.key === "/") { event.preventDefault(); location.href = "/reports"; return; }
    if (event.key === "u") return void document.querySelector("[data-back]")?.click();
    const deed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!deed) return;
    event.preventDefault();
    deed.open = true;
    deed.querySelector("textarea, select, button").focus();
  });
})();
