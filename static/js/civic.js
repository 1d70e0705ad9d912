// Small things that every page may use; every page works without them.

// A script that is needed only now; what it was asked for once is there. Rejects where it does not come.
{
  const loads = new Map();
  window.loadScript = (source) => {
    if (!loads.has(source))
      loads.set(
        source,
        new Promise((done, fail) => {
          const script = document.createElement("script");
          const failed = () => {
            loads.delete(source); // the next one tries again
            fail(new TypeError(`${source} did not come`));
          };
          Object.assign(script, { src: source, onload: done, onerror: failed });
          document.head.append(script);
        }),
      );
    return loads.get(source);
  };
}

// Focus the summary of errors after htmx swapped one in, so that keyboards and screen readers start there.
document.addEventListener("htmx:after:swap", (event) => {
  if (!event.target.closest?.("[data-quiet]")) document.querySelector(".errors[role=alert]")?.focus();
});

// The focus stays where it was when htmx replaces what had it: on the same button, link or field of the new part, else
// on the part itself. A button that is off while its form is sent has lost it before.
(() => {
  const NAMES = ["href", "name", "value", "aria-label", "type"];
  let focused = null;
  const isLost = () => !document.activeElement || document.activeElement === document.body;
  const isSame = (one) =>
    one.tagName === focused.tagName &&
    NAMES.every((name) => one.getAttribute(name) === focused.getAttribute(name)) &&
    (focused.hasAttribute("href") || one.textContent.trim() === focused.textContent.trim());
  const find = (part) =>
    (focused.id && document.getElementById(focused.id)) || [...part.querySelectorAll(focused.tagName)].find(isSame);

  document.addEventListener("focusin", ({ target }) => {
    focused = target;
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!focused?.contains(target)) focused = null; // who taps elsewhere has left it
  });
  const keep = ({ detail: { ctx } }) => {
    if (!focused || !isLost()) return;
    const part = document.getElementById(ctx.target?.id) ?? document.getElementById("main");
    const next = focused.isConnected ? focused : (find(part) ?? part);
    if (next === part) part.tabIndex = -1;
    next.focus({ preventScroll: true });
  };
  document.addEventListener("htmx:after:swap", keep);
  document.addEventListener("htmx:finally:request", keep);
})();

// A select or checkbox marked data-submit sends its form when it changes; the form's button is for everybody else.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// <button data-share>: the device's own sharing, else the address into the clipboard.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-share]");
  if (!button) return;
  const data = { title: document.title, url: button.dataset.share || location.href };
  if (navigator.share) await navigator.share(data).catch(() => {});
  else {
    await navigator.clipboard.writeText(data.url);
    button.textContent = button.dataset.done;
  }
});

// <button data-copy="CODE">: into the clipboard by one tap.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = button.dataset.done;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// <button data-near-me>: what was reported around here, by the filter of this page or else in the list.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-near-me]");
  if (!button) return;
  const failed = () => {
    button.textContent = button.dataset.failed;
  };
  if (!navigator.geolocation) return failed();
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    const near = `${coords.latitude.toFixed(5)},${coords.longitude.toFixed(5)},1000`;
    const field = document.getElementById("near");
    if (!field) return void location.assign(`/reports?near=${near}`);
    field.value = near;
    field.form.requestSubmit();
  }, failed);
});
