// How reports that wait on this phone go out: each once, whoever sends it (a page, another tab, the service worker). Its key makes
// a report that was sent twice one report (civic/posts/actions.py).
self.sending = (() => {
  const { all, read, readSent, put, noteSent, texts } = self.waiting;
  const AHEAD_MS = 12 * 3600000; // the server keeps a photo that came ahead for a day
  const PHOTO_MS = 600000;
  const ANSWER_MS = 60000;
  const HOUR_MS = 3600000;
  const TRY_AGAIN = [408, 425];

  // The network or the server is away: it waits on. `passBy`: the others may go out all the same; `limited`: too much was sent.
  class Later extends Error {
    constructor(why, { passBy = false, limited = false } = {}) {
      super(why);
      Object.assign(this, { passBy, limited });
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
    if (status >= 500 || TRY_AGAIN.includes(status)) throw new Later(`${status}`, { passBy: true });
    const said = await readAnswer(answer);
    if (status < 300) return said;
    const words = wordsOf(said);
    if (status !== 429) throw new Refused(words, status === 409);
    const seconds = Number(headers.get("Retry-After"));
    Object.assign(report, { reason: words, notBefore: Date.now() + (seconds ? seconds * 1000 : HOUR_MS) });
    await put(report);
    throw new Later(words, { limited: true });
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
        throw new Refused(texts.photo ?? error.message);
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

  // {url}, {refused: why}, {later: true, …} or, of one that is gone, {}.
  const attempt = async (key) => {
    const report = await read(key);
    if (!report) return { url: (await readSent(key))?.url };
    try {
      return await send(report);
    } catch (error) {
      if (error instanceof Refused) {
        await put({ ...report, state: "refused", reason: error.message, used: error.used });
        return { refused: error.message };
      }
      if (!(error instanceof Later)) throw error;
      return { later: true, passBy: error.passBy, limited: error.limited };
    }
  };
  const alone = (options, act) => (navigator.locks ? navigator.locks.request("queue", options, act) : act(true));
  const sendNow = (key) => alone({}, () => attempt(key));
  const sendAll = () =>
    alone({ ifAvailable: true }, async (mine) => {
      if (!mine) return false;
      const due = (await all()).filter((one) => one.state === "queued" && !(one.notBefore > Date.now()));
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
  const findSender = async () => {
    try {
      return await whoSends();
    } catch (error) {
      if (!(error instanceof Later)) throw error;
      return undefined;
    }
  };

  return { sendNow, sendAll, findSender };
})();
