"""What triage suggests from everyday words, by the categories of the demo's pack, in both languages."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from civic.routing.queries import Facts, decide
from tests.builders.riverside import database_dsn, empty, riverside

__all__ = ["database_dsn", "empty", "riverside"]
pytestmark = pytest.mark.usefixtures("riverside")
FACTS = Facts(None, ("bell-tower", "riverside"), "", {}, "web", datetime(2026, 11, 14, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "code", "department"),
    [
        ("桥头路面有个大坑", "pothole", "roads"),
        ("晚上这里黑得吓人", "street-light", "lighting"),
        ("晚上这里黑得吓人，是不是该有人管管？", "street-light", "lighting"),
        ("Deep pothole in the bus lane, buses swerve into the cycle lane.", "pothole", "roads"),
        ("It is pitch dark on the footpath, three lamps are out", "street-light", "lighting"),
        ("井盖没了，好危险", "manhole", "drainage"),
        ("大风刮断了树枝", "tree", "parks"),
        ("A tree fell on the path", "tree", "parks"),
        ("两天没来收垃圾了", "missed-collection", "sanitation"),
        ("家里的自来水发黄，能喝吗", "water-quality", "water"),
        ("Somebody dumped an old sofa", "dumping", "sanitation"),
        ("公交站旁边一直有人乱停车", "illegal-parking", "traffic-police"),
        ("红绿灯坏了", "traffic-light", "traffic-police"),
        ("The traffic light stays red for ever", "traffic-light", "traffic-police"),
    ],
)
async def test_everyday_words_lead_to_the_department(text: str, code: str, department: str) -> None:
    decision = await decide(replace(FACTS, text=text))
    assert decision.step == "triage"
    first = decision.suggestions[0]
    assert (first["category"]["code"], first["department"]["slug"]) == (code, department)  # type: ignore[index]


async def test_a_text_that_says_nothing_gives_the_departments_of_the_place() -> None:
    decision = await decide(replace(FACTS, text="在哪里？"))
    assert len(decision.suggestions) == 3
    assert [one["category"] for one in decision.suggestions] == [None, None, None]
