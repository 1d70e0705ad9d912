"""Headlines in Chinese break between phrases, not inside words, on a page of either language."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import civic

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CSS = Path(civic.__file__).parents[1] / "static" / "css" / "base.css"
HEADLINES = ["自来水发黄，放了十分钟还是黄", "井盖不见了，井口敞着，旁边就是公交站！"]
LINES = """element => {
  const text = element.firstChild, lines = [];
  let top = null;
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


@pytest.mark.parametrize("page_language", ["zh-CN", "en"])
async def test_a_headline_breaks_after_its_phrases(browser: "Browser", page_language: str) -> None:
    page = await browser.new_page(viewport={"width": 360, "height": 780})
    headlines = "".join(f'<h1 lang="zh" style="font-size: 1em">{text}</h1>' for text in HEADLINES)
    await page.set_content(
        f'<html lang="{page_language}"><body><div style="width: 11em; font-size: 20px">{headlines}</div></body></html>'
    )
    await page.add_style_tag(path=CSS)
    broken = [await one.evaluate(LINES) for one in await page.query_selector_all("h1")]
    await page.close()
    assert all(len(lines) > 1 and all(line[-1] in "，！" for line in lines[:-1]) for lines in broken), broken
