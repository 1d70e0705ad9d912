"""What the domains above are given from those below them, which they may not import. `app.py` calls it at the start."""

from civic.posts.actions import set_visibility_hooks
from civic.ratings.actions import count_moderated_ratings
from civic.reports.moderation import update_moderated_cases


def install_hooks() -> None:
    """Tell moderation what follows for each kind of post. A program that moderates calls it once, at its start."""
    set_visibility_hooks([update_moderated_cases, count_moderated_ratings])
