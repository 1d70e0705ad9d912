"""Reading a page as a browser would, to see what somebody else's text became in it."""

from html.parser import HTMLParser

MARK = "xq7"
# Each would be an element, a handler, an address or a script of its own if it were not written as text.
PAYLOADS = (
    f"<{MARK}-probe>",
    f'"><img src=x onerror={MARK}()>',
    f"' onmouseover='{MARK}()' x='",
    f"</script><script>{MARK}()</script>",
    f"</textarea></title><svg/onload={MARK}()>",
    f"javascript:{MARK}()",
    f"{{{{ {MARK} }}}}{{% raw %}}${{{MARK}}}",
    f"<!--{MARK}--><a href=javascript:{MARK}()>x</a>",
)
SCRIPTS = ("application/json", "application/ld+json", "module", "")
ADDRESSES = ("href", "src", "action", "formaction", "hx-get", "hx-post", "data", "poster")


class Reading(HTMLParser):
    """What is wrong in a page: `found` is empty where all of it is the program's own."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.script = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.script = tag == "script"
        if MARK in tag or any(MARK in name for name in given):
            self.found.append(f"an element: {self.get_starttag_text()}")
        if any(name.startswith("on") or name == "style" for name in given):
            self.found.append(f"a handler: {self.get_starttag_text()}")
        if tag == "script" and not given.get("src") and given.get("type") not in ("application/json",):
            self.found.append(f"a script: {self.get_starttag_text()}")
        for name in ADDRESSES:
            if str(given.get(name) or "").strip().lower().startswith(("javascript:", "data:text", "vbscript:")):
                self.found.append(f"an address: {self.get_starttag_text()}")

    def handle_endtag(self, tag: str) -> None:
        self.script = False

    def handle_data(self, data: str) -> None:
        if self.script and "<" in data and MARK in data:
            self.found.append(f"markup in a script: {data[:200]}")

    def handle_comment(self, data: str) -> None:
        if MARK in data:
            self.found.append(f"a comment: {data}")


def foreign_markup(page: str) -> list[str]:
    """What a page has that is not the program's own."""
    return Reading(page).found
