"""The language of what people wrote stands beside it where it is not the page's."""

import re

import pytest

from civic.languages import find_language
from tests.builders.riverside import database_dsn, empty, get_case_id, riverside, send_report
from tests.clients import Client

__all__ = ["database_dsn", "empty", "riverside"]
CITY = ("zh", "en")
CHINESE, ENGLISH = "校门口的路灯坏了三天了", "The lamp at the school gate is out"


@pytest.mark.parametrize(
    ("text", "page", "language"),
    [
        (CHINESE, "en", "zh"),
        (CHINESE, "zh", ""),
        (ENGLISH, "zh", "en"),
        (ENGLISH, "en", ""),
        ("路灯坏了 LED", "en", "zh"),
        ("Bell Tower 广场", "zh", "en"),
        ("路灯が消えています", "zh", "ja"),
        ("가로등이 고장났어요", "en", "ko"),
        ("Улица Ленина, яма", "en", "ru"),
        ("Дупка на улицата", "bg", ""),
        ("26-118 !?", "zh", ""),
        ("", "en", ""),
        ("坑", "en", "zh"),
    ],
)
def test_by_its_letters(text: str, page: str, language: str) -> None:
    assert find_language(text, page, CITY) == language


def test_a_city_of_other_languages() -> None:
    assert find_language("Дупка на улицата", "en", ("en", "bg")) == "bg"
    assert find_language(ENGLISH, "bg", ("bg", "hu", "en")) == "hu"  # the first in Latin letters: nothing tells more


@pytest.mark.usefixtures("riverside")
@pytest.mark.parametrize(("page", "other", "code"), [("en", CHINESE, "zh"), ("zh", ENGLISH, "en")])
async def test_on_every_page_that_shows_it(
    citizen: Client, dispatcher: Client, page: str, other: str, code: str
) -> None:
    own = ENGLISH if other == CHINESE else CHINESE
    reports = [await send_report(citizen, text=text) for text in (other, own)]
    for report in reports:
        await citizen.post(f"/posts/{report['id']}/comments", data={"text": other})
    cases = [await get_case_id(report["id"]) for report in reports]
    for client in (citizen, dispatcher):
        await client.get(f"/?lang={page}")  # the cookie keeps it
    paths = [*(report["url"] for report in reports), "/reports", "/account/posts"]
    seen = [(await citizen.get(path)).text for path in paths]
    seen += [(await dispatcher.get(path)).text for path in (f"/desk/cases/{cases[0]}", "/desk/triage")]
    assert [re.search(r'<html lang="([a-z]+)', html)[1] for html in seen] == [page] * len(seen)  # type: ignore[index]
    for html in seen:
        for tag, shown in re.findall(r"<(h[1-3]|p|a|span)([^>]*)>(?:<a [^>]*>)?" + re.escape(other), html):
            assert f'lang="{code}"' in shown, (tag, shown)
        assert not re.search(r'lang="[a-z]+"[^>]*>(?:<a [^>]*>)?' + re.escape(own), html.partition("<main")[2])
    assert sum(f'lang="{code}"' in html.partition("<main")[2] for html in seen) >= 4
