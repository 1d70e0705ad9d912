// What a report being written may repeat, and which categories fit it: told by its first words; a whole text does not fit
// into an address. What was found is said.
(() => {
  for (const name of ["similar", "fitting"]) {
    const part = document.getElementById(name);
    part.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
      ctx.request.body.set("text", ctx.request.body.get("text").slice(0, 300));
    });
    part.addEventListener("htmx:after:swap", () => {
      document.getElementById(`${name}-said`).textContent = part.querySelector("[data-said]")?.dataset.said ?? "";
    });
  }
  // A question that depends on others is asked once they are answered so; what is not asked is not sent.
  const form = document.getElementById("report-form");
  const codes = (code) =>
    [...form.querySelectorAll(`[name="answers[${code}]"]:checked:not(:disabled)`)].map((one) => one.value);
  const ask = () => {
    for (const part of form.querySelectorAll("[data-when]")) {
      const asked = Object.entries(JSON.parse(part.dataset.when)).every(([code, wanted]) =>
        codes(code).some((one) => wanted.includes(one)),
      );
      part.classList.toggle("asked", asked);
      for (const one of part.querySelectorAll("input, select, textarea")) one.disabled = !asked;
    }
  };
  form.addEventListener("change", ask);
  document.addEventListener("htmx:after:swap", ask); // after a draft filled them
  ask();

  // A browser that keeps the category through a reload does not say so: its questions are asked for all the same.
  addEventListener("load", () => {
    const list = document.getElementById("category");
    if (list.value && !document.getElementById("questions").childElementCount)
      list.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // A fitting category is chosen as if it had been chosen from the list, and the list has the focus: its questions follow.
  document.getElementById("fitting").addEventListener("click", (event) => {
    const chip = event.target.closest("[data-category]");
    if (!chip) return;
    event.preventDefault();
    const list = document.getElementById("category");
    list.value = chip.dataset.category;
    list.focus();
    list.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
