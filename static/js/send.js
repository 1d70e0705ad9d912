// A form marked data-waits is kept on the phone before it is sent, and waits there for the network. What the server refuses is
// sent once more as the form that it is: its page has the reasons. Without a script the browser sends the form.
(() => {
  const { waiting } = self;
  const form = document.querySelector("form[data-waits]");
  const SLOW_MS = 8000;
  const SUBMITTED = "submitted"; // in this tab: the key of what is sent once more
  const SEEN = "danger_seen"; // civic/reports/danger.py
  const NOT_SAID = ["kept", "photo_place", "client_key", "written_by"];
  const notices = document.getElementById("send-notices");
  const texts = notices.dataset;

  const say = (text) => {
    notices.querySelector("[data-words]").textContent = text;
    notices.hidden = !text;
  };

  // The photos: those that the server has, with the file where this page chose it, and those that it has not.
  const photosOf = async (data) => {
    const photos = [];
    for (const item of form.querySelectorAll("#kept-photos li")) {
      const name = item.querySelector("[name=kept]").value;
      const place = item.querySelector("[name=photo_place]")?.value ?? "";
      const file = form.sentAhead?.get(name) ?? null;
      const label = file?.name ?? "";
      photos.push({
        name,
        place,
        at: Date.now(),
        file: file && (await form.shrinkPhoto(file)),
        label,
        html: item.outerHTML,
      });
    }
    for (const file of data.getAll("photos").filter((one) => one.size))
      photos.push({ name: "", place: "", at: 0, file: await form.shrinkPhoto(file), label: file.name, html: "" });
    return photos;
  };
  const compose = async () => {
    const data = new FormData(form);
    return {
      key: data.get("client_key"),
      action: new URL(form.action).pathname,
      fields: [...data].filter(([name, value]) => typeof value === "string" && !NOT_SAID.includes(name)),
      photos: await photosOf(data),
      reader: waiting.reader(),
      written: Date.now(),
      state: "queued",
    };
  };

  // What the server would refuse for certain is said while somebody has the form before them; "" for nothing.
  const findMissing = ({ fields, photos }) => {
    const said = new Set(fields.filter(([, value]) => value.trim()).map(([name]) => name));
    if (!said.has("lat") && !said.has("place_text") && !photos.length) return texts.place;
    if (!said.has("text") && !(photos.length && said.has("category"))) return texts.text;
    const questions = [...form.querySelectorAll("#questions [data-required]")];
    const isAsked = (one) => one.querySelector("input:not(:disabled)");
    const isOpen = questions.some((one) => isAsked(one) && !said.has(one.dataset.required));
    return isOpen || form.querySelector("#questions [required]:enabled:invalid") ? texts.question : "";
  };

  // As if there were no script: the answer is a page, with the form on it where something is wrong.
  const submitOnce = (key) => {
    sessionStorage.setItem(SUBMITTED, key);
    form.submit();
  };
  const release = () => {
    form.removeAttribute("data-sending");
    form.setAttribute("aria-busy", "false");
    for (const one of form.elements) if (one.type === "submit") one.disabled = false;
  };
  // No room: nothing was kept, so the form stays; with a network it goes out all the same.
  const sendWithoutKeeping = async (report, error) => {
    if (!waiting.isFull(error)) console.error(error);
    if ((await waiting.whoSends()) === undefined) {
      release();
      return say(texts.full);
    }
    submitOnce(report.key);
  };
  const showThatItWaits = async (report) => {
    const opened = sessionStorage.getItem("opened waiting");
    sessionStorage.removeItem("opened waiting");
    if (opened && opened !== report.key) await waiting.remove(opened);
    document.dispatchEvent(new CustomEvent("queued", { detail: report.key }));
    // The notice names the number to call in danger: the server need not show it.
    await waiting.update(report.key, ({ fields }) => ({
      fields: [...fields.filter(([name]) => name !== SEEN), [SEEN, "1"]],
    }));
    const notice = document.getElementById("kept-on-phone").content.firstElementChild.cloneNode(true);
    form.replaceWith(notice);
    say("");
    notice.focus();
    navigator.storage?.persist?.();
    await waiting.sendSoon();
  };

  const take = async () => {
    form.dispatchEvent(new Event("form-leaves"));
    const report = await compose();
    try {
      await waiting.put(report);
    } catch (error) {
      return sendWithoutKeeping(report, error);
    }
    const slow = setTimeout(say, SLOW_MS, texts.slow);
    const { url, refused, later, limited } = await waiting.sendNow(report.key);
    clearTimeout(slow);
    if (refused !== undefined || limited) return submitOnce(report.key);
    const missing = later ? findMissing(report) : "";
    if (missing) {
      await waiting.remove(report.key);
      release();
      return say(missing);
    }
    if (later) return showThatItWaits(report);
    sessionStorage.removeItem("opened waiting");
    location.assign(url ?? "/receipt");
  };
  document.addEventListener("submit", (event) => {
    const { submitter } = event;
    if (event.target !== form || event.defaultPrevented) return;
    if (submitter?.name || submitter?.hasAttribute("formaction") || !navigator.cookieEnabled) return;
    event.preventDefault();
    take();
  });

  // --- a report that waited is opened -------------------------------------------------------------------------------

  const start = async () => {
    const submitted = sessionStorage.getItem(SUBMITTED);
    sessionStorage.removeItem(SUBMITTED);
    if (submitted && "cameBack" in form.dataset) return waiting.remove(submitted); // it stands in the form now
    const report = await waiting.read(sessionStorage.getItem("opened waiting") ?? "");
    const files = (report?.photos ?? []).filter(({ file }) => file);
    const named = files.map(({ file, label }) => new File([file], label, { type: file.type }));
    if (named.length) form.dispatchEvent(new CustomEvent("add-photos", { detail: named }));
  };
  start();
})();
