"""The words of the public index, and which of them a mistyped word may have meant.

A word of at least five letters may have one typing error: a letter too many, missing, wrong, or swapped with its
neighbour. In a word of four letters only two neighbours may be swapped, as too many short words differ by one letter.
A word of at least eight letters may have two errors, but none in the first three letters. Numbers and Chinese are taken
as they were typed.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from rapidfuzz.distance import OSA

from civic.db import execute, fetch, in_transaction, retry_transaction, try_advisory_lock
from civic.search.postgres.sql import COUNT_WORDS, COUNTED_WORDS, GONE, STEMS
from civic.search.text import IS_CJK

# Letters of a word that may have two letters swapped, one typing error, two.
MIN_SWAP_CHARS, MIN_ONE_TYPO_CHARS, MIN_TWO_TYPO_CHARS = 4, 5, 8
FIXED_CHARS = 3  # first letters that are right where there are two errors
# An existing word is corrected only to one that is at least this many times as frequent.
MIN_TIMES_COMMONER = 8
MAX_CORRECTIONS = 3
LAST_CHAR = "\U0010ffff"  # no text that begins with a word comes after the word and this
MIN_FREQUENT_DOCUMENTS = 100  # documents of a word that the index search_word_frequent has
MAX_FREQUENT_WORDS = 16  # frequent words with one beginning
MAX_PREFIX_WORDS = 2000  # that begin with one word, and are counted
MAX_NUMBER_CHARS = 4  # characters of a word with digits that is kept
MAX_WORD_CHARS = 40  # letters of a word that is kept
# The letters of each script: an error within a word is a letter of the same script.
SCRIPTS = ("abcdefghijklmnopqrstuvwxyz", "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ", "αβγδεζηθικλμνξοπρσςτυφχψω")


async def document_counts(words: Iterable[str]) -> dict[str, int]:
    """The words that occur, each with about the number of documents that have it."""
    asked = list(words)
    if not asked:
        return {}
    rows = await fetch(COUNTED_WORDS, asked)
    return {row["word"]: row["documents"] for row in rows}


async def word_and_prefix_counts(words: Iterable[str]) -> dict[str, tuple[int, int]]:
    """For each word: about how many documents have it, and how many have words that begin with it."""
    rows = await fetch(
        "SELECT given AS word, (SELECT documents FROM search_word WHERE word = given) AS itself,"
        " (SELECT sum(documents) FROM (SELECT documents FROM search_word"
        "  WHERE word >= given AND word < given || $2 LIMIT $3) x) AS beginning FROM unnest($1::text[]) AS given",
        list(words),
        LAST_CHAR,
        MAX_PREFIX_WORDS,
    )
    return {row["word"]: (row["itself"] or 0, int(row["beginning"] or 0)) for row in rows}


async def find_stems(words: Iterable[str]) -> dict[str, str]:
    """What is left of English words without their endings; words that have none are left out."""
    asked = list(words)
    if not asked:
        return {}
    return {row["word"]: row["stem"] for row in await fetch(STEMS, asked) if row["stem"] and row["stem"] != row["word"]}


async def frequent_words(beginnings: Iterable[str]) -> dict[str, list[str]]:
    """The most frequent words that begin so."""
    found: dict[str, list[str]] = {}
    rows = await fetch(
        "SELECT given, x.word FROM unnest($1::text[]) AS given CROSS JOIN LATERAL"
        f" (SELECT word, documents FROM search_word WHERE documents >= {MIN_FREQUENT_DOCUMENTS} AND word >= given"
        "  AND word < given || $2 ORDER BY documents DESC, word LIMIT $3) x",
        list(beginnings),
        LAST_CHAR,
        MAX_FREQUENT_WORDS,
    )
    for row in rows:
        found.setdefault(row["given"], []).append(row["word"])
    return found


async def find_corrections(words: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Corrections of words, which are given with their numbers of documents; the likeliest first, with its number."""
    slipped = {word: one_typo_variants(word) for word in words if may_be_typo(word)}
    near = await document_counts({slip for some in slipped.values() for slip in some})
    found = {}
    for word, some in slipped.items():
        one = _likely({slip: near[slip] for slip in some if slip in near}, words[word])
        if not one and len(word) >= MIN_TWO_TYPO_CHARS:
            one = _likely(await _two_slips(word), words[word])
        if one:
            found[word] = one
    return found


def may_be_typo(word: str) -> bool:
    return MIN_SWAP_CHARS <= len(word) <= MAX_WORD_CHARS and word.isalpha() and not IS_CJK.match(word)


def _likely(found: dict[str, int], documents: int) -> dict[str, int]:
    enough = max(1, documents * MIN_TIMES_COMMONER)
    ranked = sorted(((n, word) for word, n in found.items() if n >= enough), key=lambda one: (-one[0], one[1]))
    return {word: n for n, word in ranked[:MAX_CORRECTIONS] if n * 50 >= ranked[0][0]}


def one_typo_variants(word: str) -> set[str]:
    """Every text that differs from a word by one typing error."""
    letters = next((script for script in SCRIPTS if word[0] in script), "".join(sorted(set(word))))
    parts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    found = {a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1}
    if len(word) < MIN_ONE_TYPO_CHARS:
        return found - {word}
    found |= {a + b[1:] for a, b in parts if b}
    found |= {a + c + b[1:] for a, b in parts if b for c in letters}
    found |= {a + c + b for a, b in parts for c in letters}
    return found - {word}


async def _two_slips(word: str) -> dict[str, int]:
    rows = await fetch(
        "SELECT word, documents FROM search_word WHERE word >= $1 AND word < $2 AND length(word) BETWEEN $3 AND $4",
        word[:FIXED_CHARS],
        word[: FIXED_CHARS - 1] + chr(ord(word[FIXED_CHARS - 1]) + 1),
        len(word) - 2,
        len(word) + 2,
    )
    near = (row for row in rows if 0 < OSA.distance(word, row["word"], score_cutoff=2) <= 2)
    return {row["word"]: row["documents"] for row in near}


async def find_prefix_corrections(word: str) -> dict[str, int]:
    """Corrections of the beginning of a word by one typing error: other beginnings, the likeliest first."""
    if not may_be_typo(word):
        return {}
    rows = await fetch(
        "SELECT slip, x.n FROM unnest($1::text[]) AS slip CROSS JOIN LATERAL"
        " (SELECT max(documents) AS n FROM (SELECT documents FROM search_word"
        "  WHERE word >= slip AND word < slip || $2 LIMIT 20) y) x WHERE x.n IS NOT NULL",
        [one for one in one_typo_variants(word) if len(one) >= MIN_SWAP_CHARS],
        LAST_CHAR,
    )
    return _likely({row["slip"]: row["n"] for row in rows}, 0)


async def add_words(lexemes: Iterable[str]) -> None:
    """Add words that occur, in the transaction in hand. How often they do is counted now and then (`count_words`)."""
    await execute(
        "INSERT INTO search_word (word) SELECT new.word FROM string_to_table($1, ' ') AS new (word)"
        " WHERE NOT EXISTS (SELECT FROM search_word WHERE word = new.word) ON CONFLICT DO NOTHING",
        " ".join(sorted(filter(is_kept, lexemes))),  # quicker than an array: the driver looks at each value of one
    )


@lru_cache(maxsize=50_000)
def is_kept(lexeme: str) -> bool:
    """Whether the vocabulary keeps it. Not long numbers: there are more of them than words, and each is rare."""
    return 1 < len(lexeme) <= MAX_WORD_CHARS and (len(lexeme) <= MAX_NUMBER_CHARS or not any(map(str.isdigit, lexeme)))


MAX_COUNTED_DOCUMENTS = 200_000  # documents up to which every one is looked at; of more, a sample


LOCK = "civic.search.words"


@retry_transaction
async def count_words() -> None:
    """Count how many documents have each word; in a large index by a sample, which may miss rare words.

    Words that no document has any more are dropped if all documents were looked at. One process counts at a time.
    """
    async with in_transaction():
        if not await try_advisory_lock(LOCK):
            return
        row = await fetch(
            "SELECT count(*) AS n FROM (SELECT FROM search_document LIMIT $1) x", MAX_COUNTED_DOCUMENTS + 1
        )
        every, gone, which = (
            (1, GONE, "") if row[0]["n"] <= MAX_COUNTED_DOCUMENTS else (16, "SELECT", " WHERE id % 16 = 0")
        )
        sql = COUNT_WORDS.format(gone=gone, longest=MAX_WORD_CHARS, number=MAX_NUMBER_CHARS)
        await execute(sql, every, f"SELECT words FROM search_document{which}")
