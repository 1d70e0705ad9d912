// Reports that wait on this phone, in the browser's database, and how they go out: each once, whoever sends it (a page, another
// tab, the service worker). Its key makes a report that was sent twice one report (civic/posts/actions.py).
self.waiting = (() => {
  const NAME = "waiting";
  const AHEAD_MS = 12 * 3600000; // the server keeps a photo that came ahead for a day
  const PHOTO_MS = 600000;
  const ANSWER_MS = 60000;
  const HOUR_MS = 3600000;
  const MOST_SENT = 20; // of those that went out, this many are still named
  const SEEN = "danger_seen"; // civic/reports/danger.py
  const TRY_AGAIN = [408, 425];
  const NO_ROOM = ["QuotaExceededError", "UnknownError"]; // what browsers call it
  const news = new BroadcastChannel(NAME);

  // --- the database -----------------------------------------------------------------------------------------------

  const settled = (request) =>
    new Promise((done, fail) => {
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
  let opened = null;
  const open = () => {
    if (opened) return opened;
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("reports", { keyPath: "key" });
      request.result.createObjectStore("sent", { keyPath: "key" });
    };
    opened = settled(request).then((database) => {
      const close = () => {
        database.close();
        opened = null;
      };
      Object.assign(database, { onversionchange: close, onclose: close });
      return database;
    });
    opened.catch(() => {
      opened = null; // the next one tries again, and whoever waits for this one is told
    });
    return opened;
  };
  const inStore = async (store, mode, act) => {
    const transaction = (await open()).transaction(store, mode);
    const ended = new Promise((done, fail) => {
      transaction.oncomplete = done;
      transaction.onabort = () => fail(transaction.error);
    });
    const result = settled(act(transaction.objectStore(store)));
    await Promise.all([result, ended]);
    return result;
  };
  const read = (key) => inStore("reports", "readonly", (store) => store.get(key));
  const all = async () =>
    (await inStore("reports", "readonly", (store) => store.getAll())).sort((a, b) => a.written - b.written);
  const listSent = async () =>
    (await inStore("sent", "readonly", (store) => store.getAll())).sort((a, b) => b.at - a.at);
  // Every page and tab hears when something changed.
  const here = new EventTarget();
  const tell = () => {
    news.postMessage("changed");
    here.dispatchEvent(new Event("message"));
  };
  const listen = (act) => {
    for (const one of [news, here]) one.addEventListener("message", act);
  };
  // Raises what `isFull` knows where there is no room for it: then nothing of it was kept.
  const put = async (report) => {
    await inStore("reports", "readwrite", (store) => store.put(report));
    tell();
  };
  const remove = async (key) => {
    await inStore("reports", "readwrite", (store) => store.delete(key));
    tell();
  };
  const isFull = (error) => NO_ROOM.includes(error?.name);
  const noteSent = async (report, url) => {
    const { key, reader } = report;
    await inStore("sent", "readwrite", (store) =>
      store.put({ key, reader, url, title: titleOf(report), at: Date.now() }),
    );
    for (const { key: old } of (await listSent()).slice(MOST_SENT))
      await inStore("sent", "readwrite", (store) => store.delete(old));
    await remove(key);
  };
  const forgetSent = () => inStore("sent", "readwrite", (store) => store.clear());
  const titleOf = ({ fields }) => (fields.find(([name]) => name === "text")?.[1] ?? "").trim();

  // --- sending ----------------------------------------------------------------------------------------------------

  // The network or the server is away: it waits on. `passBy`: the others may go out all the same.
  class Later extends Error {
    constructor(why, passBy = false) {
      super(why);
      this.passBy = passBy;
    }
  }
  class Refused extends Error {
    constructor(why, used = false) {
      super(why);
      this.used = used; // its key: it needs another one
    }
  }

  const ask = async (address, body, ms) => {
    try {
      return await fetch(address, {
        method: body ? "POST" : "GET",
        body,
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        signal: AbortSignal.timeout(ms),
      });
    } catch (error) {
      throw new Later(error.message);
    }
  };
  const readAnswer = async (answer) => {
    try {
      return await answer.json();
    } catch (error) {
      throw new Later(error.message); // it broke off, or somebody else's page stands between us and the server
    }
  };
  const wordsOf = ({ message, fields, errors }) =>
    [...new Set(Object.values(fields ?? errors ?? {}))].join(" ") || message || "";
  // What the server said, where it took it.
  const judge = async (answer, report) => {
    const { status, headers } = answer;
    if (status >= 500 || TRY_AGAIN.includes(status)) throw new Later(`${status}`, true);
    const said = await readAnswer(answer);
    if (status < 300) return said;
    const words = wordsOf(said);
    if (status !== 429) throw new Refused(words, status === 409);
    const seconds = Number(headers.get("Retry-After"));
    Object.assign(report, { reason: words, notBefore: Date.now() + (seconds ? seconds * 1000 : HOUR_MS) });
    await put(report);
    throw new Later(words);
  };

  const whoSends = async () => {
    const answer = await ask("/offline/sender", null, ANSWER_MS);
    if (!answer.ok) throw new Later(`${answer.status}`);
    return String((await readAnswer(answer)).person);
  };

  // Photos go ahead, one by one, so that a connection that breaks loses one at most.
  const sendPhotos = async (report) => {
    for (const photo of report.photos) {
      if (photo.name && (!photo.file || Date.now() - photo.at < AHEAD_MS)) continue;
      const body = new FormData();
      let bytes;
      try {
        bytes = await photo.file.arrayBuffer();
      } catch (error) {
        console.warn("A photo that waited cannot be read any more:", error.message);
        throw new Refused(self.waiting.texts.photo ?? error.message);
      }
      body.append("photos", new File([bytes], photo.label, { type: photo.file.type }));
      const answer = await ask("/reports/photos", body, PHOTO_MS);
      const { photos, position } = await judge(answer, report);
      const { name } = photos.at(-1);
      Object.assign(photo, { name, at: Date.now(), place: position ? `${name} ${position.join(" ")}` : "" });
      await put(report);
    }
  };

  const send = async (report) => {
    await sendPhotos(report);
    const body = new FormData();
    for (const [name, value] of report.fields) body.append(name, value);
    for (const { name, place } of report.photos) {
      body.append("kept", name);
      if (place) body.append("photo_place", place);
    }
    body.append("client_key", report.key);
    body.append("written_by", report.reader);
    const { url } = await judge(await ask(report.action, body, ANSWER_MS), report);
    await noteSent(report, url ?? "/receipt");
    return { url: url ?? "/receipt" };
  };

  // {url}, {refused: why}, {later: true} or, of one that is gone, {}.
  const attempt = async (key) => {
    const report = await read(key);
    if (!report) return { url: (await inStore("sent", "readonly", (store) => store.get(key)))?.url };
    try {
      return await send(report);
    } catch (error) {
      if (error instanceof Refused) {
        await put({ ...report, state: "refused", reason: error.message, used: error.used });
        return { refused: error.message };
      }
      if (!(error instanceof Later)) throw error;
      // Who reads that it waits is shown the number to call in danger.
      await put({ ...report, fields: [...report.fields.filter(([name]) => name !== SEEN), [SEEN, "1"]] });
      return { later: true, passBy: error.passBy };
    }
  };
  const alone = (options, act) => (navigator.locks ? navigator.locks.request(NAME, options, act) : act(true));

  // One report now, whoever else is sending: what `attempt` gives.
  const sendNow = (key) => alone({}, () => attempt(key));

  // Everything that may go out, the oldest first, unless another tab is at it. Whether something waits for the network.
  const sendAll = () =>
    alone({ ifAvailable: true }, async (mine) => {
      if (!mine) return false;
      const due = (await all()).filter((one) => one.state === "waiting" && !(one.notBefore > Date.now()));
      if (!due.length) return false;
      let left = false;
      try {
        const person = await whoSends();
        for (const { key, reader } of due) {
          if (reader !== person) continue; // it waits for whoever wrote it
          const { later, passBy } = await attempt(key);
          left ||= Boolean(later);
          if (later && !passBy) break;
        }
      } catch (error) {
        if (!(error instanceof Later)) throw error;
        left = true;
      }
      return left;
    });

  return {
    all,
    read,
    put,
    remove,
    listSent,
    forgetSent,
    isFull,
    sendNow,
    sendAll,
    whoSends,
    titleOf,
    listen,
    texts: {},
  };
})();
