// Large print: the page, or the step of a form that is seen, is read aloud by the browser's own voice.
(() => {
  const button = document.querySelector("[data-aloud]");
  if (!button) return;
  if (!window.speechSynthesis) return button.parentElement.remove();
  const MAX_CHARS = 180; // of one utterance: some voices stop within a long one
  const SKIPPED = "script, style, template, noscript, select, textarea, svg, [aria-hidden=true], .aloud, .map";
  const BLOCKS = "p, li, h1, h2, h3, h4, dt, dd, th, td, label, legend, button, summary, a.btn, a.way, figcaption";
  const words = button.textContent;
  let reading = false;

  const isSeen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
  const languageOf = (one) => one.closest("[lang]")?.lang || document.documentElement.lang;
  // A Chinese headline is in pieces where its lines may end.
  const glue = (before, after) => (/\p{Script=Han}$/u.test(before) && /^\p{Script=Han}/u.test(after) ? "" : " ");
  // What is seen, in order: a part for each block and language.
  const collect = (root) => {
    const parts = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      const text = node.data.replace(/\s+/g, " ").trim();
      if (!text || parent.closest(SKIPPED) || !isSeen(parent)) continue;
      const block = parent.closest(BLOCKS) ?? parent;
      const lang = languageOf(parent);
      const last = parts.at(-1);
      if (last?.block === block && last.lang === lang) last.text += glue(last.text, text) + text;
      else parts.push({ block, lang, text });
    }
    return parts;
  };
  // Whole sentences, as long as a voice bears; a longer one is cut between its words.
  const cut = (text) => {
    const pieces = [];
    for (const sentence of text.match(/[^.!?。！？；]+[.!?。！？；]*\s*/g) ?? [text]) {
      const last = pieces.at(-1);
      if (last !== undefined && last.length + sentence.length <= MAX_CHARS) pieces[pieces.length - 1] += sentence;
      else for (let at = 0; at < sentence.length; at += MAX_CHARS) pieces.push(sentence.slice(at, at + MAX_CHARS));
    }
    return pieces.map((one) => one.trim()).filter(Boolean);
  };
  const show = (on) => {
    reading = on;
    button.textContent = on ? button.dataset.stop : words;
    button.setAttribute("aria-pressed", String(on));
  };
  const stop = () => {
    speechSynthesis.cancel();
    show(false);
  };
  const read = () => {
    const parts = collect(document.getElementById("main"));
    const spoken = parts.flatMap(({ lang, text }) => cut(text).map((piece) => [lang, piece]));
    speechSynthesis.cancel();
    show(spoken.length > 0);
    spoken.forEach(([lang, text], n) => {
      const utterance = new SpeechSynthesisUtterance(text);
      utterance.lang = lang;
      utterance.rate = 0.9;
      if (n === spoken.length - 1) utterance.addEventListener("end", () => show(false));
      speechSynthesis.speak(utterance);
    });
  };
  show(false);
  button.addEventListener("click", () => (reading ? stop() : read()));
  document.addEventListener("step", stop); // the next thing is on the screen
  addEventListener("pagehide", stop);
})();
