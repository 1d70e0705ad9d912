// <section data-waiting>: what waits on this phone, with its photos and words, what went out from here, and what was kept to be
// read. The browser's database has it; the server sends the words around it alone.
(() => {
  const { waiting } = self;
  const part = document.querySelector("[data-waiting]");
  const texts = part.dataset;
  const slot = (of, name) => of.querySelector(`[data-slot=${name}]`);
  const DRAFT = "draft /reports/new report"; // as drafts.js names that of the form

  const reasonOf = (report) => {
    if (report.state === "opened") return texts.opened;
    if (report.state === "refused") return [texts.refused, report.reason].filter(Boolean).join(" ");
    if (report.reader !== waiting.reader()) return texts.reader;
    if (report.notBefore > Date.now())
      return `${report.reason} ${texts.again.replace("{time}", waiting.time(report.notBefore))}`;
    return texts.network;
  };
  const sendNow = async (report) => {
    await waiting.put({ ...report, state: "queued", reason: "", notBefore: 0, reader: waiting.reader() });
    await waiting.sendSoon();
    await show();
  };
  // Into the form, as a draft of it; until it is sent from there it stays here.
  const open = async (report) => {
    const values = {};
    for (const [name, value] of report.fields) {
      values[name] ??= [];
      values[name].push(value);
    }
    values.client_key = [report.used ? (crypto.randomUUID?.() ?? `${Date.now()}.${Math.random()}`) : report.key];
    const photos = report.photos.filter(({ file }) => !file).map(({ html }) => html);
    const draft = { at: Date.now(), reader: waiting.reader(), key: values.client_key[0], values };
    sessionStorage.setItem(
      DRAFT,
      JSON.stringify({ ...draft, photos: photos.length ? `<ul class="plain row thumbs">${photos.join("")}</ul>` : "" }),
    );
    sessionStorage.setItem("opened waiting", report.key);
    await waiting.put({ ...report, state: "opened" });
    location.assign("/reports/new");
  };
  // The second press deletes it.
  const remove = async (report, button) => {
    if (button.dataset.sure) return waiting.remove(report.key).then(show);
    button.dataset.sure = "yes";
    button.textContent = texts.sure;
  };
  const item = (report) => {
    const made = slot(part, "item").content.firstElementChild.cloneNode(true);
    for (const { file, label } of report.photos.filter((one) => one.file)) {
      const image = Object.assign(new Image(104, 78), { src: URL.createObjectURL(file), alt: label });
      image.onload = () => URL.revokeObjectURL(image.src);
      slot(made, "photos").append(image);
    }
    slot(made, "text").textContent = waiting.titleOf(report) || texts.wordless;
    slot(made, "written").textContent = texts.written.replace("{time}", waiting.time(report.written));
    slot(made, "reason").textContent = reasonOf(report);
    slot(made, "send").onclick = () => sendNow(report);
    slot(made, "open").onclick = () => open(report);
    slot(made, "delete").onclick = ({ currentTarget }) => remove(report, currentTarget);
    return made;
  };
  const linkItem = (url, words) => {
    const made = document.createElement("li");
    made.append(Object.assign(document.createElement("a"), { href: url, textContent: words || texts.wordless }));
    return made;
  };
  const fill = (name, items) => {
    slot(part, name).replaceChildren(...items);
    slot(part, `${name}-part`).hidden = !items.length;
  };

  const isMine = ({ reader }) => reader === "0" || reader === waiting.reader();
  const readOwn = async () => {
    const found = await self.caches?.match("/settings");
    return found ? (await found.json()).own : [];
  };
  async function show() {
    const reports = await waiting.all();
    const mine = reports.filter(isMine);
    fill("queued", mine.map(item));
    slot(part, "others").textContent =
      mine.length < reports.length ? texts.others.replace("{n}", reports.length - mine.length) : "";
    fill(
      "sent",
      (await waiting.listSent()).filter(isMine).map(({ url, title }) => linkItem(url, title)),
    );
    fill(
      "own",
      (await readOwn()).map(({ path, title }) => linkItem(path, title)),
    );
    slot(part, "nothing").hidden = reports.length > 0;
  }
  show();
  waiting.listen(show);
})();
