// What a report being written may repeat: told by its first words; a whole text does not fit into an address.
(() => {
  const similar = document.getElementById("similar");
  similar.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    ctx.request.body.set("text", ctx.request.body.get("text").slice(0, 300));
  });
  similar.addEventListener("htmx:after:swap", () => {
    document.getElementById("similar-said").textContent = similar.querySelector("[data-said]")?.dataset.said ?? "";
  });
})();
