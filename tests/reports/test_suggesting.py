"""While a report is written: the categories that its words fit, one tap each; without a script by a button."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.builders.riverside import BELL_TOWER
from tests.clients import Client
from tests.html_forms import form_fields
from tests.statements import Statements

pytestmark = pytest.mark.usefixtures("riverside")


async def suggested(client: Client, text: str, **more: str) -> list[str]:
    page = (await client.get("/reports/new/categories", params={"text": text, **more})).text
    return [part.partition('"')[0] for part in page.split('data-category="')[1:]]


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("Deep hole in the road, a pothole", "pothole"),
        ("桥头路面有个大坑", "pothole"),
        ("路灯坏了，晚上很黑", "street-light"),
        ("The street light flickers", "street-light"),
    ],
)
async def test_the_best_stands_first(client: Client, text: str, best: str) -> None:
    found = await suggested(client, text)
    assert found[0] == best
    assert len(found) <= 3


async def test_nothing_where_nothing_fits_or_one_is_chosen(client: Client) -> None:
    assert await suggested(client, "") == []
    assert await suggested(client, "zzz qqq") == []
    assert await suggested(client, "A pothole", category="tree") == []
    assert (await client.get("/reports/new/categories")).status_code == 200
    for odd in ("'; DROP TABLE post; --", "<script>", "灯" * 3000, "\u202e abc"):
        assert (await client.get("/reports/new/categories", params={"text": odd})).status_code == 200


async def test_it_costs_hardly_anything(
    client: Client, count_queries: Callable[[], AbstractContextManager[Statements]]
) -> None:
    """It is asked while people type: what it needs is kept in memory."""
    await suggested(client, "A pothole")
    with count_queries() as statements:
        assert await suggested(client, "路灯坏了")
    assert len(statements) <= 1, statements.texts


async def test_without_a_script(client: Client) -> None:
    """A button shows what fits; each of them chooses its category, with its questions, and keeps what was typed."""
    assert 'value="categories"' in (await client.get("/reports/new")).text
    typed = {"text": "Deep pothole in the cycle lane", "email": "a@example.org", "category": "", **BELL_TOWER}
    shown = (await client.post("/reports", data=typed | {"show": "categories"})).text
    assert 'value="category:pothole"' in shown
    assert 'id="fitting-title" tabindex="-1" autofocus' in shown
    chosen = (await client.post("/reports", data=typed | {"show": "category:pothole"})).text
    fields = form_fields(chosen, "/reports")
    assert fields["category"] == ["pothole"]
    assert fields["text"] == [typed["text"]]
    assert fields["email"] == [typed["email"]]
    assert "data-category" not in chosen
    assert 'name="answers[' in chosen
    nothing = (await client.post("/reports", data=typed | {"text": "zzz", "show": "categories"})).text
    assert "Your words do not tell" in nothing
    unknown = await client.post("/reports", data=typed | {"show": "category:unicorn"})
    assert unknown.status_code == 200


async def test_a_mistake_in_the_form_shows_what_fits(client: Client) -> None:
    wrong = await client.post("/reports", data={"text": "A pothole", "email": "none", "category": "", **BELL_TOWER})
    assert wrong.status_code == 422
    assert 'data-category="pothole"' in wrong.text
