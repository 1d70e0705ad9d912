"""`python -m tests.unused`: code that nothing in the program uses; a use by tests alone is none.

What templates, SQL, Tortoise, pydantic, Typer and Starlette use by its name is left out.
"""

import re
import sys

from vulture import Vulture

from tests.source import PACKAGES, ROOT

DECORATORS = ["@*.command*", "@*validator*", "@*serializer*", "@computed_field*"]
# Of local and module variables many are read by a library; ruff finds the local ones.
KINDS = {"function", "method", "class", "property", "import", "unreachable_code"}
KEPT = {
    "Meta": "Tortoise reads it",
    "serve": "uvicorn calls it",
    "check_history": "whoever checks a case's history calls it; its hashes are published for that",
    "follow_chain": "the same, from a receipt on",
    "verify_inclusion": "the same, in a release",
    **dict.fromkeys(("visit_Call", "visit_TemplateData"), "jinja2 calls it"),
    "create_pool": "Tortoise calls it",
    "template_exists": "a test asks whether every kind of message has a text",
    **dict.fromkeys(("negation", "not_operator", "TEXT", "NUMBER", "TRUE", "FALSE", "truth"), "the grammar calls it"),
    **dict.fromkeys(
        (
            "RateCount",
            "ServiceStars",
            "CalendarInterval",
            "Vote",
            "VisibilityChange",
            "Doubt",
            "KeptForm",
            "SentForm",
            "Asset",
        ),
        "a table that SQL reads and writes",
    ),
}


def words_of_templates() -> set[str]:
    files = [path for path in (ROOT / "templates").rglob("*.*") if path.is_file()]
    return {word for path in files for word in re.findall(r"\w+", path.read_text("utf-8"))}


def unused() -> list[str]:
    """Each as "path:line kind name"."""
    finder = Vulture(ignore_decorators=DECORATORS)
    finder.scavenge([str(ROOT / name) for name in PACKAGES])
    known = words_of_templates() | KEPT.keys()
    return [
        f"{item.filename}:{item.first_lineno} unused {item.typ} {item.name}"
        for item in finder.get_unused_code(min_confidence=60)
        if item.typ in KINDS and item.name not in known
    ]


if __name__ == "__main__":
    found = unused()
    sys.stdout.writelines(f"{line}\n" for line in found)
    sys.exit(bool(found))
