"""The router places many cases at once: as it would place each of them, and all or none of them."""

import pytest

from civic.cases import actions
from civic.cases.actions import Placement
from civic.cases.actors import SYSTEM
from civic.cases.history import check_histories
from civic.cases.models import Case
from civic.db import fetch
from civic.errors import Invalid
from tests.builders.town import REASON, Town, at, receive_assigned_case, receive_case
from tests.statements import counting

WHEN = "2026-11-10 09:01"
# Everything that placing a case writes, without ids and what is made of them.
WRITTEN = """
SELECT to_jsonb(c) - '{id,number,head,response_clock_id,resolution_clock_id}'::text[] AS case_file,
       to_jsonb(r) - 'id' AS response, to_jsonb(s) - 'id' AS resolution,
       (SELECT jsonb_agg(to_jsonb(a) - '{id,case_id,response_clock_id,resolution_clock_id}'::text[]
                         || jsonb_build_object('r', to_jsonb(x) - 'id', 's', to_jsonb(y) - 'id') ORDER BY a.part)
        FROM assignment a JOIN clock x ON x.id = a.response_clock_id LEFT JOIN clock y ON y.id = a.resolution_clock_id
        WHERE a.case_id = c.id) AS assignments,
       (SELECT jsonb_agg(to_jsonb(e) - '{id,case_id,hash}'::text[] ORDER BY e.seq)
        FROM case_event e WHERE e.case_id = c.id) AS events,
       (SELECT jsonb_agg(to_jsonb(m) - '{id,key,url}'::text[] || jsonb_build_object(
            'values', m.values - 'number', 'key', ltrim(m.key, 'case:0123456789'),
            'right', m.url = '/desk/cases/' || c.id) ORDER BY m.key)
        FROM message m WHERE m.values ->> 'number' = c.number) AS messages,
       (SELECT array_agg(j.entrypoint ORDER BY j.id) FROM pgqueuer j JOIN case_event e
        ON j.dedupe_key = 'notify:' || e.id WHERE e.case_id = c.id) AS jobs
FROM case_file c JOIN clock r ON r.id = c.response_clock_id JOIN clock s ON s.id = c.resolution_clock_id
WHERE c.id = $1
"""


def make_placements(town: Town) -> list[Placement]:
    return [
        Placement(town.roads.id, REASON),
        Placement(town.roads.id, REASON, support=(town.water.id,), priority="high"),
        Placement(None, {"step": "triage", "why": "no_category"}),
        Placement(town.water.id, REASON, support=(town.water.id, town.roads.id)),
    ]


async def place_alone(case: Case, one: Placement) -> None:
    if one.department_id is None:
        await actions.send_to_triage(case.id, reason=one.reason)
    else:
        await actions.assign(
            case.id, one.department_id, by=SYSTEM, reason=one.reason, support=one.support, priority=one.priority
        )


async def test_many_are_placed_as_each_alone_would_be(town: Town) -> None:
    placements = make_placements(town)
    alone = [await receive_case(town) for _ in placements]
    together = [await receive_case(town) for _ in placements]
    with at(WHEN):
        for case, one in zip(alone, placements, strict=True):
            await place_alone(case, one)
        with counting() as statements:
            placed = await actions.place_received({c.id: one for c, one in zip(together, placements, strict=True)})
    assert placed == [case.id for case in together]
    assert len(statements) <= 5  # one of them lets the others be planned once
    for one, other in zip(alone, together, strict=True):
        [apart], [written] = await fetch(WRITTEN, one.id), await fetch(WRITTEN, other.id)
        for part in apart:
            assert written[part] == apart[part], part
    assert not (await check_histories()).faults


async def test_what_is_wrong_with_one_leaves_all_as_they_were(town: Town) -> None:
    cases = [await receive_case(town) for _ in range(2)]
    before = [await fetch(WRITTEN, case.id) for case in cases]
    with pytest.raises(Invalid):
        await actions.place_received({cases[0].id: make_placements(town)[0], cases[1].id: Placement(10**9, REASON)})
    assert [await fetch(WRITTEN, case.id) for case in cases] == before


async def test_cases_with_a_longer_history_are_left_to_the_single_actions(town: Town) -> None:
    assigned, received = await receive_assigned_case(town), await receive_case(town)
    to_roads = make_placements(town)[0]
    assert await actions.place_received({assigned.id: to_roads, received.id: to_roads, 10**9: to_roads}) == [
        received.id
    ]
    assert await actions.place_received({received.id: to_roads}) == []
