// A receipt code as a picture among somebody's photos, where they find it again. Nothing leaves the browser.
(() => {
  const WIDTH = 1080;
  const HEIGHT = 720;
  const MARGIN = 72;
  const LINES = [
    ["title", 44, 150],
    ["note", 38, 290],
    ["code", 84, 400],
    ["link", 34, 560],
  ];
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-save-code]");
    if (!button) return;
    const { saveCode: code, title, note, link } = button.dataset;
    const texts = { title, note, code, link: location.origin + link };
    const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    pen.fillStyle = "#111";
    for (const [name, size, top] of LINES) {
      pen.font = `${name === "code" ? "bold " : ""}${size}px system-ui, sans-serif`;
      pen.fillText(texts[name], MARGIN, top, WIDTH - 2 * MARGIN);
    }
    canvas.toBlob((picture) => {
      const url = URL.createObjectURL(picture);
      Object.assign(document.createElement("a"), { href: url, download: `${code}.png` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60000);
    });
  });
})();
