// The photos of a form with a script: each is sent ahead as soon as it is chosen, one after the other, with its progress.
// What a broken network stops is tried again until it has arrived or is taken out. All of it works without a script.
(() => {
  const SLOW = ["slow-2g", "2g", "3g"];
  const LOOK_AFTER_MS = 3000; // of sending: then it is clear how fast the network is
  const LONG_MS = 8000; // what would still take longer is made smaller
  const FIRST_WAIT_MS = 2000; // before a new try; twice as long each time
  const MAX_WAIT_MS = 60000;
  const kept = document.getElementById("kept-photos");
  const form = kept.closest("form");
  const ways = form.querySelector(".photo-ways");
  const messages = document.getElementById("photo-messages");
  const texts = ways.dataset;
  const field = document.getElementById("photos");
  // A photo made smaller; itself where the script for that does not come.
  const shrinkPhoto = async (photo) => {
    try {
      await window.loadScript(texts.shrink);
    } catch (error) {
      console.info("The photo is sent as it is:", error.message);
      return photo;
    }
    return window.shrinkPhoto(photo);
  };
  form.shrinkPhoto = shrinkPhoto;
  const changed = () => form.dispatchEvent(new CustomEvent("photos-changed"));
  const waiting = []; // {file, item, tries, small}: in the order in which they were chosen
  let sending = null; // the one that is on its way, with its `request`

  // Until the server has them, photos go with the form.
  const holdInForm = () => {
    const held = new DataTransfer();
    for (const one of waiting) held.items.add(one.file);
    field.files = held.files;
  };
  const focusField = () => field.focus();
  const isSlow = () => {
    const { connection } = navigator;
    return Boolean(connection && (connection.saveData || SLOW.includes(connection.effectiveType)));
  };

  const list = () => {
    let found = ways.querySelector(".sending");
    if (!found) {
      found = document.createElement("ul");
      found.className = "plain sending";
      ways.prepend(found);
    }
    return found;
  };
  const button = (text, name, act) => {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", className: "btn smaller", textContent: text, onclick: act });
    made.setAttribute("aria-label", `${text}: ${name}`);
    return made;
  };
  const add = (file) => {
    const item = document.createElement("li");
    const [name, bar, state] = ["span", "progress", "span"].map((tag) => document.createElement(tag));
    Object.assign(name, { className: "strong", textContent: file.name });
    Object.assign(bar, { max: 100, value: 0 });
    bar.setAttribute("aria-label", file.name);
    Object.assign(state, { className: "small soft state", textContent: texts.waiting });
    const one = { file, item, bar, state, tries: 0, small: false };
    one.retry = button(texts.retry, file.name, () => tryNow(one));
    one.retry.hidden = true;
    item.append(
      name,
      bar,
      state,
      one.retry,
      button(texts.cancel, file.name, () => cancel(one)),
    );
    list().append(item);
    waiting.push(one);
  };
  const leave = (one) => {
    clearTimeout(one.timer);
    waiting.splice(waiting.indexOf(one), 1);
    one.item.remove();
    if (sending === one) sending = null;
    holdInForm();
  };
  const cancel = (one) => {
    const { request } = one;
    leave(one);
    request?.abort();
    focusField();
    next();
  };
  const tryNow = (one) => {
    clearTimeout(one.timer);
    one.pausing = false;
    next();
  };

  // Nothing is lost by a broken network: the photo waits, here and in its field, and is tried again.
  const failed = (one) => {
    sending = null;
    one.request = null;
    one.pausing = true;
    one.bar.value = 0;
    one.retry.hidden = false;
    one.state.textContent = texts.broken;
    one.timer = setTimeout(() => tryNow(one), Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** one.tries++));
    next();
  };
  addEventListener("online", () => {
    for (const one of waiting) if (one.pausing) tryNow(one);
  });

  const next = () => {
    const one = sending ? null : waiting.find((each) => !each.pausing);
    if (!one) return;
    sending = one;
    one.retry.hidden = true;
    one.state.textContent = texts.sending;
    send(one);
  };

  const shrink = async (one) => {
    one.small = true;
    one.state.textContent = texts.smaller;
    const before = one.file;
    one.file = await shrinkPhoto(before);
    if (one.file !== before && waiting.includes(one)) holdInForm();
  };
  // A file may be gone, or the device lets nobody read it: sending it, or the form with it, would fail for ever.
  const isReadable = async (file) => {
    try {
      await file.slice(0, 1).arrayBuffer();
      return true;
    } catch (error) {
      console.info("A photo cannot be read:", error.message);
      return false;
    }
  };
  const send = async (one) => {
    if (!(await isReadable(one.file))) {
      if (!waiting.includes(one)) return;
      leave(one);
      refuse(`${one.file.name}: ${texts.unreadable}`);
      return next();
    }
    if (!one.small && (one.tries || isSlow())) await shrink(one);
    if (sending !== one) return;
    const body = new FormData();
    for (const input of kept.querySelectorAll("input[name=kept]")) body.append("kept", input.value);
    body.append("photos", one.file);
    const request = new XMLHttpRequest();
    one.request = request;
    const started = Date.now();
    request.upload.onprogress = ({ loaded, total }) => {
      one.bar.value = (100 * loaded) / total;
      const spent = Date.now() - started;
      if (one.small || spent < LOOK_AFTER_MS || (spent * (total - loaded)) / loaded < LONG_MS) return;
      request.onabort = async () => {
        await shrink(one);
        if (sending === one) send(one);
      };
      request.abort();
    };
    request.onload = () => answered(one, request);
    request.onerror = request.ontimeout = () => failed(one);
    request.timeout = 600000;
    request.open("POST", "/reports/photos");
    request.setRequestHeader("HX-Request", "true");
    request.send(body);
  };

  const TRY_AGAIN = [408, 425, 429];
  const answered = (one, { status, responseText }) => {
    if (status >= 500 || TRY_AGAIN.includes(status)) return failed(one);
    leave(one);
    if (status < 300) take(responseText, one.file);
    else refuse(`${one.file.name}: ${texts.refused}`);
    next();
  };
  const sentAhead = new Map(); // the file of each photo that the server has, by its name there
  form.sentAhead = sentAhead;
  const take = (html, file) => {
    const answer = document.createElement("template");
    answer.innerHTML = html; // of our own server, which escapes what people wrote
    messages.append(...answer.content.querySelectorAll(".photo-message"));
    for (const { value } of answer.content.querySelectorAll("[name=kept]")) sentAhead.set(value, file);
    kept.append(...answer.content.querySelectorAll("ul:has(li)"));
    number();
    changed();
  };
  const refuse = (text) => {
    const message = document.createElement("p");
    message.className = "notice warn photo-message";
    const close = button(texts.close, text, () => {});
    close.dataset.putAway = "";
    message.append(text, close);
    messages.append(message);
  };

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

  form.addEventListener("add-photos", ({ detail: files }) => {
    for (const file of files) add(file);
    holdInForm();
    next();
  });
  // The form is on its way with all that waits here.
  form.addEventListener("form-leaves", () => {
    const request = sending?.request;
    sending = null;
    for (const one of waiting) {
      clearTimeout(one.timer);
      one.pausing = true;
    }
    if (request) request.onabort = null;
    request?.abort();
  });

  // Who takes no photo, or may not, is told that there are other ways.
  const noPhoto = ways.querySelector("[data-no-photo]");
  ways.querySelector("#camera").addEventListener("cancel", () => {
    noPhoto.textContent = noPhoto.dataset.noPhoto;
  });
  form.addEventListener("change", ({ target }) => {
    if (!target.matches(".photo-ways input[type=file]")) return;
    noPhoto.textContent = "";
    for (const file of target.files) add(file);
    target.value = "";
    holdInForm();
    next();
  });

  form.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove-photo]");
    if (remove) {
      event.preventDefault();
      const item = remove.closest("li");
      const beside = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      number();
      (beside?.querySelector("button") ?? field).focus();
      changed();
    }
    const message = event.target.closest("[data-put-away]")?.closest(".photo-message");
    if (!message) return;
    message.remove();
    focusField();
  });
})();
