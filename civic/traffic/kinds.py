"""What happens on roads, how long an update of each kind stands, and how opinions change that.

This table is the rule; docs/traffic.md explains it. A kind's *life* is how long such a thing usually lasts: an update
leaves the board after it, unless somebody says that it is still there.
"""

from datetime import datetime, timedelta

from civic.i18n import lazy as _
from civic.traffic.models import TrafficKind

NAMES = {
    TrafficKind.JAM: _("Traffic jam"),
    TrafficKind.ACCIDENT: _("Accident"),
    TrafficKind.CLOSURE: _("Road closed"),
    TrafficKind.ROADWORKS: _("Roadworks"),
    TrafficKind.FLOOD: _("Flooded road"),
    TrafficKind.ICE: _("Ice or snow"),
    TrafficKind.OBSTACLE: _("Something on the road"),
    TrafficKind.SIGNAL: _("Traffic lights out"),
}
LIFETIMES = {
    TrafficKind.JAM: timedelta(minutes=45),
    TrafficKind.ACCIDENT: timedelta(minutes=90),
    TrafficKind.CLOSURE: timedelta(hours=12),
    TrafficKind.ROADWORKS: timedelta(days=7),
    TrafficKind.FLOOD: timedelta(hours=6),
    TrafficKind.ICE: timedelta(hours=6),
    TrafficKind.OBSTACLE: timedelta(hours=2),
    TrafficKind.SIGNAL: timedelta(hours=12),
}
EXTENSION_SHARE = 0.5  # "still there" keeps an update for at least this share of its life, from that moment …
MAX_LIFETIMES = 4  # … but never longer than this many lives after it was posted
GONE_MAJORITY = 2  # it ends when "gone" exceeds "still there" by this many, among the opinions …
RECENT_SHARE, MIN_RECENT = 0.5, timedelta(minutes=30)  # … of this share of its life, and at least of this time
CONFIRMED_MAJORITY = 2  # it is confirmed when "still there" exceeds "gone" by this many


def first_expiry(kind: TrafficKind, posted: datetime) -> datetime:
    """When an update ends if nobody says anything."""
    return posted + LIFETIMES[kind]


def extend_expiry(kind: TrafficKind, posted: datetime, expires: datetime, now: datetime) -> datetime:
    """When it ends after somebody said *still there*; never earlier than before."""
    life = LIFETIMES[kind]
    return max(expires, min(now + EXTENSION_SHARE * life, posted + MAX_LIFETIMES * life))


def recent_since(kind: TrafficKind, now: datetime) -> datetime:
    """Opinions since this instant decide whether it is gone."""
    return now - max(RECENT_SHARE * LIFETIMES[kind], MIN_RECENT)


def certainty(still: int, gone: int) -> str:
    """How sure we are: confirmed, doubted, or single (so far only its author says so)."""
    if gone > still:
        return "doubted"
    return "confirmed" if still - gone >= CONFIRMED_MAJORITY else "single"
