// What somebody types stays in this tab until it was sent: through a reload, another language or print, a lost session,
// the button Back. A form marked data-draft is known by its page and its name; what was sent, by its key, which the
// answer names in the cookie "taken". Nothing is kept of passwords. Sending twice is prevented here and on the server.
(() => {
  const FOR_MS = 86400000;
  const STILL_PX = 10; // a hand that holds still moves less
  const NOT_TYPED = ["password", "file", "submit", "button", "hidden"];
  const KEPT_HIDDEN = ["client_key", "located_by", "lat", "lon", "placed_address", "accuracy", "shape"];
  const reader = document.documentElement.dataset.reader;
  const field = (form, name) => form.elements.namedItem(name);
  const keyOf = (form) => field(form, "client_key")?.value ?? "";
  const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}.${Math.random()}`;
  const nameOf = (form) =>
    `draft ${field(form, "page")?.value ?? location.pathname} ${field(form, "form_name")?.value ?? form.id}`;
  const photosOf = (form) => form.querySelector("#kept-photos");
  const read = (name) => JSON.parse(sessionStorage.getItem(name) ?? "null");
  const write = (name, value) => sessionStorage.setItem(name, JSON.stringify(value));
  const typed = (form) =>
    [...form.elements].filter(
      (one) => one.name && one.name !== "kept" && (!NOT_TYPED.includes(one.type) || KEPT_HIDDEN.includes(one.name)),
    );
  const isChoice = (one) => one.type === "checkbox" || one.type === "radio";
  const drafts = () => Object.keys(sessionStorage).filter((name) => name.startsWith("draft "));

  const save = (form) => {
    const name = nameOf(form);
    const values = {};
    for (const one of typed(form)) {
      values[one.name] ??= [];
      if (!isChoice(one) || one.checked) values[one.name].push(one.value);
    }
    // Questions that come with the category are not there yet when the form is restored.
    write(name, {
      at: Date.now(),
      reader,
      key: keyOf(form),
      values: { ...read(name)?.values, ...values },
      photos: photosOf(form)?.innerHTML ?? "",
    });
  };

  // Fields by name that hold what the draft says from now on; those that were there before keep what they have.
  const fill = (form, values, done) => {
    const filled = [];
    for (const one of typed(form)) {
      if (!(one.name in values) || done.has(one.name)) continue;
      const before = isChoice(one) ? one.checked : one.value;
      if (isChoice(one)) one.checked = values[one.name].includes(one.value);
      else one.value = values[one.name][0] ?? one.value;
      if (before !== (isChoice(one) ? one.checked : one.value)) filled.push(one);
    }
    for (const one of typed(form)) done.add(one.name);
    return filled;
  };

  const restored = new WeakMap(); // form: the names of fields that were there when it was restored
  const restore = (form) => {
    const name = nameOf(form);
    const draft = read(name);
    const done = restored.get(form) ?? new Set();
    const again = restored.has(form);
    restored.set(form, done);
    // What is there now keeps what it has, also when a draft is written later on: only what comes later is filled.
    const keep = () => {
      for (const one of typed(form)) done.add(one.name);
      return [];
    };
    if (!draft) return keep();
    const other = "cameBack" in form.dataset && draft.key !== keyOf(form);
    if (!again && (other || Date.now() - draft.at > FOR_MS)) {
      sessionStorage.removeItem(name);
      return keep();
    }
    if (draft.reader !== "0" && draft.reader !== reader) return keep();
    const photos = photosOf(form);
    // Of a form that came back the server says which photos are still there.
    const shows = "cameBack" in form.dataset || photos?.querySelector("input");
    if (!again && photos && draft.photos && !shows) photos.innerHTML = draft.photos;
    const filled = fill(form, draft.values, done);
    for (const one of filled) one.closest("details")?.setAttribute("open", "");
    return filled;
  };

  // The server took the form with this key: its draft goes, and the key is known as used, with where it led.
  const noteTaken = () => {
    const [, prefix = "", key] = document.cookie.match(/(?:^|; )(__Host-)?taken=([^;]+)/) ?? [];
    if (!key) return;
    // biome-ignore lint/suspicious/noDocumentCookie: Safari and Firefox lack the Cookie Store API, or had it late.
    document.cookie = `${prefix}taken=; Max-Age=0; Path=/${prefix ? "; Secure" : ""}`;
    // Also where its draft is not in this tab's storage, or not yet: the key alone says enough.
    const taken = drafts().filter((name) => read(name).key === key);
    const sent = { url: location.href, text: taken.length ? (read(taken[0]).values.text?.[0] ?? "") : "" };
    for (const of of [key, ...taken]) write(`sent ${of}`, sent);
    for (const name of taken) sessionStorage.removeItem(name);
  };

  // It waits on the phone by now (waiting.js): the next report begins with an empty form.
  document.addEventListener("queued", ({ detail: key }) => {
    for (const name of drafts()) if (read(name).key === key) sessionStorage.removeItem(name);
  });

  // Back after sending: the form has the key of what was sent, or comes anew from the server.
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const tellUsed = (form) => {
    const sent = read(`sent ${keyOf(form)}`) ?? (isBack ? read(`sent ${nameOf(form)}`) : null);
    if (!keyOf(form) || !sent || form.querySelector("[data-already-sent]")) return;
    const notice = document.getElementById("already-sent").content.firstElementChild.cloneNode(true);
    notice.querySelector("a").href = sent.url;
    notice.querySelector("button").addEventListener("click", () => {
      field(form, "client_key").value = newKey();
      const text = field(form, "text");
      if (text && (!sent.text || text.value.trim() === sent.text.trim())) text.value = "";
      photosOf(form)?.replaceChildren();
      notice.remove();
      text?.focus();
    });
    form.prepend(notice);
  };

  // What listens to typing and choosing (similar reports, the category's questions) hears of what was restored.
  const announce = (filled) => {
    for (const one of filled) {
      const kind = one.matches("select") ? "change" : one.matches("textarea") ? "input" : "";
      if (kind) one.dispatchEvent(new Event(kind, { bubbles: true }));
    }
  };
  const start = () => {
    noteTaken();
    return [...document.querySelectorAll("form[data-draft]")].flatMap((form) => {
      // A page that is the same for everybody comes without a key.
      const key = field(form, "client_key");
      if (key && !key.value) key.value = newKey();
      const filled = restore(form);
      tellUsed(form);
      return filled;
    });
  };

  const filled = start();
  document.addEventListener("DOMContentLoaded", () => {
    announce(filled);
    for (const photos of document.querySelectorAll("form[data-draft] #kept-photos"))
      new MutationObserver(() => save(photos.closest("form"))).observe(photos, { childList: true, subtree: true });
  });
  document.addEventListener("htmx:after:swap", () => start());
  for (const kind of ["input", "change"])
    document.addEventListener(kind, (event) => {
      const form = event.target.form ?? event.target.closest?.("form"); // a place that is set is told on the form itself
      if (form?.matches("[data-draft]")) save(form);
    });

  // --- sending once ---------------------------------------------------------------------------------------------------

  const buttons = (form) => [...form.elements].filter((one) => one.type === "submit");
  const hold = (form, off) => {
    for (const one of buttons(form)) one.disabled = off;
    form.toggleAttribute("data-sending", off);
    form.setAttribute("aria-busy", String(off));
  };
  // A switch of language or print takes the form along by itself, not by htmx.
  document.addEventListener(
    "submit",
    (event) => {
      if (event.submitter?.name === "switch") event.stopImmediatePropagation();
    },
    true,
  );
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.hasAttribute("data-sending")) return event.preventDefault();
    if (form.matches("[data-draft]")) save(form);
    form.toggleAttribute("data-sending", true);
    setTimeout(() => hold(form, true)); // once the browser has read which button was pressed
  });
  document.addEventListener("htmx:before:request", (event) => {
    const form = event.target.closest?.("form");
    if (form === event.target && form.method === "post") hold(form, true);
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const form = event.target.closest?.("form");
    if (form === event.target) hold(form, false);
  });
  // To press a button ends the writing, and what was found for the words may come and move the page under the pointer:
  // the button that was pressed is clicked all the same, unless it was the pointer that moved.
  document.addEventListener("pointerdown", ({ target, pointerId, clientX, clientY }) => {
    const button = target.closest("form button");
    if (!button) return;
    button.setPointerCapture(pointerId);
    // Not when it is let go: by then the browser has chosen what is clicked.
    const move = (event) => {
      if (Math.hypot(event.clientX - clientX, event.clientY - clientY) > STILL_PX)
        button.releasePointerCapture(pointerId);
    };
    button.addEventListener("pointermove", move);
    button.addEventListener("lostpointercapture", () => button.removeEventListener("pointermove", move), {
      once: true,
    });
  });
  addEventListener("pageshow", (event) => {
    for (const form of document.querySelectorAll("form[data-sending]")) hold(form, false);
    if (event.persisted) start();
  });
})();
