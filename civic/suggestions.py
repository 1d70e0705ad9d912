"""The nearest right name for one that is wrong: a setting, a key, a column, a code."""

import difflib
from collections.abc import Iterable

from civic.i18n import gettext as _

MIN_SIMILARITY = 0.5  # as difflib measures it: 1 is the same
MAX_LISTED_NAMES = 12


# Names that people know from elsewhere, and that look like none of ours.
OTHER_NAMES = {
    **{"tel": "phone", "telephone": "phone", "mobile": "phone", "mail": "email", "e-mail": "email"},
    **{"web": "url", "website": "url", "homepage": "url", "link": "url", "title": "names", "label": "names"},
}


def nearest_name(name: str, right: Iterable[str]) -> str | None:
    """The right name that `name` is most like; None if it is like none of them."""
    right = list(right)
    if OTHER_NAMES.get(name.lower()) in right:
        return OTHER_NAMES[name.lower()]
    near = difflib.get_close_matches(name, sorted(right), n=1, cutoff=MIN_SIMILARITY)
    return near[0] if near else None


def did_you_mean(name: str, right: Iterable[str]) -> str:
    """A sentence that names the nearest right name, after a space; "" if none is near."""
    near = nearest_name(name, right)
    return " " + _("Did you mean %(name)s?", name=near) if near else ""


def name_one_of(name: str, right: Iterable[str]) -> str:
    """A sentence that names the nearest right name, else some of those that there are; after a space."""
    names = sorted(right)
    listed = ", ".join(names[:MAX_LISTED_NAMES]) or "—"
    return did_you_mean(name, names) or " " + _("There is: %(names)s.", names=listed)


def unknown_name(name: str, right: Iterable[str]) -> str:
    """The message for a name that does not exist, with what was probably meant."""
    return _("There is no “%(name)s”.", name=name) + name_one_of(name, right)
