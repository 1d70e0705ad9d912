"""The ids of a page: each there once, and each that a link, a label or a description names there at all."""

import re
from collections import Counter

NAMED = re.compile(r' (?:href="#|for="|aria-labelledby="|aria-describedby=")([^"]+)"')


def find_wrong_ids(page: str) -> list[str]:
    """What is twice there, and what is named and not there."""
    ids = Counter(re.findall(r' id="([^"]+)"', page))
    named = {word for match in NAMED.findall(page) for word in match.split()}
    return sorted([one for one, count in ids.items() if count > 1] + [one for one in named if one not in ids])
