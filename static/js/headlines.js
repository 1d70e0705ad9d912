// Chinese headings break between words, as the browser's dictionary knows them: base.css keeps together whatever is not
// told a place. It runs before the page is painted, so that nothing moves; without it phrases stay whole.
(() => {
  if (!window.Intl?.Segmenter) return;
  const words = new Intl.Segmenter("zh", { granularity: "word" });
  const MOST = 5; // characters that stay together, as far as they are not one word
  const HAN = /\p{Script=Han}/u;
  const WORD = /[\p{L}\p{N}]/u;
  const DIGIT = /\d/;
  const CLINGS = /^[的了着过吗吧呢啊们]/; // says something of the word before it only
  const BEGINS = /^[在和与及或被把从对向到不没无很太都也就又再请让给]/; // belongs to what follows
  const own = new WeakSet();

  // Where a line may end: between two words, one of them Chinese. A number stays with what it counts. What the dictionary
  // has as one character (a 路 after its name, the halves of a word that it does not know) stays with what it follows.
  const findBreaks = (text) => {
    const found = [];
    let together = 0;
    for (const { index, segment } of words.segment(text)) {
      const before = text[index - 1] ?? "";
      const next = segment[0];
      const isBetween = WORD.test(before) && WORD.test(next) && (HAN.test(before) || HAN.test(next));
      const stays = segment.length === 1 && HAN.test(next) && !BEGINS.test(segment) && together < MOST;
      if (isBetween && !DIGIT.test(before) && !CLINGS.test(segment) && !stays) found.push(index);
      together = found.at(-1) === index || !WORD.test(before) ? segment.length : together + segment.length;
    }
    return found;
  };
  const breakHeading = (heading) => {
    const breaks = findBreaks(heading.textContent);
    const there = [...heading.querySelectorAll("wbr")];
    if (there.length === breaks.length && there.every((one) => own.has(one))) return;
    for (const one of there) one.remove();
    heading.normalize();
    const walker = document.createTreeWalker(heading, NodeFilter.SHOW_TEXT);
    const texts = [];
    for (let start = 0; walker.nextNode(); start += walker.currentNode.length) texts.push([walker.currentNode, start]);
    for (const [node, start] of texts) {
      const inside = breaks.filter((one) => one >= start && one < start + node.length);
      for (const at of inside.reverse()) {
        const wbr = document.createElement("wbr");
        own.add(wbr);
        (at > start ? node.splitText(at - start) : node).before(wbr);
      }
    }
  };
  const breakAll = () => {
    for (const one of document.querySelectorAll(":is(h1, h2, h3):lang(zh)")) breakHeading(one);
  };
  document.documentElement.classList.add("words");
  breakAll();
  document.addEventListener("htmx:after:swap", breakAll);
})();
