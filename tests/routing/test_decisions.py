"""Where reports go: the order of the steps, the nearest area, suggestions, and rules that fail."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from shapely.geometry import box, mapping

from civic import cache, timing
from civic.catalogue.models import Calendar, Category, CategoryDepartment, Department
from civic.city.models import City
from civic.geo.models import Area
from civic.i18n import use_language
from civic.notifications.models import Message
from civic.routing.actions import record_faults
from civic.routing.models import Rule, RuleFault
from civic.routing.queries import Facts, decide, explain

FACTS = Facts("pothole", ("harbour", "east", "city"), "A hole.", {}, "web", datetime(2026, 11, 14, 19, tzinfo=UTC))
WEEKLY = {"0": [["09:00", "17:00"]]}


class Place:
    """Two districts and a harbour in the east; roads everywhere, port for the harbour; water and parks besides."""

    departments: dict[str, Department]

    async def make(self) -> "Place":
        await City.create(
            id=1,
            names={"en": "Town"},
            languages=["en", "zh"],
            zone="Asia/Shanghai",
            settings={},
            pack_hash="",
            loaded_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        calendar = await Calendar.create(slug="week", zone="Asia/Shanghai", spec={"weekly": WEEKLY})
        self.areas: dict[str, Area] = {}
        for slug, parent, x in (("city", None, 0), ("east", "city", 0), ("west", "city", 5), ("harbour", "east", 0)):
            self.areas[slug] = await Area.create(
                slug=slug,
                parent=self.areas[parent] if parent else None,
                level=0 if parent is None else 2 if parent == "east" else 1,
                names={"en": slug.title(), "zh": f"{slug}区"},
                geometry=mapping(box(x, 0, x + 1, 1)),
            )
        self.departments = {
            slug: await Department.create(slug=slug, names={"en": slug.title(), "zh": f"{slug}局"}, calendar=calendar)
            for slug in ("roads", "port", "water", "parks")
        }
        await self.category("pothole", "ground", {None: "roads", "harbour": "port"}, zh="坑洞")
        await self.category("kerb", "ground", {None: "parks"})
        await self.category("leak", "pipes", {None: "water"}, zh="漏水")
        await self.category("drain", "pipes", {None: "water"})
        await self.category("slide", "ground", {})
        cache.clear_caches()
        return self

    async def category(self, code: str, group: str, given: dict[str | None, str], zh: str = "") -> None:
        category = await Category.create(
            code=code,
            names={"en": code.title(), "zh": zh or code},
            group_code=group,
            response_target="1 days",
            resolution_target="5 days",
        )
        for area, department in given.items():
            await CategoryDepartment.create(
                category=category,
                area=self.areas[area] if area else None,
                department=self.departments[department],
            )

    async def rule(self, slug: str, condition: str, department: str, **more: Any) -> None:
        await Rule.create(
            slug=slug,
            names={"en": f"{slug} rule", "zh": f"{slug}规则"},
            position=await Rule.all().count(),
            condition=condition,
            department=self.departments[department],
            **more,
        )
        cache.clear_caches()


@pytest.fixture
async def place(database: str) -> Place:
    return await Place().make()


async def test_the_nearest_area_that_has_a_department(place: Place) -> None:
    decision = await decide(FACTS)
    assert (decision.department_id, decision.step) == (place.departments["port"].id, "category")
    assert explain(decision.reason) == "Reports of “Pothole” in Harbour go to Port."
    elsewhere = await decide(replace(FACTS, areas=("west", "city")))
    assert elsewhere.department_id == place.departments["roads"].id
    assert explain(elsewhere.reason) == "Reports of “Pothole” go to Roads."
    with use_language("zh"):
        assert explain(decision.reason) == "harbour区的“坑洞”类问题由port局负责。"


@pytest.mark.parametrize(
    ("category", "areas", "department"),
    [
        ("pothole", ("harbour", "east", "city"), "port"),  # the nearest area above that has one
        ("pothole", ("west", "city"), "roads"),
        ("pothole", (), "roads"),
        ("flood", ("harbour", "east", "city"), "water"),
        ("flood", ("west",), None),  # only within the city
        ("slide", ("harbour", "east", "city"), None),
        (None, ("harbour", "east", "city"), None),
    ],
)
async def test_who_gets_what_where(
    place: Place, category: str | None, areas: tuple[str, ...], department: str | None
) -> None:
    await place.category("flood", "pipes", {"city": "water"})
    cache.clear_caches()
    decision = await decide(replace(FACTS, category=category, areas=areas))
    assert decision.department_id == (place.departments[department].id if department else None)


async def test_rules_come_first_in_their_order(place: Place) -> None:
    await place.rule("night", "hour >= 22", "water")
    await place.rule("east", 'area == "east"', "parks", support=["port", "parks", "gone"], priority="high")
    await place.rule("all", "hour >= 0", "roads")
    decision = await decide(FACTS)
    assert (decision.department_id, decision.step) == (place.departments["parks"].id, "rule")
    assert decision.support == (place.departments["port"].id,)
    assert decision.priority == "high"
    assert explain(decision.reason) == "By the city's rule “east rule”."
    assert decision.reason["condition"] == 'area == "east"'
    late = await decide(replace(FACTS, at=datetime(2026, 11, 14, 23, tzinfo=UTC)))
    assert late.reason["rule"] == "night"
    await Rule.filter(slug="east").update(retired_at=timing.now())
    cache.clear_caches()
    assert (await decide(FACTS)).reason["rule"] == "all"


async def test_triage_suggests_by_words_then_by_group_then_by_place(place: Place) -> None:
    decision = await decide(replace(FACTS, category=None, text="门口漏水了", areas=("west", "city")))
    assert (decision.department_id, decision.step) == (None, "triage")
    assert explain(decision.reason) == "No category was chosen and no rule applies, so a dispatcher decides."
    assert [one["department"]["slug"] for one in decision.suggestions] == ["water", "parks", "roads"]
    assert decision.suggestions[0]["category"]["code"] == "leak"
    assert decision.suggestions[1]["category"] is None
    nowhere = await decide(replace(FACTS, category="slide", text="Broken."))
    assert nowhere.step == "triage"
    assert [one["department"]["slug"] for one in nowhere.suggestions] == ["parks", "port", "water"]
    assert "No department is set" in explain(nowhere.reason)
    assert nowhere.reason["suggestions"] == list(nowhere.suggestions)


async def test_the_same_facts_give_the_same_decision(place: Place) -> None:
    facts = replace(FACTS, category=None)
    first = await decide(facts)
    cache.clear_caches()
    assert await decide(facts) == first


async def test_departments_that_left_the_pack_get_nothing(place: Place) -> None:
    await place.rule("east", 'area == "east"', "parks")
    await Department.filter(slug__in=["parks", "port"]).update(retired_at=timing.now())
    cache.clear_caches()
    decision = await decide(FACTS)
    assert decision.department_id == place.departments["roads"].id
    assert [fault.slug for fault in decision.faults] == ["east"]


async def test_a_rule_that_fails_is_skipped_kept_and_told_once_a_day(place: Place) -> None:
    await place.rule("deep", "answers.depth > 10", "water")
    await place.rule("broken", "categry ==", "water")
    facts = replace(FACTS, answers={"depth": "very, call me at 555-0100"})
    for day in (14, 14, 15):
        with timing.at(datetime(2026, 11, day, 12, tzinfo=UTC)):
            decision = await decide(facts)
            assert decision.department_id == place.departments["port"].id
            assert [fault.slug for fault in decision.faults] == ["deep", "broken"]
            await record_faults(decision, facts)
    assert await RuleFault.all().count() == 6
    assert await Message.filter(role="admin", kind="rule_fault").count() == 4
    for fault in await RuleFault.all():
        assert "555" not in f"{fault.error}{fault.context}"
    await Rule.filter(slug="deep").update(retired_at=None)
    assert await Rule.filter(retired_at=None).count() == 2
