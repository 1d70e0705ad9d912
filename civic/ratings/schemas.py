"""What programs get of services and their ratings."""

from datetime import datetime
from typing import Self

from civic.catalogue.catalogue import ServiceView
from civic.posts.actions import Posted
from civic.posts.schemas import Receipt
from civic.ratings.actions import GivenRating
from civic.ratings.queries import RatingView, ServiceLine, ServicePage
from civic.ratings.stars import StarCounts
from civic.schemas import Schema

Names = dict[str, str]  # language → name


class StarsAnswer(Schema):
    """`shown` is the mean that pages show, moved towards the city's; `counts` are from one star to five."""

    n: int
    mean: float | None
    shown: float | None
    counts: list[int]

    @classmethod
    def of(cls, stars: StarCounts) -> Self:
        return cls(n=stars.n, mean=stars.mean, shown=stars.shrunk, counts=list(stars.counts))


class ServiceAnswer(Schema):
    """A service. `department` is its slug, `online` the address where the service can be had at once."""

    slug: str
    url: str
    names: Names
    department: str | None
    online: str | None
    lat: float | None
    lon: float | None
    stars: StarsAnswer

    @classmethod
    def of(cls, line: ServiceLine) -> "ServiceAnswer":
        service: ServiceView = line.service
        return ServiceAnswer(
            slug=service.slug,
            url=f"/services/{service.slug}",
            names=service.names,
            department=line.department.slug if line.department else None,
            online=service.url or None,
            lat=service.lat,
            lon=service.lon,
            stars=StarsAnswer.of(line.stars),
        )


class ServiceListAnswer(Schema):
    """A page of services; `next` is the `page` of the following one."""

    count: int
    services: list[ServiceAnswer]
    next: int | None


class ReplyAnswer(Schema):
    """An official reply; `names` are the department's."""

    text: str
    at: datetime
    names: Names


class RatingAnswer(Schema):
    """A rating. `author` is null for a resident without a name; `photos` are names."""

    id: int
    post: int
    stars: int
    text: str
    author: str | None
    given_at: datetime
    replaced_at: datetime | None
    votes: int
    comments: int
    photos: list[str]
    replies: list[ReplyAnswer]

    @classmethod
    def of(cls, rating: RatingView) -> "RatingAnswer":
        return RatingAnswer(
            id=rating.id,
            post=rating.post_id,
            stars=rating.stars,
            text=rating.text,
            author=rating.author or None,
            given_at=rating.given_at,
            replaced_at=rating.replaced_at,
            votes=rating.votes,
            comments=rating.comments,
            photos=[one.name for one in rating.photos],
            replies=[ReplyAnswer(text=one.text, at=one.at, names=one.names) for one in rating.replies],
        )


class ServicePageAnswer(ServiceAnswer):
    """A service with its guide (language → part → text or list) and a page of its ratings."""

    guide: dict[str, dict[str, str | list[str]]]
    ratings: list[RatingAnswer]
    next: str | None

    @classmethod
    def of_page(cls, page: ServicePage) -> "ServicePageAnswer":
        ratings = [*([page.opened] if page.opened else []), *page.ratings]
        return cls(
            **dict(ServiceAnswer.of(ServiceLine(page.service, page.department, page.stars))),
            guide=page.service.guide,
            ratings=[RatingAnswer.of(one) for one in ratings],
            next=page.next or None,
        )


class GivenRatingAnswer(RatingAnswer, Receipt):
    """A rating that was just given; `replaced`: an earlier one of the same person does not count any more."""

    url: str
    replaced: bool

    @classmethod
    def of_given(cls, rating: RatingView, posted: Posted[GivenRating]) -> "GivenRatingAnswer":
        return cls(
            **dict(RatingAnswer.of(rating)),
            url=posted.path,
            replaced=posted.row.replaced,
            receipt=posted.receipt,
            again=posted.again,
            held=posted.held,
        )
