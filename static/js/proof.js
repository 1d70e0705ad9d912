// Checks the files of a release, and a history that somebody kept, in the browser: seal, hashes, tree, chain.
// It does what verify.py does, but for the figures. What it says stands in data-sentences.
(() => {
  const zone = document.querySelector("[data-proof]");
  if (!window.crypto?.subtle) {
    zone.remove(); // the page was not loaded over HTTPS: the form below does it
    return;
  }
  const sentences = JSON.parse(zone.dataset.sentences);
  const results = zone.querySelector("[data-results]");

  // -- hashes: see docs/method.md, "The history behind it" --------------------------------------------

  const encode = (text) => new TextEncoder().encode(text);
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const join = (...parts) => {
    const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  };
  const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
  const [LEAF, NODE, LINK] = [0, 1, 2].map((byte) => Uint8Array.of(byte));

  // RFC 8785: JavaScript writes numbers and texts as it says; keys are sorted by UTF-16.
  const canonical = (value) => {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    const parts = Object.keys(value).sort();
    return `{${parts.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  };

  const rootOf = async (heads) => {
    let level = await Promise.all([...heads].map((pair) => sha256(LEAF, encode(canonical(pair)))));
    if (!level.length) return hex(await sha256());
    while (level.length > 1) {
      const pairs = [];
      for (let at = 0; at + 1 < level.length; at += 2) pairs.push(sha256(NODE, level[at], level[at + 1]));
      level = [...(await Promise.all(pairs)), ...(level.length % 2 ? level.slice(-1) : [])];
    }
    return hex(level[0]);
  };

  const follow = async (head, digests) => {
    let last = unhex(head);
    for (const digest of digests) last = await sha256(LINK, last, unhex(digest));
    return hex(last);
  };

  // The hashes of a kept history, computed again. Throws where they do not cover its words.
  const readHistory = async ({ case: number, events, head, history }) => {
    const hashes = [];
    const instants = [];
    let last = "0".repeat(64);
    for (const [at, { seq, hash, event, text, digest }] of history.entries()) {
      if (event && (event.case !== number || event.seq !== seq)) throw new Error("another case");
      if (text !== undefined && event.text !== hex(await sha256(encode(text)))) throw new Error("another text");
      instants.push(event ? Date.parse(event.at) : undefined);
      last = await follow(last, [event ? hex(await sha256(encode(canonical(event)))) : digest]);
      if (seq !== at + 1 || last !== hash) throw new Error("another hash");
      hashes.push(last);
    }
    if (!hashes.length || events !== hashes.length || head !== last) throw new Error("another end");
    return { number, hashes, instants, head };
  };

  // -- what is told -----------------------------------------------------------------------------------

  const tell = (name, sentence, good) => {
    const line = document.createElement("li");
    line.className = good ? "" : "error";
    line.textContent = `${good ? "✓" : "✗"} ${name}: ${sentences[sentence]}`;
    results.append(line);
  };

  const checkRelease = async ({ seal, ...rest }) => {
    const right = seal === hex(await sha256(encode(canonical(rest))));
    tell("release.json", right ? "seal" : "seal-wrong", right);
  };

  const checkNamedFile = async (name, bytes, release) => {
    if (!release) return tell(name, "needs-release", false);
    const right = release.files[name]?.sha256 === hex(await sha256(bytes));
    tell(name, right ? "file" : "file-wrong", right);
  };

  const readHeads = (bytes) => {
    const [header, ...lines] = new TextDecoder().decode(bytes).split("\n");
    if (header !== "case,head" || lines.pop() !== "") throw new Error("no chains.csv");
    return new Map(lines.map((line) => line.split(",")));
  };

  const checkChains = async (heads, release) => {
    if (!release) return tell("chains.csv", "needs-release", false);
    const right = release.chains.root === (await rootOf(heads));
    tell("chains.csv", right ? "root" : "root-wrong", right);
  };

  // As compare_history of civic/history_proof.py; the steps from the kept hash on are asked of this site.
  const compare = async (kept, head, release) => {
    const made = Date.parse(release.made_at);
    const hasSettled = (instants) => instants.some((instant) => instant <= made - 5 * 60 * 1000);
    if (head === undefined) return hasSettled(kept.instants) ? "missing" : "younger";
    if (kept.hashes.includes(head)) {
      const later = kept.instants.slice(kept.hashes.indexOf(head) + 1);
      if (hasSettled(later)) return "changed";
      return later.length ? "earlier" : "same";
    }
    if (kept.instants.some((instant) => instant > made)) return "changed";
    const address = `/scores/releases/${release.release}/proof?case=${kept.number}&receipt=${kept.head}`;
    const answer = await fetch(address);
    if (!answer.ok) return "changed";
    return (await follow(kept.head, (await answer.json()).digests)) === head ? "grown" : "changed";
  };

  const checkHistory = async (name, text, heads, release) => {
    if (!heads || !release) return tell(name, release ? "needs-chains" : "needs-release", false);
    const kept = await readHistory(JSON.parse(text));
    const result = await compare(kept, heads.get(kept.number), release);
    tell(`${name} (${kept.number})`, `history-${result}`, !["changed", "missing"].includes(result));
  };

  const attempt = async (name, work) => {
    try {
      return await work();
    } catch {
      tell(name, "broken", false);
      return undefined;
    }
  };

  const check = async (files) => {
    results.replaceChildren();
    const read = new Map();
    for (const file of files) read.set(file.name, new Uint8Array(await file.arrayBuffer()));
    const text = (name) => new TextDecoder("utf-8", { fatal: true }).decode(read.get(name));
    const has = (name) => read.has(name);
    const release = has("release.json")
      ? await attempt("release.json", async () => {
          const document = JSON.parse(text("release.json"));
          await checkRelease(document);
          return document;
        })
      : undefined;
    for (const name of ["assignments.csv", "ratings.csv"].filter(has))
      await attempt(name, () => checkNamedFile(name, read.get(name), release));
    const heads = has("chains.csv")
      ? await attempt("chains.csv", async () => {
          const found = readHeads(read.get("chains.csv"));
          await checkChains(found, release);
          return found;
        })
      : undefined;
    const known = ["release.json", "assignments.csv", "ratings.csv", "chains.csv"];
    for (const name of [...read.keys()].filter((one) => !known.includes(one))) {
      if (!name.endsWith(".json")) tell(name, "unknown-file", false);
      else await attempt(name, () => checkHistory(name, text(name), heads, release));
    }
  };

  zone.querySelector("input").addEventListener("change", (event) => check(event.target.files));
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    check(event.dataTransfer.files);
  });
})();
