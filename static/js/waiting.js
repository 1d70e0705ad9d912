// Reports that wait on this phone, in the browser's database. How they go out is a script of its own (sending.js), which pages
// load when there is something to send.
self.waiting = (() => {
  const NAME = "queue";
  const MOST_SENT = 20; // of those that went out, this many are still named
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
  // Changes one that is still there, whoever else is at it.
  const update = (key, change) =>
    inStore("reports", "readwrite", (store) => {
      const request = store.get(key);
      request.addEventListener("success", () => {
        if (request.result) store.put({ ...request.result, ...change(request.result) });
      });
      return request;
    });
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
  const readSent = (key) => inStore("sent", "readonly", (store) => store.get(key));
  const forgetSent = () => inStore("sent", "readwrite", (store) => store.clear());
  const titleOf = ({ fields }) => (fields.find(([name]) => name === "text")?.[1] ?? "").trim();

  // --- sending: where its script does not come, there is no network -------------------------------------------------

  const call =
    (name, none) =>
    async (...given) => {
      try {
        if (!self.sending) await self.loadScript(document.getElementById("network").dataset.sending);
      } catch (error) {
        console.info("No network:", error.message);
        return none;
      }
      return self.sending[name](...given);
    };
  // One report now, whoever else is sending: {url}, {refused: why}, {later: true, …} or, of one that is gone, {}.
  const sendNow = call("sendNow", { later: true });
  // Everything that may go out, the oldest first, unless another tab is at it. Whether something waits for the network.
  const sendDue = call("sendAll", true);
  const sendAll = async () => (await all()).some((one) => one.state === "queued") && sendDue();
  // The id of the person in whose name it would go out; nothing without a network.
  const whoSends = call("findSender");

  return {
    ...{ all, read, put, update, remove, listSent, readSent, noteSent, forgetSent, isFull, titleOf, listen },
    ...{ sendNow, sendAll, whoSends, texts: {} },
  };
})();
