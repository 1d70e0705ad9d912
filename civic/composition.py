"""What the domains above are given from those below them, which they may not import."""

from civic import database_schema, db
from civic.accounts.names import set_city_words
from civic.accounts.notices import set_notifier
from civic.catalogue.queries import read_city_words
from civic.desk import documents as cases
from civic.notifications.account_notices import notify_account
from civic.notifications.channels import register_channels
from civic.notifications.mail import MailChannel
from civic.posts.actions import set_comment_hooks, set_release_hooks, set_visibility_hooks
from civic.posts.lines import register_line_keeper
from civic.ratings import documents as ratings
from civic.ratings.actions import count_moderated_ratings, release_ratings
from civic.reports import documents as reports
from civic.reports.actions import answer_by_comment
from civic.reports.joining import release_joined
from civic.reports.moderation import HistoryLines, release_cases, update_moderated_cases
from civic.search.subjects import Subject, register
from civic.search.triggers import install_triggers
from civic.traffic import documents as traffic

SEARCH_SUBJECTS: tuple[Subject, ...] = (
    reports.SUBJECT,
    traffic.SUBJECT,
    ratings.SERVICE_SUBJECT,
    ratings.SUBJECT,
    cases.SUBJECT,
)


def install_hooks() -> None:
    """Tell the search what can be found, messages how they leave, accounts how people are told and what the city is
    called, and moderation what follows for each kind of post.

    Every program calls it once, at its start.
    """
    register(SEARCH_SUBJECTS)
    register_channels([MailChannel()])
    set_notifier(notify_account)
    set_city_words(read_city_words)
    set_visibility_hooks([update_moderated_cases, count_moderated_ratings])
    set_release_hooks([release_cases, release_joined, release_ratings])
    set_comment_hooks([answer_by_comment])
    register_line_keeper(HistoryLines())


async def migrate(url: str) -> None:
    """Bring the database to the newest migration, and its triggers to what the subjects of the search say."""
    await database_schema.migrate(url)
    async with db.connect(url, 2):
        await install_triggers()


async def migrate_if_needed(url: str) -> list[str]:
    """As `migrate`, which costs two queries where there is nothing to do; the names of the migrations applied."""
    missing = await database_schema.migrate_if_needed(url)
    async with db.connect(url, 2):
        await install_triggers()
    return missing
