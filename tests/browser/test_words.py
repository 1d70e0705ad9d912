"""Headlines in Chinese break between phrases, not inside words, on a page of either language."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import civic
from civic.languages import break_headline
from tests.browser.checks import find_split_words
from tests.browser.conftest import Open

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CSS = Path(civic.__file__).parents[1] / "static" / "css" / "base.css"
LINES = """element => {
  const lines = [], walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let top = null;
  for (let text = walker.nextNode(); text; text = walker.nextNode())
    for (let at = 0; at < text.length; at++) {
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      const line = Math.round(range.getBoundingClientRect().top);
      if (line !== top) lines.push("");
      top = line;
      lines[lines.length - 1] += text.data[at];
    }
  return lines;
}"""
# So many characters wide as they are drawn: without a Chinese font the boxes that stand for them are narrower.
SET_WIDTH = """([box, count]) => {
  const probe = box.ownerDocument.createElement("span");
  probe.textContent = "一".repeat(20);
  box.prepend(probe);
  const width = probe.getBoundingClientRect().width / 20;
  probe.remove();
  box.style.width = `${(count + 0.3) * width}px`;
}"""
HEADLINES = ["自来水发黄，放了十分钟还是黄", "井盖不见了，井口敞着，旁边就是公交站！"]
# What htmx says when it has brought something.
SWAPPED = """document.dispatchEvent(new CustomEvent("htmx:after:swap", {detail: {ctx: {}}}))"""
CLOSING = "，。！？；：、）》”’…"
LONG_HEADLINES = [
    "柳荫农贸市场后门的垃圾桶满了，味道很大，苍蝇到处飞",
    "人民路与解放路交叉口东北角人行道地砖松动，破损严重",
    "学府路公交站台上面的顶棚玻璃碎了！有人受伤了吗？",
]


@pytest.mark.parametrize("width", range(9, 18))
async def test_no_line_of_a_headline_begins_with_a_closing_mark(browser: "Browser", width: int) -> None:
    """Also where a phrase is longer than the line."""
    page = await browser.new_page(viewport={"width": 360, "height": 780})
    headlines = "".join(f"<h1 style='font-size: 1em'>{break_headline(text)}</h1>" for text in LONG_HEADLINES)
    await page.set_content(
        f'<html lang="zh-CN"><body><div style="width: 30em; font-size: 20px">{headlines}</div></body></html>'
    )
    await page.add_style_tag(path=CSS)
    await page.evaluate(SET_WIDTH, [await page.query_selector("div"), width])
    texts = "element => (element.normalize(), element.innerText)"
    broken = [await one.evaluate(LINES) for one in await page.query_selector_all("h1")]
    whole = [await one.evaluate(texts) for one in await page.query_selector_all("h1")]
    await page.close()
    assert whole == LONG_HEADLINES
    assert all(len(lines) > 1 for lines in broken)
    assert not [line for lines in broken for line in lines if line[0] in CLOSING], broken


def test_a_headline_keeps_its_words_and_is_escaped() -> None:
    assert break_headline("路灯坏了，<b>bad</b>") == "路灯坏了，&lt;b&gt;bad&lt;/b&gt;"
    assert break_headline(None) == ""
    assert break_headline("一二三四五六七八九").count("<wbr>") == 8


@pytest.mark.parametrize("page_language", ["zh-CN", "en"])
async def test_a_headline_breaks_after_its_phrases(browser: "Browser", page_language: str) -> None:
    page = await browser.new_page(viewport={"width": 360, "height": 780})
    headlines = "".join(f'<h1 lang="zh" style="font-size: 1em">{text}</h1>' for text in HEADLINES)
    await page.set_content(
        f'<html lang="{page_language}"><body><div style="width: 30em; font-size: 20px">{headlines}</div></body></html>'
    )
    await page.add_style_tag(path=CSS)
    await page.evaluate(SET_WIDTH, [await page.query_selector("div"), 11])
    broken = [await one.evaluate(LINES) for one in await page.query_selector_all("h1")]
    await page.close()
    assert all(len(lines) > 1 and all(line[-1] in "，！" for line in lines[:-1]) for lines in broken), broken


async def test_a_headline_breaks_between_its_words(visit: Open) -> None:
    """Also one that is marked, came by a swap, or was broken by the server; a number stays with what it counts."""
    page = await visit("/", width=320)
    texts = [*map(str, map(break_headline, LONG_HEADLINES)), "学府路<mark>公交站台</mark>上面的顶棚玻璃碎了3块"]
    shown = "".join(f'<h1 lang="zh">{text}</h1>' for text in texts)
    await page.evaluate("html => { document.querySelector('main').innerHTML = html; }", shown)
    await page.evaluate("document.documentElement.classList.add('large')")
    split = await find_split_words(page)
    await page.evaluate(SWAPPED)
    headlines = page.locator("h1")
    assert split
    assert await find_split_words(page) == []
    assert await headlines.evaluate_all("all => all.map(one => one.textContent)") == [
        *LONG_HEADLINES,
        "学府路公交站台上面的顶棚玻璃碎了3块",
    ]
    first, last = await headlines.first.inner_html(), await headlines.last.inner_html()
    assert first.count("<wbr>") < break_headline(LONG_HEADLINES[0]).count("<wbr>")
    pieces = re.sub("</?mark>", "", last).split("<wbr>")
    assert "3块" in pieces
    assert not any(one.startswith(("的", "了")) for one in pieces)
    await page.evaluate(SWAPPED)
    assert [await headlines.first.inner_html(), await headlines.last.inner_html()] == [first, last]
