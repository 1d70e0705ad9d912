// Every page: the service worker, the bar that says what waits and that there is no network, and sending what waits.
(() => {
  const { waiting } = self;
  const FIRST_WAIT_MS = 30000; // before a new try; twice as long each time
  const MAX_WAIT_MS = 300000;
  const root = document.documentElement;
  const bar = document.getElementById("network");
  const isKept = "kept" in root.dataset;
  const large = root.classList.contains("large");
  const lang = root.lang === "zh-CN" ? "zh" : root.lang;
  // A page that was kept is nobody's: it is read by whoever read the last page of this site.
  waiting.reader = () => (isKept ? (localStorage.getItem("reader") ?? "0") : root.dataset.reader);
  Object.assign(waiting.texts, { photo: bar.dataset.photo });

  // --- the service worker -------------------------------------------------------------------------------------------

  const before = localStorage.getItem("reader");
  if (!isKept) localStorage.setItem("reader", root.dataset.reader);
  const isSomebodyElse = !isKept && before !== null && before !== root.dataset.reader;
  const tellWorker = async () => {
    const { active } = await navigator.serviceWorker.ready;
    if (isSomebodyElse) active.postMessage({ forget: true });
    active.postMessage({ keep: { lang, large } });
    const own = document.querySelector("[data-own-report]");
    if (own)
      active.postMessage({ own: { path: location.pathname, title: document.querySelector("h1").textContent.trim() } });
  };
  const startWorker = async () => {
    try {
      await navigator.serviceWorker.register("/sw.js");
    } catch (error) {
      return console.info("This browser keeps no pages:", error.message); // as in a private window
    }
    if (!isKept) await tellWorker();
  };
  if (navigator.serviceWorker) addEventListener("load", () => setTimeout(startWorker));
  if (isSomebodyElse) waiting.forgetSent();

  // --- the bar ------------------------------------------------------------------------------------------------------

  const time = (ms) => {
    const day = new Date(ms).toDateString() === new Date().toDateString() ? {} : { day: "numeric", month: "short" };
    return new Intl.DateTimeFormat(root.lang, { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(
      ms,
    );
  };
  waiting.time = time;
  const say = (name, text) => {
    const line = bar.querySelector(`[data-line=${name}]`);
    line.textContent = text;
    line.hidden = !text;
    bar.hidden = [...bar.children].every((one) => one.hidden);
    root.classList.toggle("has-bar", !bar.hidden);
  };
  const showNetwork = () => {
    const kept = isKept && location.pathname !== "/offline" && !document.querySelector("[data-offline-page]");
    if (kept) say("network", bar.dataset.kept.replace("{time}", time(Date.parse(root.dataset.kept))));
    else say("network", isKept || !navigator.onLine ? bar.dataset.none : "");
  };
  const showWaiting = async () => {
    const mine = (await waiting.all()).filter((one) => one.state !== "opened");
    const refused = mine.filter((one) => one.state === "refused").length;
    const left = mine.length - refused;
    const count = (text, n) => (n ? text.replace("{n}", n) : "");
    say("queued", [count(bar.dataset.waits, left), count(bar.dataset.refused, refused)].filter(Boolean).join(" · "));
  };

  // --- sending ------------------------------------------------------------------------------------------------------

  let pause = FIRST_WAIT_MS;
  let timer = 0;
  const sendAll = async () => {
    clearTimeout(timer);
    if (!(await waiting.sendAll())) {
      pause = FIRST_WAIT_MS;
      return;
    }
    timer = setTimeout(sendAll, pause);
    pause = Math.min(MAX_WAIT_MS, 2 * pause);
  };
  waiting.sendSoon = async () => {
    if (!navigator.serviceWorker) return sendAll();
    const { sync } = (await navigator.serviceWorker.getRegistration()) ?? {};
    try {
      await sync?.register("queue"); // so that it goes out when no page is open
    } catch (error) {
      console.info("It goes out when this site is opened next:", error.message);
    }
    return sendAll();
  };

  showNetwork();
  showWaiting();
  waiting.listen(showWaiting);
  addEventListener("offline", showNetwork);
  addEventListener("online", () => {
    say("network", "");
    sendAll();
  });
  addEventListener("load", () => setTimeout(sendAll));
})();
