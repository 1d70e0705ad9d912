"""The index, and marks on what it is made of."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = (
    "search_document, search_text, search_desk_document, search_desk_text, search_word, search_mark, search_push,"
    " search_state, search_sighting, search_count"
)
TRIGGERS = {
    "search_new": "post comment report case_event assignment service",
    "search_changed": "post comment report case_file case_event assignment traffic_update rating service",
    "search_hidden": "post comment",
    "search_gone": "post comment report assignment traffic_update rating",
    "search_case_changed": "report",
    "search_case_gone": "report",
    "search_renamed": "category department area",
    "search_placed": "area",
}
FUNCTIONS = (
    "mark_new_posts, mark_new_cases, mark_post, mark_post_of, mark_case, mark_case_of, mark_service, mark_renamed,"
    " mark_placed_services"
)


def sql(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sql").read_text("utf-8")


class Migration(migrations.Migration):
    dependencies = [("civic", "0008_desk_order")]
    operations = [
        ops.RunSQL(sql("search"), reverse_sql=f"DROP TABLE {TABLES};"),
        ops.RunSQL(
            sql("search_marks"),
            reverse_sql="".join(
                f"DROP TRIGGER {trigger} ON {table};" for trigger, on in TRIGGERS.items() for table in on.split()
            )
            + f"DROP FUNCTION {FUNCTIONS};",
        ),
    ]
