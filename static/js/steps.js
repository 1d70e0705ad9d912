// Large print: a long form is asked one thing a screen. The step stands in the address, so that "back" leads to the one
// before; what was typed stays, as every step is a part of the same form. Without a script the form is one page.
(() => {
  const form = document.querySelector("form[data-steps]");
  if (!form || !document.documentElement.classList.contains("large")) return;
  const steps = [...form.querySelectorAll(":scope > section")];
  const rest = form.querySelector(":scope > button:not([type=button])"); // that sends it, below the last step
  const { next, previous } = form.dataset;
  const name = (n) => `#step-${n + 1}`;
  const isWrong = (step) => step.querySelector(".wrong, .error:not(:empty), [aria-invalid=true]");

  const show = (n, focus) => {
    steps.forEach((step, at) => {
      step.hidden = at !== n;
    });
    rest.hidden = n !== steps.length - 1;
    document.dispatchEvent(new CustomEvent("step"));
    dispatchEvent(new Event("resize")); // a map that was hidden has its size now
    if (!focus) return;
    const heading = steps[n].querySelector("h2");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  };
  const current = () => {
    const named = steps.findIndex((_step, n) => name(n) === location.hash);
    if (named >= 0) return named;
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const holding = target ? steps.findIndex((step) => step.contains(target)) : -1; // a link of the summary of errors
    return holding >= 0 ? holding : Math.max(0, steps.findIndex(isWrong));
  };
  const button = (words, kind, act) => {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", className: `btn ${kind}`, textContent: words });
    made.addEventListener("click", act);
    return made;
  };

  steps.forEach((step, n) => {
    const row = document.createElement("p");
    row.className = "step-buttons";
    if (n > 0) row.append(button(previous, "", () => history.back()));
    if (n < steps.length - 1)
      row.append(
        button(next, "main", () => {
          history.pushState(null, "", name(n + 1)); // at once, unlike a new hash: the second of two quick taps counts
          show(n + 1, true);
        }),
      );
    step.append(row);
  });
  addEventListener("hashchange", () => {
    show(current(), !location.hash || location.hash.startsWith("#step-"));
    if (location.hash) document.getElementById(location.hash.slice(1))?.focus();
  });
  // Whoever comes by a link to a later step begins before it all the same: "back" then stays within the form.
  if (!form.querySelector("[role=alert]")) history.replaceState(history.state, "", location.pathname + location.search);
  show(current(), false);
})();
