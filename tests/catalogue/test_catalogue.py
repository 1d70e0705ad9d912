"""The catalogue in memory: what is in force, and what left it."""

from civic.catalogue.catalogue import Catalogue, CategoryView, DepartmentView, Question, ServiceView

EVERYWHERE, IN_DISTRICT, WATER = 10, 11, 12  # departments
NOISE, LEAK, NOBODY_S = 20, 21, 22  # categories


def category(id: int, code: str, group: str = "a", retired: bool = False) -> CategoryView:
    return CategoryView(
        id=id, code=code, group_code=group, group={"en": group}, names={"en": code}, descriptions={}, questions=(),
        response_target="1 day", resolution_target="2 days", photo_required=False, evidence_required=False,
        public=True, position=id, retired=retired,
    )  # fmt: skip


def department(id: int, slug: str, parent: int | None = None, retired: bool = False) -> DepartmentView:
    return DepartmentView(id, slug, parent, {"en": slug}, 1, {}, retired)


CATALOGUE = Catalogue(
    every_category=[
        category(NOISE, "noise"),
        category(LEAK, "leak", "b"),
        category(NOBODY_S, "nobody-s"),
        category(29, "old", "c", retired=True),
    ],
    every_department=[
        department(EVERYWHERE, "urban"),
        department(IN_DISTRICT, "urban-old-town", EVERYWHERE),
        department(WATER, "water"),
        department(19, "gone", WATER, retired=True),
    ],
    every_service=[ServiceView(30, "library", {"en": "Library"}, WATER, {}, "", None, None, 0, False)],
)


def test_groups_stand_in_the_order_of_their_first_category() -> None:
    assert [(group.code, [one.code for one in group.categories]) for group in CATALOGUE.groups] == [
        ("a", ["noise", "nobody-s"]),
        ("b", ["leak"]),
    ]


def test_what_left_the_pack_is_found_by_id_only() -> None:
    assert CATALOGUE.category_by_id[29].retired
    assert "old" not in CATALOGUE.category_by_code
    assert CATALOGUE.department_by_id[19].slug == "gone"
    assert "gone" not in CATALOGUE.department_by_slug
    assert [one.slug for one in CATALOGUE.departments] == ["urban", "urban-old-town", "water"]
    assert CATALOGUE.service_by_slug["library"] is CATALOGUE.service_by_id[30]


def test_the_tree_of_departments() -> None:
    assert [one.slug for one in CATALOGUE.children(None)] == ["urban", "water"]
    assert CATALOGUE.below(EVERYWHERE) == {EVERYWHERE, IN_DISTRICT}
    assert CATALOGUE.below(WATER) == {WATER, 19}, "what left the pack still has its cases"


def test_a_question_is_read_as_it_is_stored() -> None:
    stored = {
        "code": "flow",
        "names": {"en": "How much?"},
        "kind": "choice",
        "options": [{"code": "drip", "names": {"en": "Drip"}}],
    }
    question = Question.model_validate(stored)
    assert (question.kind, question.required) == ("choice", False)
    assert question.options[0].names == {"en": "Drip"}
