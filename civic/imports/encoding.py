"""Which encoding a file has: what its first bytes or the mapping say, else UTF-8; and which it looks like."""

import codecs
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE

from charset_normalizer import from_bytes

from civic.i18n import gettext as _
from civic.imports.mapping import ImportFault

KEEP = "civic_imports_keep"  # errors=: a byte that cannot be decoded stays in the text, as a surrogate
UNDECODED = re.compile("[\udc00-\udcff]")
# UTF-32 first: its mark begins with that of UTF-16.
BYTE_ORDER_MARKS = (
    (BOM_UTF32_LE, "utf-32"),
    (BOM_UTF32_BE, "utf-32"),
    (BOM_UTF8, "utf-8-sig"),
    (BOM_UTF16_LE, "utf-16"),
    (BOM_UTF16_BE, "utf-16"),
)
GUESSED = ["gb18030", "big5", "cp949", "cp932", "euc_jp", "cp1252", "cp1250", "cp1251", "koi8_r"]
CENTRAL_EUROPEAN = {"hu", "cs", "pl", "sk", "hr", "sl", "ro", "sq"}
# Files that say gb2312 or gbk have characters that only the larger set has.
LARGER_SETS = {"gb2312": "gb18030", "gbk": "gb18030"}
SHOWN_CHARS = 60


def _keep(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(KEEP, _keep)


def find_encoding(head: bytes, said: str, language: str, name: object) -> str:
    """The encoding of a file that begins with `head` (whole lines); `said` is the mapping's, or "".

    Raises ImportFault where nothing says it and the file is not UTF-8, with the encoding that it looks like.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    if said:
        canonical = codecs.lookup(said).name
        return LARGER_SETS.get(canonical, canonical)
    if _is_utf8(head):
        return "utf-8"
    if guess := _guess(head, language):
        shown = _sample(head.decode(guess, "replace"))
        raise ImportFault(
            _(
                "%(path)s is not UTF-8. It looks like %(encoding)s (“%(sample)s”). If that reads well, write "
                'encoding = "%(encoding)s" at the top of the mapping. Nothing was imported.',
                path=name,
                encoding=guess,
                sample=shown,
            )
        )
    raise ImportFault(
        _(
            "%(path)s is not UTF-8. Write its encoding at the top of the mapping (encoding = …). Nothing was imported.",
            path=name,
        )
    )


def _is_utf8(head: bytes) -> bool:
    """Whether most of the lines that tell are; single broken lines are refused one by one."""
    if head.count(0) * 4 > len(head):
        return False
    telling = [line for line in head.splitlines() if not line.isascii()]
    wrong = sum(not _decodes(line, "utf-8") for line in telling)
    return wrong * 2 <= len(telling)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data)  # it may end within a character
    except UnicodeDecodeError:
        return False
    return True


def _guess(head: bytes, language: str) -> str:
    if head.count(0) * 4 > len(head):
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    best = from_bytes(head, cp_isolation=GUESSED).best()
    if best is None:
        return ""
    guess = str(best.encoding)
    # The two differ in few letters; without a language that needs the other, the western one is far more frequent.
    if guess == "cp1250" and language[:2] not in CENTRAL_EUROPEAN and _decodes(head, "cp1252"):
        return "cp1252"
    return guess


def _sample(text: str) -> str:
    """A part of the text that shows how its letters come out."""
    at = next((at for at, one in enumerate(text) if not one.isascii()), 0)
    return " ".join(text[max(0, at - 10) : at + SHOWN_CHARS - 10].split())
