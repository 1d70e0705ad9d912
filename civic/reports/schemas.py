"""What programs get of reports. Times are UTC; category, department and area are codes of the pack."""

from datetime import datetime
from typing import Literal, Self

from pydantic import ConfigDict, RootModel

from civic.cases.schemas import TimelineEventAnswer
from civic.cases.status import Status
from civic.catalogue.catalogue import Catalogue
from civic.geo.areas import Areas
from civic.media.schemas import PendingPhotoAnswer, PhotoAnswer, PhotoUrl
from civic.posts.actions import Posted
from civic.posts.models import Visibility
from civic.posts.schemas import Receipt
from civic.posts.uploads import Uploads
from civic.reports.actions import NewReport
from civic.reports.forms import Answer
from civic.reports.pages import Appeal, Promise, ReportPage
from civic.reports.queries import ReportCard
from civic.schemas import JsonDocument, Schema
from civic.sla.models import ClockKind as PromiseKind


class ReportBase(Schema):
    """A report with its case's status. `place_names`: the nearest street or place of the gazetteer, in each language.
    `overdue`: what was promised next is late, the `overdue_promise`."""

    id: int
    number: str
    url: str
    status: Status
    overdue: bool
    overdue_promise: PromiseKind | None
    title: str
    text: str
    category: str | None
    department: str | None
    area: str | None
    lat: float
    lon: float
    address: str
    place_names: dict[str, str]
    received_at: datetime
    votes: int
    comments: int


class ReportCardAnswer(ReportBase):
    """A report of a list."""

    due_at: datetime | None
    resolved_at: datetime | None

    @classmethod
    def of(cls, card: ReportCard, catalogue: Catalogue, areas: Areas) -> Self:
        category = catalogue.category_by_id.get(card.category_id or 0)
        department = catalogue.department_by_id.get(card.department_id or 0)
        area = areas.by_id.get(card.area_id or 0)
        return cls(
            id=card.id,
            number=card.number,
            url=f"/reports/{card.id}",
            status=Status(card.status),
            overdue=card.overdue,
            overdue_promise=PromiseKind(card.overdue_promise) if card.overdue else None,
            title=card.heading,
            text=card.text,
            category=category.code if category else None,
            department=department.slug if department else None,
            area=area.slug if area else None,
            lat=card.lat,
            lon=card.lon,
            address=card.address,
            place_names=card.place_names,
            received_at=card.received_at,
            due_at=card.due_at,
            resolved_at=card.resolved_at,
            votes=card.votes_count,
            comments=card.comments_count,
        )


class ReportListAnswer(Schema):
    """A page of reports. `count` is at most 10,001, which means more; `next` is the `page` of the following one.

    `catching_up`: about how many changes a search for words (`q`) lacks for now; 0 in everyday operation.
    """

    count: int
    reports: list[ReportCardAnswer]
    next: str | None
    catching_up: int


class PromiseAnswer(Schema):
    """What was promised: when it is due (null while paused, and until a department is found), and when it was kept.

    `computed`: afterwards, by today's targets, for history from another system: nobody promised it.
    """

    due_at: datetime | None
    kept_at: datetime | None
    paused: bool
    late: bool
    computed: bool

    @classmethod
    def of(cls, promise: Promise) -> Self:
        return cls(
            due_at=promise.due_at,
            kept_at=promise.kept_at,
            paused=promise.paused,
            late=promise.late,
            computed=promise.computed,
        )


class HistoryStateAnswer(Schema):
    """The state of a case's history, to keep: its number, how many events there are, the latest hash (hexadecimal)."""

    case: str
    events: int
    head: str


class AppealAnswer(Schema):
    """An appeal against a decline, or against a resolution that was disputed once more."""

    against: Literal["decline", "resolution"]
    made_at: datetime
    due_at: datetime
    outcome: Literal["open", "upheld", "rejected"]

    @classmethod
    def of(cls, appeal: Appeal) -> Self:
        return cls.model_validate(
            {
                "against": appeal.against,
                "made_at": appeal.made_at,
                "due_at": appeal.due_at,
                "outcome": appeal.outcome or "open",
            }
        )


class ReportAnswer(ReportBase):
    """A report's page: its answers by the code of the question, its photos, promises ("response", "resolution"), its
    public history and the state of it, and in `actions` what the caller may send now to /reports/ID/NAME.
    `asset`: the number of the thing that it names. `located_by`: pin, device, photo, address or asset; `accuracy`:
    metres within which the device knew the place; `shape`: a GeoJSON LineString or Polygon, where the category asks
    for one.
    `source_url`: its page in the system that it was imported from, as that system says.

    Of the history the newest lines, or those before the parameter `before`; `earlier` is the next value of it.
    """

    source_url: str | None
    located_by: str
    accuracy: int | None
    shape: JsonDocument | None
    asset: str | None
    answers: dict[str, Answer]
    visibility: Visibility
    photos: list[PhotoAnswer]
    promises: dict[str, PromiseAnswer]
    appeal: AppealAnswer | None
    actions: list[str]
    timeline: list[TimelineEventAnswer]
    earlier: int | None
    history: HistoryStateAnswer

    @classmethod
    def of(cls, page: ReportPage, url: PhotoUrl) -> "ReportAnswer":
        report, case, post = page.report, page.case, page.post
        return ReportAnswer(
            id=report.id,
            number=case.number,
            url=post.path,
            status=case.status,
            overdue=page.overdue,
            overdue_promise=PromiseKind(page.overdue_promise) if page.overdue else None,
            title=page.heading,
            text=post.text,
            category=page.category.code if page.category else None,
            department=page.department.slug if page.department else None,
            area=page.areas[0].slug if page.areas else None,
            lat=report.lat,
            lon=report.lon,
            address=report.address,
            place_names=report.place_names,
            located_by=report.located_by,
            accuracy=report.accuracy,
            shape=JsonDocument.model_validate(report.shape) if report.shape else None,
            source_url=post.source_url or None,
            asset=page.asset.code if page.asset else None,
            answers=report.answers,
            visibility=post.visibility,
            received_at=case.received_at,
            votes=post.votes_count,
            comments=post.comments_count,
            photos=[PhotoAnswer.of(one, url) for one in page.photos],
            promises={one.kind: PromiseAnswer.of(one) for one in page.promises},
            appeal=AppealAnswer.of(page.appeal) if page.appeal else None,
            actions=page.do.names,
            timeline=[TimelineEventAnswer.of(one) for one in page.timeline.lines],
            earlier=page.timeline.earlier,
            history=HistoryStateAnswer.model_validate(page.history),
        )


class PostedReportAnswer(ReportAnswer, Receipt):
    """A report that was just posted."""

    @classmethod
    def of_posted(cls, page: ReportAnswer, posted: Posted[NewReport]) -> "PostedReportAnswer":
        return cls(**dict(page), receipt=posted.receipt, again=posted.again, held=posted.held)


class UploadedPhotosAnswer(Schema):
    """Photos sent ahead, with `errors`: messages by field.

    `position` is [lat, lon] of the first that was taken in the city; `elsewhere`: one was taken outside of it.
    """

    photos: list[PendingPhotoAnswer]
    position: tuple[float, float] | None
    elsewhere: bool
    errors: dict[str, str]

    @classmethod
    def of(cls, uploads: Uploads) -> "UploadedPhotosAnswer":
        return cls(
            photos=[PendingPhotoAnswer(name=one.name, width=one.width, height=one.height) for one in uploads.photos],
            position=uploads.places.position[:2] if uploads.places.position else None,
            elsewhere=uploads.places.elsewhere,
            errors={name: str(text) for name, text in uploads.errors.items()},
        )


class QuestionsAnswer(RootModel[dict[str, str]]):
    """The questions of each category by its code, as HTML."""

    model_config = ConfigDict(frozen=True)


class ReportPin(Schema):
    """A report on the map; `look` is the look of its pin, `status_label`, `place` and `photo` stand on its card.

    Pins of one `stack` lie on one another: the map shows them as one, with their number.
    """

    id: int
    lat: float
    lon: float
    status: Status
    status_label: str
    overdue: bool
    look: str
    heading: str
    place: str
    photo: str | None
    supporters: int = 0
    stack: int = 0


class AreaCount(Schema):
    """How many reports lie in an area and in all below it, and how many of them are overdue."""

    area: str  # its slug
    name: str
    level: int
    count: int
    overdue: int


class AreaCountsAnswer(Schema):
    """Areas from the city down, each before those below it; `outside`: reports of no area of today."""

    areas: list[AreaCount]
    outside: int = 0


class ReportCluster(Schema):
    lat: float
    lon: float
    count: int
    overdue: int


class ReportMapAnswer(Schema):
    """Pins or, where there are many reports, clusters."""

    has_plain_values = True

    pins: list[ReportPin] = []
    clusters: list[ReportCluster] = []
