"""Names that only the city and its departments may bear, however they are written."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

# Letters that look like another, of those in which names of cities are written (from Unicode's confusables, TR39).
_LOOKALIKES = str.maketrans(
    {
        **dict(zip("авекмнорстухіјѕԁԛԝһҽгґпѵ", "abekmhopctyxijsdqwherrnv", strict=True)),
        **dict(zip("αβγδεηικνορτυχωϲϳ", "abydenikvoptuxwcj", strict=True)),
        **dict(zip("ıɩłøđħŧɑɡɪʟɴʀʏ", "iilodhtagilnry", strict=True)),
        **dict(zip("i1|!05$@348", "llllossaeab", strict=True)),
    }
)
MIN_CONTAINED_CHARS = 8  # of a name that nobody's name may contain; a shorter one ("Parks") may be anybody's


@dataclass(frozen=True)
class CityWords:
    """The words of the city that accounts have to know: its and its departments' names, and words that claim office."""

    names: Sequence[str] = ()
    official: Sequence[str] = ()


ReadCityWords = Callable[[], Awaitable[CityWords]]
_read: ReadCityWords | None = None


def set_city_words(read: ReadCityWords) -> None:
    """Where the words are read, which stand below accounts in the listing; every program sets it once, at its start."""
    global _read
    _read = read


async def city_words() -> CityWords:
    """The words of this city."""
    if _read is None:
        raise RuntimeError("This program names people and has not called set_city_words.")
    return await _read()


def fold_name(text: str) -> list[str]:
    """The words of a name without what makes it only look different: case, width, accents, look-alike letters."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LOOKALIKES)
    plain = "".join(c for c in unicodedata.normalize("NFKD", folded) if unicodedata.category(c)[0] not in "MC")
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", plain.translate(_LOOKALIKES)))


def sounds_official(name: str, words: CityWords) -> bool:
    """Whether a name is the city's or a department's, contains a long one, or has a word that claims an office."""
    said = fold_name(name)
    together = "".join(said)
    for parts in filter(None, map(fold_name, words.names)):
        one = "".join(parts)
        if together == one or (_is_unmistakable(parts) and one in together):
            return True
    return any(_claims(said, together, parts) for parts in filter(None, map(fold_name, words.official)))


def _is_unmistakable(parts: Sequence[str]) -> bool:
    """Nobody is called so by chance: several words, or a name of four Chinese characters."""
    one = "".join(parts)
    return (len(parts) > 1 and len(one) >= MIN_CONTAINED_CHARS) or (_is_wide(one) and len(one) >= 4)


def _claims(said: Sequence[str], together: str, parts: Sequence[str]) -> bool:
    """A word of an office stands in the name; in Chinese, where words have no borders, anywhere in it."""
    if _is_wide("".join(parts)):
        return "".join(parts) in together
    return any(list(said[at : at + len(parts)]) == list(parts) for at in range(len(said)))


def _is_wide(text: str) -> bool:
    return any(unicodedata.east_asian_width(c) in "WF" for c in text)


def words_of(names: Iterable[str]) -> list[str]:
    """Names and their single words, for judging a password."""
    return [word for name in names for word in (name, *re.findall(r"\w{2,}", name))]
