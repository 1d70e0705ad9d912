"""Signing up, in and out, over HTTP."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from civic import db, timing
from civic.accounts import limits, passwords
from civic.accounts.actions import create_user, disable_user, reset_password
from civic.accounts.forms import SignUpForm
from civic.accounts.models import Role, Session, User
from civic.errors import TooMany
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("database")

EMAIL, PASSWORD = "ana@example.org", "a sentence is good"


@pytest.fixture
async def ana() -> User:
    return await create_user(SignUpForm(email=EMAIL, password=PASSWORD, name="Ana"), confirmed=True)


async def enter(client: Client, email: str = EMAIL, password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    return await client.post("/sign-in", data={"email": email, "password": password, **more})


async def is_in(client: Client) -> bool:
    return (await client.get("/account")).status_code == 200


async def test_signing_up_and_out(client: Client) -> None:
    answer = await client.post("/sign-up", data={"email": " Ana@Example.org", "password": PASSWORD, "name": "Ana"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert await is_in(client)
    user = await User.get()
    assert (user.email, user.name, user.role) == (EMAIL, "Ana", Role.CITIZEN)
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await client.post("/sign-out")
    assert not await is_in(client)
    assert (await Session.get()).revoked_at is not None


async def test_the_cookie(client: Client, ana: User) -> None:
    cookie = (await enter(client)).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    token = client.cookies["session"]
    assert len(token) == 43
    assert token not in str(await db.fetch("SELECT * FROM user_session"))


async def test_signing_in_leads_on(client: Client, ana: User) -> None:
    assert (await enter(client, next="/reports/7?a=1")).headers["location"] == "/reports/7?a=1"
    assert (await enter(client, next="//evil.example")).headers["location"] == "/"


async def test_signing_in_begins_a_new_session_and_ends_the_earlier(client: Client, ana: User) -> None:
    await enter(client)
    first = client.cookies["session"]
    await enter(client)
    assert client.cookies["session"] != first
    client.cookies.clear()
    client.cookies.set("session", first)
    assert not await is_in(client)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"email": "ana", "password": PASSWORD}, "email"),
        ({"email": "a@b@c.org", "password": PASSWORD}, "email"),
        ({"email": "ana@example.org\nBcc: x@y.org", "password": PASSWORD}, "email"),
        ({"email": EMAIL, "password": "short"}, "password"),
        ({"email": EMAIL, "password": "aaaaaaaaaaaaaaa"}, "password"),
        ({"email": "ana.longer.than.ten@example.org", "password": "Ana.longer.than.ten"}, "password"),
        ({"email": EMAIL, "password": "x1y2z3" * 50}, "password"),
        ({"email": EMAIL, "password": PASSWORD, "name": "n" * 81}, "name"),
        ({}, "email"),
    ],
)
async def test_what_sign_up_refuses(client: Client, typed: dict[str, str], field: str) -> None:
    said = await client.post("/sign-up", data=typed, headers={"Accept": "application/json"})
    assert said.status_code == 422
    assert field in said.json()["fields"]
    page = await client.post("/sign-up", data=typed, headers={"Accept-Language": "zh"})
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text
    if password := typed.get("password"):
        assert password not in page.text
    assert await User.all().count() == 0


async def test_what_was_typed_is_kept_and_harmless(client: Client) -> None:
    page = await client.post("/sign-up", data={"email": '"><script>', "password": "x", "name": "{{ 7*7 }}</p>"})
    assert "&#34;&gt;&lt;script&gt;" in page.text
    assert "{{ 7*7 }}&lt;/p&gt;" in page.text


async def test_a_name_is_one_plain_line(client: Client) -> None:
    await client.post("/sign-up", data={"email": EMAIL, "password": PASSWORD, "name": " A\u202ena\x00 \n  B\u200b "})
    assert (await User.get()).name == "Ana B"


# --- wrong passwords ------------------------------------------------------------------------------------------------


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that were checked: each takes as long as any other."""
    done: list[str] = []
    real = passwords._fits

    def counted(hashed: str, password: bytes) -> bool:
        done.append(hashed)
        return real(hashed, password)

    monkeypatch.setattr(passwords, "_fits", counted)
    return done


async def test_unknown_wrong_and_disabled_take_as_long_and_say_the_same(
    client: Client, ana: User, checks: list[str]
) -> None:
    gone = await create_user(SignUpForm(email="gone@example.org", password=PASSWORD), confirmed=True)
    await disable_user(gone.email)
    pages = [
        (await enter(client, EMAIL, "wrong password")).text,
        (await enter(client, "nobody@example.org", PASSWORD)).text.replace("nobody", "ana"),
        (await enter(client, "gone@example.org", PASSWORD)).text.replace("gone", "ana"),
    ]
    assert len(checks) == 6  # two each, for any number of accounts with the e-mail
    assert pages[0] == pages[1] == pages[2]
    assert all(one.split("$")[3] == "m=19456,t=2,p=1" for one in checks)


async def test_guessing_ends(client: Client, ana: User, checks: list[str]) -> None:
    for _ in range(20):
        assert (await enter(client, password="guess")).status_code == 422
    refused = await enter(client)
    assert refused.status_code == 429
    assert len(checks) == 40
    other = await enter(client, email="other@example.org")
    assert other.status_code == 422
    with timing.at(timing.now() + timedelta(minutes=61)):
        assert (await enter(client)).status_code == 303


async def test_signing_in_rightly_is_no_guess(client: Client, ana: User) -> None:
    for _ in range(25):
        assert (await enter(client)).status_code == 303


async def test_a_household_is_one_address(ana: User) -> None:
    """Whoever has an IPv6 connection has a /64 of addresses to guess from."""
    for number in range(3):
        await limits.spend("sign-up", f"2001:db8:1:2::{number:x}", 3)
    with pytest.raises(TooMany):
        await limits.spend("sign-up", "2001:db8:1:2:ffff:ffff:ffff:ffff", 3)
    with pytest.raises(TooMany):
        for number in range(4):
            await limits.spend("sign-in", f"{EMAIL} 2001:db8:1:2::{number:x}", 3)
    for other in ("2001:db8:1:3::1", "::1", "192.0.2.1", "192.0.2.2", "user 5"):
        await limits.spend("sign-up", other, 1)
    with pytest.raises(TooMany):
        await limits.spend("sign-up", "::ffff:192.0.2.1", 1)


async def test_the_limits_keep_no_address(client: Client, ana: User) -> None:
    await enter(client, password="guess")
    rows = str(await db.fetch("SELECT * FROM tally"))
    assert "ana" not in rows
    assert "203.0.113" not in rows


# --- sessions -------------------------------------------------------------------------------------------------------


async def test_a_session_from_before_the_password_change_ends(
    client: Client, new_client: Callable[[], Client], ana: User
) -> None:
    thief = new_client()
    await enter(client)
    await enter(thief)
    before = client.cookies["session"]
    wrong = await client.post("/account/password", data={"current": "no", "password": "another sentence"})
    assert wrong.status_code == 422
    assert await is_in(thief)
    done = await client.post("/account/password", data={"current": PASSWORD, "password": "another sentence"})
    assert (done.status_code, done.headers["location"]) == (303, "/account?saved=password")
    assert await is_in(client)
    assert client.cookies["session"] != before
    assert not await is_in(thief)
    thief.cookies.set("session", before)  # it may have been stolen too
    assert not await is_in(thief)
    assert (await enter(thief)).status_code == 422
    assert (await enter(thief, password="another sentence")).status_code == 303


async def test_signing_out_elsewhere(client: Client, new_client: Callable[[], Client], ana: User) -> None:
    other = new_client()
    await enter(client)
    await other.post(
        "/sign-in",
        data={"email": EMAIL, "password": PASSWORD},
        headers={"User-Agent": "Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0"},
    )
    page = (await client.get("/account")).text
    assert "Firefox · Android" in page
    theirs = await Session.get(browser="Firefox · Android")
    assert (await client.post(f"/account/sessions/{theirs.id}/end")).status_code == 303
    assert not await is_in(other)
    assert await is_in(client)


async def test_nobody_ends_another_ones_session(citizen: Client, stranger: Client) -> None:
    theirs = await Session.get(user_id=citizen.user.id)  # type: ignore[union-attr]
    assert (await stranger.post(f"/account/sessions/{theirs.id}/end")).status_code == 404
    assert await is_in(citizen)


async def test_an_operators_reset_and_disabling_end_every_session(client: Client, ana: User) -> None:
    await enter(client)
    await reset_password(EMAIL, "from the operator")
    assert not await is_in(client)
    await enter(client, password="from the operator")
    assert await is_in(client)
    await disable_user(EMAIL)
    assert not await is_in(client)


async def test_a_session_ends_without_visits(client: Client, ana: User) -> None:
    await enter(client)
    begun = timing.now()
    with timing.at(begun + timedelta(days=29)):
        assert await is_in(client)
    with timing.at(begun + timedelta(days=58)):
        assert await is_in(client)
    with timing.at(begun + timedelta(days=89)):
        assert not await is_in(client)


async def test_a_visit_is_noted_every_ten_minutes(citizen: Client, count_queries) -> None:  # type: ignore[no-untyped-def]
    await citizen.get("/sign-in")
    with count_queries() as statements:
        await citizen.get("/sign-in")
    assert not any(text.startswith("UPDATE") for text in statements.texts)


# --- the account ----------------------------------------------------------------------------------------------------


async def test_name_and_language(citizen: Client) -> None:
    done = await citizen.post("/account/profile", data={"name": "Ana 安娜", "language": "zh"})
    assert done.status_code == 303
    page = (await citizen.get("/account")).text
    assert "我的账号" in page
    assert "Ana 安娜" in page
    wrong = await citizen.post("/account/profile", data={"name": "Ana", "language": "xx"})
    assert wrong.status_code == 422


async def test_the_accounts_language_is_spoken_on_another_computer(
    citizen: Client, new_client: Callable[[], Client]
) -> None:
    await User.filter(id=citizen.user.id).update(language="zh")  # type: ignore[union-attr]
    assert "我的账号" in (await citizen.get("/account")).text


async def test_an_account_is_its_owners(client: Client) -> None:
    assert (await client.get("/account")).headers["location"] == "/sign-in?next=/account"
    for path in ("/account/profile", "/account/password", "/account/sessions/1/end"):
        assert (await client.post(path, headers={"Accept": "application/json"})).status_code == 401


async def test_a_program_signs_in(client: Client, ana: User) -> None:
    said = await client.post(
        "/sign-in", json={"email": EMAIL, "password": PASSWORD}, headers={"Accept": "application/json"}
    )
    assert said.json() == {"id": ana.id, "name": "Ana", "role": "citizen"}
    wrong = await client.post("/sign-in", json={"email": EMAIL}, headers={"Accept": "application/json"})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (422, ["password"])
