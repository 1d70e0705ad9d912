"""Cuts what somebody types into phrases: words, words that stand together, and in Chinese the known parts of a run.

Chinese has no spaces: 身份证丢了怎么办 is one run. What has synonyms (身份证, 丢) is cut out of it, what only asks
(怎么办) or only ends a sentence (了) is left out, and the rest stays as it is. So sentences of everyday words find what
has the same words apart, or others for them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from civic.search.text import IS_CJK, runs

MAX_PHRASES = 16  # of a query
# What a question is made of besides what it is about; looked for only where there is nothing else.
_QUESTION_WORDS = """
a an the and or of to in on at for from with by into i im ive we my our me us you your it its this that these those
there here is are am was were be been being do does did dont doesnt didnt has have had having get gets getting got
gotten can cant could will would should may must no not need needs want wants wanting please how what where when
which who why whom whose some any just so too very if s open opening hours somebody someone anybody anyone nobody
everybody
"""
STOP_WORDS = frozenset(_QUESTION_WORDS.split())
_QUESTION_PHRASES = """
怎么办 怎么弄 怎么 怎样 如何 咋办 咋 什么时候 什么 为什么 为啥 啥 哪里 哪儿 哪 在哪里 在哪儿
在哪 去哪里 去哪儿 去哪 到哪里 到哪 多少钱 多少 几点 开门 关门 开放 上班 多久 请问 我要 我想
想要 我们 需要 可以 能不能 可不可以 有没有 没有 有人 一个 一块 一下 一直 一点
"""
STOP_PHRASES = frozenset(_QUESTION_PHRASES.split())
FIRST_PARTICLES, LAST_PARTICLES = "我你您想要去在把被给", "了吗呢吧啊呀嘛的"

LONGEST_STOP_PHRASE = max(map(len, STOP_PHRASES))

Groups = Sequence[Sequence[str]]  # of phrases that mean the same


@dataclass(frozen=True, slots=True)
class Phrase:
    """One run, or several that have synonyms together. `others`: the phrases that mean the same."""

    runs: tuple[str, ...]
    others: tuple[tuple[str, ...], ...] = ()

    @property
    def is_cjk(self) -> bool:
        return len(self.runs) == 1 and IS_CJK.match(self.runs[0]) is not None


@dataclass
class Synonyms:
    """Groups of phrases that mean the same, by phrase."""

    groups: Groups = ()
    of: Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    longest: int = 0  # runs of a phrase
    longest_run: int = 0  # characters of a phrase that is one run of Chinese

    @classmethod
    def from_groups(cls, groups: Groups) -> "Synonyms":
        of: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}
        for group in groups:
            phrases = [phrase for phrase in (tuple(runs(text)) for text in group) if phrase]
            for phrase in phrases:
                of.setdefault(phrase, {}).update(dict.fromkeys(other for other in phrases if other != phrase))
        cjk = [len(phrase[0]) for phrase in of if len(phrase) == 1 and IS_CJK.match(phrase[0])]
        given = {phrase: tuple(others) for phrase, others in of.items()}
        return cls(groups, given, max(map(len, of), default=0), max(cjk, default=0))

    def phrase(self, *words: str) -> Phrase:
        """The words as a phrase, with what means the same."""
        return Phrase(words, self.of.get(self.find(words), ()))

    def find(self, words: Sequence[str]) -> tuple[str, ...]:
        """The phrase of a group that these words are, or are the plural of; () if there is none."""
        given, one = tuple(words), (*words[:-1], words[-1].removesuffix("s"))
        return next((phrase for phrase in (given, one) if phrase in self.of), ())


def cut_phrases(text: str, synonyms: Synonyms) -> list[Phrase]:
    """The phrases that a query is about, in order; all of them where every one is a stop word."""
    tokens = list(dict.fromkeys(runs(text)))[:MAX_PHRASES]
    about = list(dict.fromkeys(_cut(tokens, synonyms)))[:MAX_PHRASES]
    return about or [synonyms.phrase(token) for token in tokens]


def _cut(tokens: Sequence[str], synonyms: Synonyms) -> Iterator[Phrase]:
    while tokens:
        lengths = range(min(synonyms.longest, len(tokens)), 0, -1)
        length = next((n for n in lengths if synonyms.find(tokens[:n])), 0)
        if length:
            yield synonyms.phrase(*tokens[:length])
        elif IS_CJK.match(tokens[0]):
            yield from _cut_run(tokens[0], synonyms)
        elif tokens[0] not in STOP_WORDS:
            yield Phrase((tokens[0],))
        tokens = tokens[length or 1 :]


def _cut_run(run: str, synonyms: Synonyms) -> Iterator[Phrase]:
    """The parts of a run of Chinese, at each place the longest that is known."""
    yield from map(synonyms.phrase, _pieces(run, synonyms))


def _pieces(run: str, synonyms: Synonyms) -> Iterator[str]:
    """What is known of a run, and what stands between that, without particles."""
    longest, rest = max(synonyms.longest_run, LONGEST_STOP_PHRASE), ""
    while run:
        lengths = range(min(len(run), longest), 0, -1)
        known = next((run[:n] for n in lengths if (run[:n],) in synonyms.of or run[:n] in STOP_PHRASES), "")
        if known:
            yield from _without_particles(rest)
            yield from [known] if known not in STOP_PHRASES else []
            rest = ""
        else:
            rest += run[0]
        run = run[len(known) or 1 :]
    yield from _without_particles(rest)


def _without_particles(piece: str) -> Iterator[str]:
    plain = piece.rstrip(LAST_PARTICLES)
    plain = plain[1:] if len(plain) > 2 and plain[0] in FIRST_PARTICLES else plain
    if plain:
        yield plain
