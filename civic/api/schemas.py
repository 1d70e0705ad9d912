"""What a client needs to start: the city, its categories, departments and services."""

from civic.schemas import Schema

Names = dict[str, str]
"""A name by language code."""


class PointAnswer(Schema):
    """WGS-84 degrees."""

    lat: float
    lon: float


class QuestionOptionAnswer(Schema):
    code: str
    names: Names


class CategoryQuestionAnswer(Schema):
    """`kind` is text, number, choice, choices, yes_no or date.

    It is asked only after one of the answers that `when` has for each question; of an empty one always.
    """

    code: str
    names: Names
    kind: str
    required: bool
    options: list[QuestionOptionAnswer]
    when: dict[str, list[str]]


class CategoryGroupAnswer(Schema):
    code: str
    names: Names


class HelperAnswer(Schema):
    """Who handles a kind of problem that is not the city's: reports of it are refused."""

    names: Names
    text: Names
    phone: str
    url: str


class CategoryAnswer(Schema):
    """A kind of problem. The targets `response` and `resolution` are texts such as "3 working days".

    `shape` is point, line or area: how its reports may say where they are.
    """

    code: str
    names: Names
    group: CategoryGroupAnswer
    descriptions: Names
    photo_required: bool
    public: bool
    response: str
    resolution: str
    questions: list[CategoryQuestionAnswer]
    shape: str
    instead: HelperAnswer | None


class SlugAnswer(Schema):
    """A department or a service, by the slug that addresses and filters use."""

    slug: str
    names: Names


class CityAnswer(Schema):
    """`danger_words` are those of a text after which a client shows `emergency_phone` before it sends anything.

    `bbox` is west, south, east, north in WGS-84 degrees; the first of `languages` is the default."""

    name: Names
    languages: list[str]
    zone: str
    phone: str
    emergency_phone: str
    danger_words: list[str]
    bbox: tuple[float, float, float, float]
    centre: PointAnswer
    categories: list[CategoryAnswer]
    departments: list[SlugAnswer]
    services: list[SlugAnswer]
