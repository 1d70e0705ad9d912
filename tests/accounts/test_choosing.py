"""Passwords that are refused, and names."""

from math import prod

import pytest

from civic.accounts import passwords
from civic.accounts.actions import check_new_password, reset_password
from civic.accounts.forms import SignUpForm, clean_name
from civic.accounts.models import Role, User
from civic.accounts.names import CityWords, fold_name, sounds_official
from civic.catalogue.members import add_user
from civic.errors import Invalid
from tests.builders.riverside import database_dsn, empty, riverside
from tests.clients import Client

__all__ = ["database_dsn", "empty", "riverside"]
pytestmark = pytest.mark.usefixtures("riverside")

GOOD = "a sentence is good"
EASY = [
    *("1234567890", "qwertyuiop", "Password123", "password12", "iloveyou123", "1q2w3e4r5t", "riverside1"),
    *("P@ssw0rd123", "Riverside2026", "woaini1314", "5201314520", "a123456789", "13800138000", "abcdefghij"),
    *("Riverside123!", "Anatole1990", "ana.example", "1990-01-01", "2026112020261120", "１２３４５６７８９０"),
]


@pytest.mark.parametrize("password", EASY)
async def test_easy_passwords_are_refused(client: Client, password: str) -> None:
    typed = {"email": "ana@example.org", "password": password, "name": "Anatole"}
    answer = await client.post("/sign-up", data=typed)
    assert answer.status_code == 422
    assert 'href="#password"' in answer.text
    assert password not in answer.text
    assert await User.all().count() == 0


@pytest.mark.parametrize(
    "password", [GOOD, "我家门口的路灯不亮了吧", "kV8-rrZp2q", "correct horse battery", "4@8({[<369!1|05$7+%2"]
)
async def test_others_are_taken(password: str) -> None:
    await check_new_password(password, "ana@example.org", "Ana")


async def test_staff_and_operators_choose_no_easy_ones_either(citizen: Client) -> None:
    with pytest.raises(Invalid):
        await add_user(SignUpForm(email="clerk@example.org", password="Password123"), Role.ADMIN)
    await add_user(SignUpForm(email="clerk@example.org", password=GOOD), Role.ADMIN)
    with pytest.raises(Invalid):
        await reset_password("clerk@example.org", "riverside12")
    await User.filter(id=citizen.user.id).update(password_hash=await passwords.hash_password(GOOD))  # type: ignore[union-attr]
    answer = await citizen.post("/account/password", data={"current": GOOD, "password": "Password123"})
    assert answer.status_code == 422
    assert "easy to guess" in answer.text


@pytest.mark.parametrize("password", ["4@8({[<369!1|05$7+%2" * 10, "a" * 200, "4@4@(({{" * 25])
async def test_judging_a_password_is_bounded(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The estimate is asked of few characters that can be read in few ways, where these would take it seconds."""
    import zxcvbn

    asked: list[str] = []
    real = zxcvbn.zxcvbn
    monkeypatch.setattr(zxcvbn, "zxcvbn", lambda text, **more: (asked.append(text), real(text, **more))[1])
    await passwords.is_easy_to_guess(password, [])
    for text in asked:
        assert len(text) <= passwords.MAX_JUDGED_CHARS
        readings = zxcvbn.matching.relevant_l33t_subtable(text, zxcvbn.matching.L33T_TABLE).values()
        assert prod(map(len, readings)) <= passwords.MAX_READINGS


# --- names ----------------------------------------------------------------------

WORDS = CityWords(
    names=("Riverside", "河滨市", "Parks", "Roads and Bridges", "市政道路管理处", "园林局"),
    official=("official", "city hall", "官方", "管理员"),
)
OFFICIAL = [
    *(
        "市政道路管理处",
        "市政 道路\u200b管理处",
        "市政道路管理处客服",
        "园林局",
        "河滨市",
        "riverside",
        "ＲＩＶＥＲＳＩＤＥ",
    ),
    *("Ríverside", "R1verside", "Rіvеrside", "parks", "PARKS.", "Roads and Bridges", "The Roads-and-Bridges team"),
    *(
        "Official",
        "0fficia1",
        "Ana (official)",
        "OFFICIAL",
        "ｏｆｆｉｃｉａｌ",
        "Оfficial",
        "City Hall",
        "官方小王",
        "管理员",
    ),
]


@pytest.mark.parametrize("name", OFFICIAL)
def test_names_that_sound_official(name: str) -> None:
    assert sounds_official(name, WORDS)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Ana",
        "Rosa Parks",
        "河滨市民小王",
        "园林爱好者",
        "Officialdom",
        "Riverside resident",
        "Hall City",
        "王管理",
        "🌳",
    ],
)
def test_names_of_people(name: str) -> None:
    assert not sounds_official(name, WORDS)


@pytest.mark.parametrize("unseen", ["\u3164", "\u2800", "\u115f", "\uffa0", "\u034f", "\u200b", "\u202e", "\U000e0041"])
def test_a_name_is_what_can_be_seen_of_it(unseen: str) -> None:
    assert clean_name(unseen * 3) == ""
    assert clean_name(f"{unseen}市政{unseen}道路管理处") == "市政道路管理处"
    assert clean_name(f"Zoë {unseen}Łącka") == "Zoë Łącka"


def test_folding_a_name_twice_changes_nothing() -> None:
    for name in OFFICIAL:
        folded = " ".join(fold_name(name))
        assert " ".join(fold_name(folded)) == folded


async def test_a_citizen_is_not_called_as_a_department(client: Client, citizen: Client, agent: Client) -> None:
    form = {"name": "市政道路管理处", "language": "en"}
    answer = await citizen.post("/account/profile", data=form)
    assert answer.status_code == 422
    assert "looks official" in answer.text
    typed = {"email": "bo@example.org", "password": GOOD, "name": "Official Riverside"}
    assert (await client.post("/sign-up", data=typed)).status_code == 422
    assert (await citizen.post("/account/profile", data={**form, "name": "Ana Bo"})).status_code == 303
    assert (await agent.post("/account/profile", data={**form, "name": "Roads, official"})).status_code == 303
