"""What is typed into a form survives each refusal and each way around: every form, both languages, with a script and
without. One page a form, one city for all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import pytest
from playwright.async_api import Locator, Page, expect

from civic import cookies
from tests.browser.conftest import Open, sign_in
from tests.browser.navigation import loads_page, quiet
from tests.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TEXT = "Words <that> nobody wants & to write twice"
OTHER = {"en": "中文", "zh": "English"}
LARGE = {"en": "Large print", "zh": "大字版"}


@dataclass(frozen=True)
class Form:
    """A form of a page; who writes into it; which of its fields is typed into."""

    page: str
    id: str
    user: str = ""
    field: str = "text"
    head: bool = True  # the head's switches take it along without a script; else its own do

    def field_of(self, page: Page) -> Locator:
        return page.locator(f"#{self.id} [name={self.field}]")


FORMS = {
    "report": Form("/reports/new", "report-form"),
    "traffic": Form("/traffic/new", "traffic-form"),
    "flag": Form("/posts/1/flag", "flag-form"),
    "comment": Form("{open}", "comment-form", "citizen2"),
    "comment of somebody signed out": Form("{open}", "comment-form"),
    "answer": Form("{asked}", "answer-form", "author"),
    "comment beside an answer": Form("{asked}", "comment-form", "author", head=False),
    "appeal": Form("{declined}", "appeal-form", "author"),
    "outcome": Form("{solved}", "outcome-form", "author"),
    "rating": Form("/services/{service}", "rating-form", "citizen1"),
    "reply": Form("{case}", "form-reply", "roads", head=False),
    "note": Form("{case}", "form-note", "roads", head=False),
    "sign up": Form("/sign-up", "sign-up-form", field="name"),
    "name": Form("/account", "profile-form", "citizen1", field="name"),
}
SAMPLES = {
    "open": "SELECT p.path FROM post p JOIN report r ON r.post_id = p.id JOIN case_file c ON c.id = r.case_id"
    " WHERE c.status = 'in_progress' AND r.main AND p.visibility = 'public' ORDER BY p.id LIMIT 1",
    "asked": "SELECT p.path FROM post p JOIN report r ON r.post_id = p.id JOIN case_file c ON c.id = r.case_id"
    " WHERE c.status = 'waiting' AND r.main AND p.visibility = 'public' ORDER BY p.id LIMIT 1",
    "declined": "SELECT p.path FROM post p JOIN report r ON r.post_id = p.id JOIN case_file c ON c.id = r.case_id"
    " WHERE c.status = 'declined' AND r.main AND p.visibility = 'public' ORDER BY p.id DESC LIMIT 1",
    "solved": "SELECT p.path FROM post p JOIN report r ON r.post_id = p.id JOIN case_file c ON c.id = r.case_id"
    " WHERE c.status = 'resolved' AND r.main AND p.visibility = 'public' ORDER BY p.id DESC LIMIT 1",
    "case": "SELECT '/desk/cases/' || a.case_id FROM assignment a JOIN case_file c ON c.id = a.case_id"
    " JOIN department d ON d.id = a.department_id"
    " WHERE d.slug = 'roads' AND a.ended_at IS NULL AND c.status = 'in_progress' ORDER BY a.case_id DESC LIMIT 1",
    "service": "SELECT slug FROM service ORDER BY id LIMIT 1",
}
AUTHOR = """UPDATE post SET receipt_hash = NULL,
    author_id = (SELECT id FROM user_account WHERE email = 'citizen1@riverside.example') WHERE path = $1"""


@pytest.fixture(scope="module")
async def samples(live_server: Live) -> dict[str, str]:
    connection = await asyncpg.connect(live_server.database)
    found = {name: str(await connection.fetchval(sql)) for name, sql in SAMPLES.items()}
    for name in ("asked", "declined", "solved"):
        await connection.execute(AUTHOR, found[name])
    await connection.close()
    return found


async def _without_script(page: Page) -> bool:
    return "script" not in (await page.locator("html").get_attribute("class") or "").split()


async def _reload(page: Page, form: Form, _language: str) -> None:
    """Without a script a draft has to be saved first: a browser alone keeps nothing through a reload."""
    if await _without_script(page):
        async with loads_page(page):
            await page.locator(f"{'header.top' if form.head else f'#{form.id}'} [value='keep:']").click()
    async with loads_page(page):
        await page.reload()


async def _switch_language(page: Page, form: Form, language: str) -> None:
    await _switch(page, form, OTHER[language])


async def _switch_print(page: Page, form: Form, language: str) -> None:
    await _switch(page, form, LARGE[language])


async def _switch(page: Page, form: Form, word: str) -> None:
    """By the page's head; without a script a form that the head does not take along has switches of its own."""
    head = page.locator("header.top")
    scripted = (
        await page.evaluate("document.documentElement.className.includes('script')") if form.head is False else True
    )
    place = head if form.head or scripted else page.locator(f"#{form.id}")
    async with loads_page(page):
        await place.get_by_text(word, exact=True).click()


WAYS: dict[str, Callable[[Page, Form, str], Awaitable[None]]] = {
    "language": _switch_language,
    "print": _switch_print,
    "reload": _reload,
}


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", FORMS)
async def test_what_is_typed_survives(
    visit: Open, samples: dict[str, str], name: str, language: str, script: bool
) -> None:
    form = FORMS[name]
    user = "citizen1" if form.user == "author" else form.user
    page = await visit(form.page.format(**samples), language=language, width=360, script=script, user=user)
    await page.locator("details.command").evaluate_all("all => all.forEach(one => one.open = true)")
    await form.field_of(page).fill(TEXT)
    spoken = language
    for way, take in WAYS.items():
        await take(page, form, spoken)
        spoken = "zh" if language == "en" else "en"  # the first way is the switch of the language
        await expect(form.field_of(page), f"after {way}").to_have_value(TEXT)


ENDED = [(name, "en", script) for name in ("comment", "rating", "reply") for script in (True, False)]
ENDED += [("comment", "zh", True), ("rating", "zh", False), ("reply", "zh", False)]


@pytest.mark.parametrize(("name", "language", "script"), [*ENDED, ("answer", "zh", False)])  # it is answered once
async def test_a_session_that_ended(
    visit: Open, live_server: Live, samples: dict[str, str], name: str, language: str, script: bool
) -> None:
    """The page to sign in shows what was written; after it the deed is done."""
    form = FORMS[name]
    user = "citizen1" if form.user == "author" else form.user
    text = f"{TEXT} {name} {language} {script}"
    page = await visit(form.page.format(**samples), language=language, width=360, script=script, user=user)
    await page.locator("details.command").evaluate_all("all => all.forEach(one => one.open = true)")
    await form.field_of(page).fill(text)
    if name == "rating":
        await page.locator("label[for=stars-4]").click()
    await page.context.clear_cookies(name=cookies.SESSION)
    await page.locator(f"#{form.id} button:not([hidden])").last.scroll_into_view_if_needed()
    async with loads_page(page):
        await page.locator(f"#{form.id} > button.btn:not([hidden]), #{form.id} > .row > button.btn").first.click()
    await expect(page.locator("main")).to_contain_text(text)
    await expect(page.locator("#sign-in-form")).to_be_visible()
    await sign_in(page.context, live_server, user)
    async with loads_page(page):
        await page.reload()
    async with loads_page(page):
        await page.locator("main form .btn.main").first.click()
    await expect(page.locator("main")).to_contain_text(text)
    await expect(page.locator("#sign-in-form, .errors")).to_have_count(0)


async def _give_place(page: Page) -> None:
    await page.locator("#place_text").fill("Bell Tower Square")
    if not await _without_script(page):
        await page.locator("#place_text").press("Enter")
        await expect(page.locator("#position")).to_contain_text("Bell Tower Square")


async def _give_kind_and_place(page: Page) -> None:
    await page.locator(".tile").first.click()
    await _give_place(page)


async def _give_reason(page: Page) -> None:
    await page.locator("#flag-form [name=reason]").first.check()


async def _give_stars(page: Page) -> None:
    await page.locator("label[for=stars-4]").click()


# What each form needs beside its text; without it a field is refused.
NEEDED: dict[str, Callable[[Page], Awaitable[None]]] = {
    "report": _give_place,
    "traffic": _give_kind_and_place,
    "flag": _give_reason,
    "rating": _give_stars,
}
ALWAYS_COMPLETE = "comment"  # it has no other field: a text that is too long is refused
REFUSED = [(name, refusal) for name in (*NEEDED, ALWAYS_COMPLETE) for refusal in ("field", "used key", "limit")]
OPEN_PAGE = {"flag": "/posts/2/flag"}  # of which no other test makes a draft


async def _send(page: Page, form: Form) -> None:
    await page.locator(f"#{form.id}").evaluate("one => one.noValidate = true")
    # A notice that the form was sent before, which comes with a used key, has a button too.
    row = f"#{form.id} > .row:not([data-already-sent])"
    await page.locator(f"#{form.id} > button.btn:not([hidden]), {row} > button.btn").first.click()


async def _send_first(page: Page, name: str, text: str) -> str:
    """Send the form as it should be; its key."""
    form = FORMS[name]
    await form.field_of(page).fill(text)
    if name in NEEDED:
        await NEEDED[name](page)
    key = await page.locator(f"#{form.id} [name=client_key]").input_value()
    await _send(page, form)
    await expect(page.locator(f"#{form.id} [name=client_key][value='{key}']")).to_have_count(0)
    return key


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize(("name", "refusal"), REFUSED)
async def test_what_is_refused_comes_back_with_its_text(
    visit: Open, live_server: Live, samples: dict[str, str], name: str, refusal: str, script: bool
) -> None:
    """A wrong field, a key that was used for something else, more than the limit: all that was typed is there."""
    form = FORMS[name]
    path = OPEN_PAGE.get(name, form.page).format(**samples)
    user = "citizen3" if name in ("comment", "rating") else ""
    page = await visit(path, width=360, script=script, user=user)
    text, key = f"{TEXT} {name} {refusal} {script}", ""
    if refusal != "field":
        key = await _send_first(page, name, f"The first {name} {refusal} {script}")
        await page.goto(path)
    elif name == ALWAYS_COMPLETE:
        await form.field_of(page).evaluate("one => one.removeAttribute('maxlength')")
        text = text * 60
    await form.field_of(page).fill(text)
    if refusal != "field" and name in NEEDED:
        await NEEDED[name](page)
    if refusal == "used key":
        await page.locator(f"#{form.id} [name=client_key]").evaluate("(one, key) => one.value = key", key)
    connection = await asyncpg.connect(live_server.database)
    try:
        if refusal == "limit":
            await connection.execute("UPDATE tally SET count = 1000000")
        await _send(page, form)
        await expect(page.locator(".errors, .error, [role=alert]").locator("visible=true").first).to_be_visible()
        await expect(form.field_of(page)).to_have_value(text)
    finally:
        await connection.execute("DELETE FROM tally")
        await connection.close()


async def test_a_double_tap_is_one_comment(visit: Open, samples: dict[str, str]) -> None:
    page = await visit(samples["open"], user="citizen2", width=360)
    text = "Tapped twice, said once"
    await page.locator("#comment-text").fill(text)
    await page.locator("#comment-form button.btn").dblclick()
    await expect(page.locator("#talk li", has_text=text)).to_have_count(1)
    await page.reload()
    await expect(page.locator("#talk li", has_text=text)).to_have_count(1)
    await expect(page.locator("#comment-text")).to_have_value("")


async def test_a_press_sends_though_the_page_moves_meanwhile(visit: Open) -> None:
    """To press the button ends the writing of the place: what was reported near it comes in above the button."""
    page = await visit("/reports/new")
    await page.locator("#text").fill("The bench lies in the river")
    button = page.locator("#report-form > .btn.main")
    await button.scroll_into_view_if_needed()
    await quiet(page)
    await page.locator("#place_text").fill("Bell Tower Square")
    before = await button.bounding_box()
    assert before
    await page.mouse.move(before["x"] + 30, before["y"] + 10)
    async with page.expect_response(lambda response: "/reports/new/similar" in response.url):
        await page.mouse.down()
    await quiet(page)
    assert await button.bounding_box() != before
    async with loads_page(page):
        await page.mouse.up()
    await expect(page.locator("main")).to_contain_text("The bench lies in the river")


@pytest.mark.parametrize(("x", "y", "sent"), [(0, -60, 0), (0, 60, 0), (12, -60, 0), (3, -2, 1)])
async def test_a_press_drawn_away_sends_nothing(visit: Open, x: int, y: int, sent: int) -> None:
    page = await visit("/traffic/new")
    button = page.locator("#traffic-form > .btn.main")
    await button.evaluate("one => scrollTo(0, one.getBoundingClientRect().top - innerHeight / 2)")
    box = await button.bounding_box()
    assert box
    await page.evaluate(
        """() => {
            sent = 0;
            addEventListener("submit", (event) => { sent++; event.preventDefault(); });
        }"""
    )
    await page.mouse.move(box["x"] + 30, box["y"] + 10)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 30 + x, box["y"] + 10 + y)
    await page.mouse.up()
    assert await page.evaluate("new Promise(done => setTimeout(() => done(sent)))") == sent


# What the page of the form wrote into the tab is there only once the next page has looked for it.
WRITTEN_LATE = """
  if (/^\\/traffic\\/\\d+$/.test(location.pathname)) {
    const late = JSON.stringify({ ...sessionStorage });
    sessionStorage.clear();
    addEventListener("load", () => {
      for (const [name, text] of Object.entries(JSON.parse(late))) sessionStorage.setItem(name, text);
    });
  }
"""


@pytest.mark.parametrize("late", [False, True])
async def test_back_after_sending(visit: Open, late: bool) -> None:
    """The page knows that its form was sent, and offers what there is and another one."""
    page = await visit("/healthz", width=360, fresh=late)
    if late:
        await page.add_init_script(WRITTEN_LATE)
    await page.goto("/traffic/new?lat=31.19&lon=118.008")
    await quiet(page)
    await page.locator(".tile").first.click()
    await page.locator("#text").fill("A branch lies on the road")
    async with loads_page(page):
        await page.locator("#traffic-form > .btn.main").click()
    sent = page.url
    await page.go_back()
    notice = page.locator("[data-already-sent]")
    await expect(notice).to_be_visible()
    await expect(notice.get_by_role("link")).to_have_attribute("href", sent)
    await notice.get_by_role("button").click()
    await expect(notice).to_have_count(0)
    await page.locator("#text").fill("And a second branch")
    async with loads_page(page):
        await page.locator("#traffic-form > .btn.main").click()
    assert page.url != sent
    await expect(page.locator("main")).to_contain_text("And a second branch")


async def test_what_needs_a_script_stays_after_a_swap(visit: Open, samples: dict[str, str]) -> None:
    page = await visit(samples["open"], user="citizen2", width=360)
    share = page.locator("[data-share]")
    await expect(share).to_be_visible()
    button = page.locator("#talk button[aria-pressed]")
    was = await button.get_attribute("aria-pressed")
    await page.locator("#comment-text").fill(TEXT)
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "false" if was == "true" else "true")
    await expect(share).to_be_visible()
    await expect(page.locator("#comment-text")).to_have_value(TEXT)


async def test_a_text_field_drawn_larger_breaks_no_rule_when_its_part_is_replaced(
    visit: Open, samples: dict[str, str]
) -> None:
    """Who drags its corner gives it a style attribute, which must not be copied: the policy refuses inline style."""
    page = await visit(samples["open"], user="citizen2")
    text = page.locator("#comment-text")
    await text.fill(TEXT)
    while not await text.get_attribute("style"):  # the page may still move
        await text.evaluate("one => one.scrollIntoView({block: 'center'})")
        box = await text.bounding_box()
        assert box
        right, bottom = box["x"] + box["width"] - 4, box["y"] + box["height"] - 4
        await page.mouse.move(right, bottom)
        await page.mouse.down()
        await page.mouse.move(right, bottom + 60, steps=4)
        await page.mouse.up()
    assert "height" in (await text.get_attribute("style") or "")
    button = page.locator("#talk button[aria-pressed]")
    was = await button.get_attribute("aria-pressed")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "false" if was == "true" else "true")
    await expect(text).to_have_value(TEXT)


@pytest.mark.parametrize(("path", "id"), [("/reports/new", "report-form"), ("/traffic/new", "traffic-form")])
async def test_enter_in_the_address_looks_it_up_without_a_script(visit: Open, path: str, id: str) -> None:
    page = await visit(path, width=360, script=False)
    await page.locator("#text").fill(TEXT)
    await page.locator("#place_text").fill("Bell Tower Square")
    async with loads_page(page):
        await page.locator("#place_text").press("Enter")
    await expect(page.locator("#position")).to_contain_text("Bell Tower Square")
    await expect(page.locator("#text")).to_have_value(TEXT)
    await expect(page.locator(f"#{id}")).to_be_visible()
    await expect(page.locator(".errors")).to_have_count(0)
