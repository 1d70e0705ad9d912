"""The triggers that mark what is dirty: made from the subjects' sources, so that no domain has to think of the index.

A changed row leaves marks in `search_dirty`, in its own transaction: actions, imports and statements typed by hand
alike. A transaction marks a thing once, however often it changes it. Insertions and deletions mark a statement at a
time, as imports write many rows at once; updates a row at a time, as that costs nothing for those that do not count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from civic.db import fetch, in_transaction, retry_transaction
from civic.search.subjects import DirtySource, registered

PREFIX = "search_dirty_"
MARK = """
    INSERT INTO search_dirty AS d (root, item_id, urgent)
    {changed}SELECT DISTINCT '{root}', x.id, {urgent} FROM ({leads}) x (id) WHERE x.id IS NOT NULL
    ON CONFLICT (root, item_id, xact) DO UPDATE SET urgent = true WHERE excluded.urgent AND NOT d.urgent;"""
CHANGED = "WITH changed AS (SELECT NEW.* UNION ALL SELECT OLD.*)\n    "
FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $mark$
BEGIN{body}
    RETURN NULL;
END $mark$
"""
EXISTING = """
SELECT p.proname AS name, p.prosrc AS body, c.relname AS "table",
       obj_description(p.oid, 'pg_proc') AS comment
FROM pg_proc p LEFT JOIN pg_trigger t ON t.tgfoid = p.oid LEFT JOIN pg_class c ON c.oid = t.tgrelid
WHERE p.proname LIKE 'search\\_dirty\\_%' AND p.pronamespace = 'public'::regnamespace
"""


@dataclass(frozen=True, slots=True)
class MarkingTrigger:
    """A trigger and its function, which have the same name. `when` is the condition of a row's update."""

    table: str
    event: str
    body: str
    when: str = ""

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.table}_{self.event}"

    def function_sql(self) -> str:
        return FUNCTION.format(name=self.name, body=self.body)

    def trigger_sql(self) -> str:
        rows = {
            "insert": "REFERENCING NEW TABLE AS changed FOR EACH STATEMENT",
            "update": f"FOR EACH ROW WHEN ({self.when})",
            "delete": "REFERENCING OLD TABLE AS changed FOR EACH STATEMENT",
        }[self.event]
        return (
            f"CREATE OR REPLACE TRIGGER {self.name} AFTER {self.event.upper()} ON {self.table}"
            f" {rows} EXECUTE FUNCTION {self.name}()"
        )


def marking_triggers(sources: Iterable[DirtySource]) -> dict[str, MarkingTrigger]:
    """The triggers of some sources, by name: at most three of a table."""
    tables: dict[str, list[DirtySource]] = {}
    for source in dict.fromkeys(sources):
        tables.setdefault(source.table, []).append(source)
    made = [
        _trigger(table, event, [one for one in some if event in one.on])
        for table, some in tables.items()
        for event in ("insert", "update", "delete")
    ]
    return {one.name: one for one in made if one.body}


def _trigger(table: str, event: str, sources: Iterable[DirtySource]) -> MarkingTrigger:
    if event != "update":
        urgent = "true" if event == "delete" else "false"
        marks = [MARK.format(root=one.root, leads=one.leads, urgent=urgent, changed="") for one in sources]
        return MarkingTrigger(table, event, "".join(marks))
    body, conditions = "", []
    for one in sources:
        condition = _differs(one.columns)
        mark = MARK.format(root=one.root, leads=one.leads, urgent=one.urgent, changed=CHANGED)
        body += f"\n    IF {condition} THEN{mark}\n    END IF;"
        conditions.append(condition)
    return MarkingTrigger(table, event, body, " OR ".join(dict.fromkeys(conditions)))


def _differs(columns: Iterable[str]) -> str:
    names = [f'"{name}"' for name in columns] or ["*"]
    old, new = (", ".join(f"{row}.{name}" for name in names) for row in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})" if names != ["*"] else "OLD.* IS DISTINCT FROM NEW.*"


def expected_triggers() -> Mapping[str, MarkingTrigger]:
    """What the database should have for the registered subjects."""
    return marking_triggers(source for subject in registered() for source in subject.sources)


@retry_transaction
async def install_triggers() -> bool:
    """Make the database's triggers those of the registered subjects; whether something had to change."""
    expected = expected_triggers()
    held = {row["name"]: row for row in await fetch(EXISTING)}
    obsolete = held.keys() - expected.keys()
    new = [one for name, one in expected.items() if name not in held or not _is_installed(one, held[name])]
    if not (obsolete or new):
        return False
    async with in_transaction():
        for name in sorted(obsolete):
            await fetch(f"DROP FUNCTION {name}() CASCADE")
        for one in new:
            await fetch(one.function_sql())
            await fetch(one.trigger_sql())
            # Its text tells what the trigger was made from: PostgreSQL writes conditions in another form.
            await fetch(f"COMMENT ON FUNCTION {one.name}() IS $mark${one.trigger_sql()}$mark$")
    return True


def _is_installed(one: MarkingTrigger, row: Mapping[str, str | None]) -> bool:
    """Whether a row of EXISTING is this trigger."""
    return (
        row["table"] == one.table
        and (row["body"] or "").strip() == f"BEGIN{one.body}\n    RETURN NULL;\nEND".strip()
        and row["comment"] == one.trigger_sql()
    )
