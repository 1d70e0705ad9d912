"""What programs get of the traffic board. Times are UTC."""

from datetime import datetime
from typing import Literal, Self

from civic.media.schemas import PhotoAnswer, PhotoUrl
from civic.posts.actions import Posted
from civic.posts.schemas import Receipt
from civic.schemas import Schema
from civic.traffic.models import TrafficKind, TrafficUpdate
from civic.traffic.queries import UpdatePage, UpdateView


class UpdateAnswer(Schema):
    """An update. `still` and `gone` are numbers of opinions; `ended`: before its time, by opinions or its author."""

    id: int
    url: str
    kind: TrafficKind
    text: str
    lat: float
    lon: float
    place: str
    still: int
    gone: int
    sure: Literal["confirmed", "doubted", "single"]
    created_at: datetime
    expires_at: datetime
    live: bool
    ended: Literal["gone", "author"] | None
    votes: int
    comments: int

    @classmethod
    def of(cls, update: UpdateView) -> Self:
        return cls.model_validate(
            {name: getattr(update, name) for name in UpdateAnswer.model_fields if hasattr(update, name)}
            | {"url": f"/traffic/{update.id}", "place": update.where, "ended": update.ended or None}
        )


class BoardAnswer(Schema):
    """A page of the board; `next` is the `page` of the following one."""

    count: int
    updates: list[UpdateAnswer]
    next: str | None


class UpdatePageAnswer(UpdateAnswer):
    photos: list[PhotoAnswer]

    @classmethod
    def of_page(cls, page: UpdatePage, url: PhotoUrl) -> "UpdatePageAnswer":
        return UpdatePageAnswer(
            **dict(UpdateAnswer.of(page.update)), photos=[PhotoAnswer.of(one, url) for one in page.photos]
        )


class PostedUpdateAnswer(UpdatePageAnswer, Receipt):
    """An update that was just posted."""

    @classmethod
    def of_posted(cls, page: UpdatePageAnswer, posted: Posted[TrafficUpdate]) -> "PostedUpdateAnswer":
        return cls(**dict(page), receipt=posted.receipt, again=posted.again, held=posted.held)


class UpdatePin(Schema):
    """An update on the map; `look` is the look of its pin. Those of one `stack` lie on one another."""

    id: int
    url: str
    lat: float
    lon: float
    kind: TrafficKind
    look: str
    heading: str
    stack: int = 0


class UpdateCluster(Schema):
    lat: float
    lon: float
    count: int


class TrafficMapAnswer(Schema):
    """Pins or, where there are many updates, clusters."""

    pins: list[UpdatePin] = []
    clusters: list[UpdateCluster] = []
