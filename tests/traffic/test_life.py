"""How long an update stands: its kind's life, and what people say of it."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

import pytest

from civic import timing
from civic.accounts.people import NOBODY, Person
from civic.errors import Conflict, NotAllowed, NotFound
from civic.posts.actions import Posted
from civic.posts.queries import Viewer
from civic.posts.receipts import SenderCodes
from civic.traffic import actions, kinds
from civic.traffic.forms import UpdateForm
from civic.traffic.models import Confirmation, TrafficKind, TrafficUpdate
from tests.clients import make_user

pytestmark = pytest.mark.usefixtures("riverside")
MORNING = datetime(2026, 11, 13, 0, 0, tzinfo=UTC)


async def people(count: int) -> list[Person]:
    users = [await make_user(f"{n}@example.org") for n in range(count)]
    return [Person(id=user.id) for user in users]


async def posted(kind: TrafficKind = TrafficKind.JAM, by: Person = NOBODY) -> Posted[TrafficUpdate]:
    with timing.at(MORNING):
        return await actions.post_update(UpdateForm(kind=kind, lat=31.19, lon=118.008, address="Bridge"), by)


async def opine(update: TrafficUpdate, by: Person, still: bool, minutes: float) -> TrafficUpdate:
    with timing.at(MORNING + timedelta(minutes=minutes)):
        return await opinion(update, by, still)


def opinion(update: TrafficUpdate, by: Person, still: bool) -> Awaitable[TrafficUpdate]:
    return actions.confirm_update(update.id, by) if still else actions.contest_update(update.id, by)


def minutes(update: TrafficUpdate) -> float:
    return (update.expires_at - MORNING).total_seconds() / 60


def test_every_kind_has_a_name_and_a_life() -> None:
    assert set(kinds.NAMES) == set(kinds.LIFETIMES) == set(TrafficKind)


@pytest.mark.parametrize("kind", list(TrafficKind))
async def test_each_kind_stands_for_its_life(kind: TrafficKind) -> None:
    assert (await posted(kind)).row.expires_at == MORNING + kinds.LIFETIMES[kind]


async def test_still_there_lets_it_stand_for_half_a_life_more() -> None:
    [one] = await people(1)
    update = (await posted()).row
    assert minutes(await opine(update, one, True, 10)) == 45, "it would stand as long anyway"
    assert minutes(await opine(update, one, True, 40)) == 62.5


async def test_it_never_stands_longer_than_four_lives() -> None:
    [one] = await people(1)
    update = (await posted()).row
    for at in range(20, 181, 20):
        update = await opine(update, one, True, at - 0.5)
    assert minutes(update) == 180
    with pytest.raises(Conflict):
        await opine(update, one, True, 180)


async def test_two_more_gone_than_still_end_it() -> None:
    one, two, three, four = await people(4)
    update = (await posted()).row
    await opine(update, one, True, 1)
    await opine(update, two, False, 2)
    update = await opine(update, three, False, 3)
    assert (update.still_count, update.gone_count, update.ended) == (1, 2, "")
    update = await opine(update, four, False, 4)
    assert (update.ended, minutes(update)) == ("gone", 4)


async def test_old_opinions_do_not_count_against_it() -> None:
    one, two = await people(2)
    update = (await posted(TrafficKind.FLOOD)).row
    await opine(update, one, False, 1)
    update = await opine(update, two, False, 60 * 3 + 2)
    assert update.ended == ""
    update = await opine(update, one, False, 60 * 3 + 3)
    assert update.ended == "gone"


@pytest.mark.parametrize(
    ("still", "gone", "sure"),
    [(0, 0, "single"), (1, 0, "single"), (2, 0, "confirmed"), (3, 2, "single"), (1, 2, "doubted"), (0, 1, "doubted")],
)
def test_how_sure_we_are(still: int, gone: int, sure: str) -> None:
    assert kinds.certainty(still, gone) == sure


async def test_people_who_speak_at_once_are_all_counted() -> None:
    crowd = await people(8)
    update = (await posted()).row
    with timing.at(MORNING + timedelta(minutes=1)):
        said = (opinion(update, one, n % 2 == 0) for n, one in enumerate(crowd))
        refused = [one for one in await asyncio.gather(*said, return_exceptions=True) if isinstance(one, Exception)]
    update = await TrafficUpdate.get(id=update.id)
    if update.ended:  # more "gone" came first, and whoever came later was told that it is over
        assert all(isinstance(one, Conflict) for one in refused)
    else:
        assert (update.still_count, update.gone_count, refused) == (4, 4, [])
    assert update.still_count == await Confirmation.filter(update_id=update.id, still=True).count()
    assert update.gone_count == await Confirmation.filter(update_id=update.id, still=False).count()


async def test_one_person_twice_at_once_is_one_opinion() -> None:
    [one] = await people(1)
    update = (await posted()).row
    with timing.at(MORNING + timedelta(minutes=1)):
        await asyncio.gather(*(actions.confirm_update(update.id, one) for _ in range(4)))
    assert (await TrafficUpdate.get(id=update.id)).still_count == 1


async def test_sent_twice_at_once_under_one_key_is_one_update() -> None:
    data = UpdateForm(kind=TrafficKind.ICE, text="Bridge", lat=31.19, lon=118.008, client_key="key-of-a-phone")
    codes = SenderCodes(new="7QF3-MWD9-XPA2")
    done = await asyncio.gather(*(actions.post_update(data, NOBODY, codes=codes) for _ in range(4)))
    assert len({one.row.id for one in done}) == 1
    assert {one.receipt for one in done} == {"7QF3-MWD9-XPA2"}
    assert sorted(one.again for one in done) == [False, True, True, True]


async def test_who_may_end_it() -> None:
    one, two = await people(2)
    update = (await posted(by=one)).row
    anonymous = await posted()
    with timing.at(MORNING + timedelta(minutes=1)):
        for viewer in (Viewer.of(NOBODY), Viewer.of(two), Viewer.of(NOBODY, ["0000-0000-0000"])):
            with pytest.raises(NotAllowed):
                await actions.end_update(update.id, viewer)
        assert (await actions.contest_update(update.id, one)).ended == "author"
        assert anonymous.receipt
        assert (await actions.end_update(anonymous.row.id, Viewer.of(two, [anonymous.receipt]))).ended == "author"
        with pytest.raises(Conflict):
            await actions.end_update(anonymous.row.id, Viewer.of(two, [anonymous.receipt]))
        with pytest.raises(NotFound):
            await actions.end_update(update.id + 1000, Viewer.of(one))
        with pytest.raises(NotAllowed):
            await actions.confirm_update(update.id, NOBODY)
