// The photos of a form with a script: they go ahead as soon as they are chosen (htmx), each can be taken out, and what
// was refused stays in view. All of it works without.
(() => {
  const kept = document.getElementById("kept-photos");
  const form = kept.closest("form");
  const messages = document.getElementById("photo-messages");
  const changed = () => form.dispatchEvent(new CustomEvent("photos-changed"));

  // Until the answer says that they are kept, they stay in their field and go with the form.
  form.addEventListener("htmx:after:swap", ({ target }) => {
    if (target !== kept && !target.matches("input[type=file]")) return;
    for (const input of form.querySelectorAll("input[type=file]")) input.value = "";
    for (const message of kept.querySelectorAll(".photo-message")) messages.append(message);
    for (const list of kept.querySelectorAll("ul:empty")) list.remove();
    number();
    changed();
  });

  // Each answer counts its own photos from one.
  const number = () => {
    [...kept.querySelectorAll("li")].forEach((one, index) => {
      for (const part of [one.querySelector("img"), one.querySelector(".sr")]) {
        const name = part.matches("img") ? part.alt : part.textContent;
        const numbered = name.replace(/\d+/, index + 1);
        if (part.matches("img")) part.alt = numbered;
        else part.textContent = numbered;
      }
    });
  };

  form.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove-photo]");
    if (remove) {
      event.preventDefault();
      const item = remove.closest("li");
      const next = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      number();
      (next?.querySelector("button") ?? document.getElementById("photos"))?.focus();
      changed();
    }
    const message = event.target.closest("[data-put-away]")?.closest(".photo-message");
    if (!message) return;
    message.remove();
    document.getElementById("photos").focus();
  });
})();
