// The service worker (/sw.js): what a phone shows without a network. It keeps public pages as a stranger gets them, asked for
// without cookies: the empty form, the page /offline, reports that were sent from here; the files that these name; tiles of
// the map that was looked at. Never a page of somebody who is signed in, nor what its answer forbids to keep.
(() => {
  const { release, waiting } = self; // both set by /sw.js
  const KEPT = `kept ${release}`;
  const TILES = "tiles";
  const SETTINGS = "settings";
  const MOST_TILES = 400;
  const MOST_OWN = 20;
  const DAY_MS = 86400000;
  const SLOW_MS = 8000; // after which a page that is kept is shown in place of one that does not come
  const [HOME, FORM, QUESTIONS, AREAS] = ["/offline", "/offline/form", "/offline/questions", "/map/areas.json"];
  const FORM_ADDRESS = "/reports/new";
  const FILES = /[" ](\/(?:static\/|theme\.css|icons\/)[^" ]+)/g;
  const PHOTOS = /src="(\/photos\/[^"]+)"/g;
  const NOBODY = { lang: "", large: false, own: [], at: 0 };

  // --- keeping ----------------------------------------------------------------------------------------------------

  const readSettings = async () => {
    const found = await (await caches.open(SETTINGS)).match("/settings");
    return found ? found.json() : NOBODY;
  };
  const writeSettings = async (settings) =>
    (await caches.open(SETTINGS)).put("/settings", new Response(JSON.stringify(settings)));

  const mayKeep = (answer) =>
    answer.status === 200 &&
    !answer.redirected &&
    answer.type === "basic" &&
    !/private|no-store/.test(answer.headers.get("Cache-Control") ?? "private");
  const askAsStranger = (address, lang) =>
    fetch(address, {
      credentials: "omit",
      cache: "no-store",
      headers: { "Accept-Language": lang, Accept: "text/html" },
    });
  const keepAnswer = async (cache, name, answer, text) => {
    const headers = new Headers(answer.headers);
    for (const one of ["Content-Encoding", "Content-Length"]) headers.delete(one);
    headers.set("X-Kept-At", new Date().toISOString());
    await cache.put(name, new Response(text, { headers }));
  };
  const keepFiles = async (cache, addresses) => {
    for (const address of new Set(addresses)) {
      if (await cache.match(address)) continue;
      const answer = await fetch(address, { credentials: "omit" });
      if (!mayKeep(answer)) throw new TypeError(`${address}: ${answer.status}`);
      await cache.put(address, answer);
    }
  };
  const found = (pattern, text) => [...text.matchAll(pattern)].map(([, address]) => address);

  // A page under its address, with the files that it names; whether it may be kept.
  const keepPage = async (cache, address, { lang, large }) => {
    const answer = await askAsStranger(large ? `${address}?print=large` : address, lang);
    if (!mayKeep(answer)) return false;
    const text = await answer.text();
    await keepFiles(cache, found(FILES, text));
    await keepAnswer(cache, address, answer, text);
    return true;
  };
  // A report that was sent from here, with its photos, while everybody may see it.
  const keepOwn = async (cache, path, lang) => {
    if (!(await keepPage(cache, path, { lang }))) return false;
    for (const address of found(PHOTOS, await (await cache.match(path)).text())) {
      const photo = await fetch(address, { credentials: "omit" });
      if (mayKeep(photo)) await cache.put(address, photo);
    }
    return true;
  };

  const keepAll = async (settings) => {
    const cache = await caches.open(KEPT);
    for (const address of [HOME, FORM, QUESTIONS, AREAS])
      if (!(await keepPage(cache, address, settings))) throw new TypeError(`${address} may not be kept`);
    const own = [];
    for (const one of settings.own) if (await keepOwn(cache, one.path, settings.lang)) own.push(one);
    await writeSettings({ ...settings, own, at: Date.now() });
  };

  let keeping = Promise.resolve(); // one after the other
  const inTurn = (act) => {
    keeping = keeping.then(act).catch((error) => console.info("Not kept for now:", error.message));
    return keeping;
  };
  const refresh = async ({ lang, large }) => {
    const settings = await readSettings();
    const fresh = settings.lang === lang && settings.large === large && Date.now() - settings.at < DAY_MS;
    if (!fresh || !(await caches.has(KEPT))) await keepAll({ ...settings, lang, large });
  };
  const addOwn = async ({ path, title }) => {
    const settings = await readSettings();
    const cache = await caches.open(KEPT);
    if (!settings.lang || !(await keepOwn(cache, path, settings.lang))) return;
    const own = [{ path, title }, ...settings.own.filter((one) => one.path !== path)];
    for (const { path: old } of own.slice(MOST_OWN)) await cache.delete(old);
    await writeSettings({ ...settings, own: own.slice(0, MOST_OWN) });
  };
  // Somebody else uses this phone now.
  const forgetOwn = async () => {
    const settings = await readSettings();
    const cache = await caches.open(KEPT);
    for (const { path } of settings.own) await cache.delete(path);
    for (const request of await cache.keys())
      if (new URL(request.url).pathname.startsWith("/photos/")) await cache.delete(request);
    await writeSettings({ ...settings, own: [] });
  };

  self.addEventListener("message", (event) => {
    const { keep, own, forget } = event.data;
    if (forget) event.waitUntil(inTurn(forgetOwn));
    if (keep) event.waitUntil(inTurn(() => refresh(keep)));
    if (own) event.waitUntil(inTurn(() => addOwn(own)));
  });

  // A new release keeps its pages before it takes over: where that fails, the old one stays with all that it has.
  const install = async () => {
    const settings = await readSettings();
    if (settings.lang) await keepAll(settings);
    await self.skipWaiting();
  };
  const activate = async () => {
    for (const name of await caches.keys()) if (name.startsWith("kept ") && name !== KEPT) await caches.delete(name);
    await self.registration.navigationPreload?.enable();
    await self.clients.claim();
  };
  self.addEventListener("install", (event) => event.waitUntil(install()));
  self.addEventListener("activate", (event) => event.waitUntil(activate()));

  // --- answering --------------------------------------------------------------------------------------------------

  const matchKept = async (address) => (await caches.open(KEPT)).match(address);
  // The page says itself when it was kept.
  const stamp = async (kept) => {
    const text = await kept.text();
    const marked = text.replace("<html ", `<html data-kept="${kept.headers.get("X-Kept-At")}" `);
    return new Response(marked, { headers: kept.headers });
  };
  const findPage = (path) => matchKept(path === FORM_ADDRESS ? FORM : path);
  const after = (ms, value) => new Promise((done) => setTimeout(() => done(value), ms));
  const openPage = async (event, { pathname }) => {
    const kept = await findPage(pathname);
    try {
      const asked = (async () => (await event.preloadResponse) ?? (await fetch(event.request)))();
      const answer = await (kept ? Promise.race([asked, after(SLOW_MS)]) : asked);
      if (answer) return answer;
      asked.catch(() => {}); // it is not waited for any more
    } catch (error) {
      console.info("No network:", error.message);
    }
    const shown = kept ?? (await matchKept(HOME));
    return shown ? stamp(shown) : Response.error();
  };

  const keptFirst = async (request) => (await matchKept(request)) ?? fetch(request);
  const keptElse = async (request) => {
    try {
      return await fetch(request);
    } catch (error) {
      const kept = await matchKept(request);
      if (kept) return kept;
      throw error;
    }
  };
  const findTile = async (request) => {
    const cache = await caches.open(TILES);
    const kept = await cache.match(request);
    if (kept) return kept;
    const answer = await fetch(request);
    if (answer.status === 200) await keepTile(cache, request, answer.clone());
    return answer;
  };
  const keepTile = async (cache, request, answer) => {
    try {
      await cache.put(request, answer);
      const tiles = await cache.keys(); // the oldest first
      for (const old of tiles.slice(0, Math.max(0, tiles.length - MOST_TILES))) await cache.delete(old);
    } catch (error) {
      console.info("No room for tiles:", error.message);
      await caches.delete(TILES); // what waits needs it more
    }
  };
  const askQuestions = async (request, url) => {
    try {
      return await fetch(request);
    } catch (error) {
      const kept = await matchKept(QUESTIONS);
      if (!kept) throw error;
      const html = (await kept.json())[url.searchParams.get("category")] ?? "";
      return new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8" } });
    }
  };

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== location.origin) return;
    const { pathname } = url;
    if (request.mode === "navigate") event.respondWith(openPage(event, url));
    else if (url.searchParams.has("v")) event.respondWith(keptFirst(request));
    else if (pathname.startsWith("/tiles/")) event.respondWith(findTile(request));
    else if (pathname === "/reports/new/questions") event.respondWith(askQuestions(request, url));
    else if (pathname === AREAS || pathname.startsWith("/photos/")) event.respondWith(keptElse(request));
  });

  // The browser found a network, also where no page is open. What still waits for it makes the browser try again.
  const flush = async () => {
    if (await waiting.sendAll()) throw new Error("Some reports still wait for the network");
  };
  self.addEventListener("sync", (event) => {
    if (event.tag === "queue") event.waitUntil(flush());
  });
})();
