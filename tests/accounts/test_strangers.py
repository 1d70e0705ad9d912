"""What strangers can do to somebody's account: try passwords; and what they cannot: keep its owner out."""

from collections.abc import Callable

import httpx2
import pytest

from civic import signing
from civic.accounts.actions import create_user
from civic.accounts.forms import SignUpForm
from civic.accounts.models import User
from civic.config import Config
from tests.builders.mails import send_mails
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("database")

ANA, PASSWORD = "ana@example.org", "a sentence is good"


@pytest.fixture
async def owner() -> User:
    return await create_user(SignUpForm(email=ANA, password=PASSWORD, name="Ana"), confirmed=True)


async def enter(client: Client, password: str = PASSWORD, email: str = ANA) -> int:
    return (await client.post("/sign-in", data={"email": email, "password": password})).status_code


def move(client: Client, address: str) -> None:
    """Ask from this address from now on."""
    client._transport = httpx2.ASGITransport(client.app, client=(address, 40000))


async def try_passwords(client: Client, addresses: int, tries: int) -> list[int]:
    """As the review did: from each of many addresses one try less than is refused."""
    answers = []
    for number in range(addresses):
        move(client, f"198.51.100.{number}")
        answers += [await enter(client, f"guess {number} {one}") for one in range(tries)]
    return answers


@pytest.fixture
def few(config: Config) -> Config:
    """Three wrong passwords are many here; each costs a hash."""
    return config.model_copy(update={"limits": config.limits.model_copy(update={"sign_ins_per_hour": 3})})


async def test_strangers_do_not_keep_the_owner_out(owner: User, new_client: Callable[[], Client], few: Config) -> None:
    client, attacker, unknown = new_client(), new_client(), new_client()
    client.app.state.config = few
    assert await enter(client) == 303
    await client.post("/sign-out")
    answers = await try_passwords(attacker, addresses=16, tries=2)
    assert answers == [*[422] * 30, 429, 429]
    assert await enter(unknown) == 429  # a browser that nobody knows waits
    for _ in range(3):
        assert await enter(client, "mistyped") == 422
    assert await enter(client) == 429  # its own count
    assert len(await send_mails(few)) == 1


async def test_a_known_browser_is_not_refused_after_an_attack(
    owner: User, new_client: Callable[[], Client], few: Config
) -> None:
    client, attacker = new_client(), new_client()
    client.app.state.config = few
    await enter(client)
    await try_passwords(attacker, addresses=16, tries=2)
    for address in ("203.0.113.7", "198.51.100.3"):  # at home, and where the attacker was
        move(client, address)
        await client.post("/sign-out")
        assert await enter(client) == 303


async def test_nobody_makes_a_known_browser(owner: User, new_client: Callable[[], Client], few: Config) -> None:
    client, attacker = new_client(), new_client()
    client.app.state.config = few
    mallory = await create_user(SignUpForm(email="m@example.org", password=PASSWORD), confirmed=True)
    assert await enter(attacker, email="m@example.org") == 303
    await try_passwords(attacker, addresses=16, tries=2)
    mine = attacker.cookies["known"]
    for cookie in (mine, mine.replace(f"{mallory.id}-", f"{owner.id}-"), f"{owner.id}-ab.0.x", "x", "."):
        attacker.cookies.set("known", cookie)
        assert await enter(attacker, "one more guess") == 429
    move(attacker, "192.0.2.99")
    assert await enter(attacker, email="m@example.org") == 303  # known for their own account only


async def test_an_account_with_the_same_address_gives_no_more_tries(
    owner: User, new_client: Callable[[], Client], few: Config
) -> None:
    """Anybody can sign up with the owner's address; their browser is known for that account, not for the owner's."""
    attacker, own = new_client(), "three odd green kettles"
    attacker.app.state.config = few
    for guesses in (2, 1):
        await attacker.post("/sign-out")
        assert (await attacker.post("/sign-up", data={"email": ANA, "password": own})).status_code == 303
        for number in range(guesses):
            assert await enter(attacker, f"guess {number}") == 422
    assert await enter(attacker) == 422  # the right password of the owner: it is not looked at any more
    assert await enter(attacker, own) == 303
    [mail] = [mail for mail in await send_mails(few) if "wrong passwords" in mail["Subject"]]
    assert mail["To"] == ANA


async def test_a_browser_is_known_for_the_latest_five(new_client: Callable[[], Client]) -> None:
    client = new_client()
    users = [
        await create_user(SignUpForm(email=f"u{number}@example.org", password=PASSWORD), confirmed=True)
        for number in range(6)
    ]
    for user in [*users, users[-1]]:
        assert await enter(client, email=user.email) == 303
    text = signing.read_signed("browser that was signed in", client.cookies["known"])
    assert text
    assert [int(pair.split("-")[0]) for pair in text.split("~")] == [user.id for user in users[:0:-1]]


async def test_the_owner_is_told_once_of_many_tries(owner: User, new_client: Callable[[], Client], few: Config) -> None:
    attacker = new_client()
    attacker.app.state.config = few
    await try_passwords(attacker, addresses=2, tries=1)
    assert await send_mails(few) == []
    await try_passwords(attacker, addresses=9, tries=2)
    [mail] = await send_mails(few)
    assert (mail["To"], "Many wrong passwords" in mail["Subject"]) == (ANA, True)
    assert "guess" not in mail.get_content()
